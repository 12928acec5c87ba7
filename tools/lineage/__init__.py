"""Column lineage: from each column of a model back to the delivered columns it is computed from."""
