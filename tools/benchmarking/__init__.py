"""The benchmark's parts: measuring in child processes, the sections, the results and the page."""
