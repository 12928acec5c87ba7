"""The sections: one module each, with `measure` and the jobs of its children."""
