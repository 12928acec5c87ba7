"""The examples in the help of each command. A test runs them on the database of the sample."""

from __future__ import annotations

from collections.abc import Mapping

RUNNER = "python scripts/segment.py"
LIST = "warehouse/demo_svids.csv"
"""The list of ids that `make demo` writes."""

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "": (
        f"analyze --svids {LIST}",
        "propensity --segment quiet_givers --out warehouse/demo/quiet_givers.xlsx",
        "export --list",
    ),
    "build": (
        "build",
        "build --as-of 2026-06-30 --full-refresh",
        "--json-log build",
    ),
    "analyze": (
        f"analyze --svids {LIST}",
        f"analyze --svids {LIST} --include lifecycle,timing",
        "analyze --segment warm_never_gave --out warehouse/demo/warm_never_gave.xlsx",
    ),
    "propensity": (
        f"propensity --svids {LIST} --threshold 0.5",
        "propensity --segment quiet_givers --model gift --out warehouse/demo/likely.csv",
    ),
    "lookalike": (
        f"lookalike --svids {LIST} --expansion-size 200 --min-similarity 0.3",
        f"lookalike --svids {LIST} --check --out warehouse/demo/alike.parquet",
    ),
    "affinity": (
        f"affinity --svids {LIST} --top 10",
        f"affinity --svids {LIST} --out warehouse/demo/affinity.json",
    ),
    "health": (
        f"health --svids {LIST} --weeks 10",
        f"health --svids {LIST} --out warehouse/demo/health.xlsx",
    ),
    "attribution": (
        f"attribution --svids {LIST} --model linear",
        f"attribution --svids {LIST} --format json",
    ),
    "history": ("history", "history --format json"),
    "rollback": ("rollback",),
    "audit": ("audit", "audit --out warehouse/demo/calls.csv"),
    "definitions": (
        "definitions check",
        "definitions explain quiet_givers",
        "definitions schema",
    ),
    "export": (
        "export --list",
        "export client_affinity --out warehouse/demo/client_affinity.parquet",
        "export score_evaluation --format json",
    ),
    "hand-over": (
        "hand-over --channel email",
        "hand-over --channel email --resume --out warehouse/demo/again",
    ),
    "report": (
        f"report --svids {LIST} --out warehouse/demo/report.html",
        "report --segment repeat_givers --title 'Repeat givers' --out warehouse/demo/givers.html",
    ),
    "serve": ("serve", "serve --port 0"),
    "prove-erased": ("prove-erased", "prove-erased --out warehouse/demo/proof.csv"),
}
"""Arguments by command; those of no command are about all of them."""


def epilog(command: str) -> str:
    """The end of a command's help. The mark keeps its lines."""
    lines = [f"  {RUNNER} {example}" for example in EXAMPLES[command]]
    return "\n".join(["\b", "Examples:", *lines])
