"""What the linter sees in place of dbt's adapter: a dispatched macro reads as a function call."""

from __future__ import annotations

from collections.abc import Callable


def dispatch(name: str) -> Callable[..., str]:
    """The macro of this name, as a function that renders a call with its first argument."""
    words = {
        "inlined": "not materialized",
        "union_all_by_name": "union all by name",
        "with_recursion": "with recursive",
    }

    def render(*arguments: object) -> str:
        if name in ("converging_newton_steps", "written_out_newton_steps"):
            # Of the steps, the linter sees the last CTE.
            return f"fitted as (select * from {arguments[0]})"
        return f"{name}({arguments[0]})" if arguments else words.get(name, name)

    return render
