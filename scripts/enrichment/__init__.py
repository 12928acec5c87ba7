"""The runner's parts: where things are, id lists, building, questions and files."""
