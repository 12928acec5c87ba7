"""What is measured: a module a section, each with `measure` and the jobs of its children."""
