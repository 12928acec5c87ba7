"""The report page, the live pages and the HTTP API: other doors to the runner's answers."""
