"""What the linter sees in place of the start of a dbt run."""


def strftime(form: str) -> str:
    """A fixed day, whatever the form."""
    return "2026-01-01"
