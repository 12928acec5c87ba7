"""What the linter sees in place of dbt's `modules`."""

import re

__all__ = ["re"]
