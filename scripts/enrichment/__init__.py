"""The runner's modules: paths, id lists, builds, questions and output files."""
