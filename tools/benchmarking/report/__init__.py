"""Reports about results: goals, tables, plots and the page; all from the JSON alone."""
