"""Make a sample of all extracts, with the truth about it: `python scripts/make_sample_data.py`.

`--scale 1.0` makes as many rows as the full extracts hold (see `sample_data.world.FULL`); a
hundredth of that is enough for a demo. The same arguments give the same bytes.
`<out>/manifest.json` holds the SHA-256 of each file. `<out>/truth/` lists what was planted; it is
not an extract.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from enrichment.hashing import file_hashes
from sample_data import channels, programs, requests
from sample_data.build import STAGE, build
from sample_data.world import FULL, SHAPES

VERSION = 4  # raise it when the same arguments give other rows
TABLES = [
    *FULL, "custom_field", *channels.TABLES, *requests.TABLES, *programs.EXTRACTS
]  # fmt: skip
WITH_LEDGER = True  # whether the extracts of `programs.EXTRACTS` are written
MANIFEST = "manifest.json"
STAMP = Path("truth") / "made_with.json"


class RefusedError(Exception):
    """A request that is refused; the message is one line."""


def _prepare(out: Path, arguments: dict[str, object], overwrite: bool) -> bool:
    """Prepare `out`; False if it already holds these very extracts.

    Deletes only what an earlier run made, which the stamp or the stage shows.
    """
    if out.exists() and not out.is_dir():
        raise RefusedError(f"--out {out} is a file; give a folder")
    stamp = out / STAMP
    begun = out / STAGE
    present = [table for table in [*TABLES, "truth"] if (out / table).exists()]
    if stamp.is_file() and not begun.exists():
        made_with = json.loads(stamp.read_text()).get("arguments")
        if made_with == arguments and not overwrite:
            return False
        if not overwrite:
            raise RefusedError(f"{out} holds a sample made with {made_with}; give --overwrite")
    elif present and not begun.exists():
        raise RefusedError(
            f"{out} holds {', '.join(present)}, not made by this script; give another --out"
        )
    try:
        begun.mkdir(parents=True, exist_ok=True)
        (out / MANIFEST).unlink(missing_ok=True)
        for table in present:
            shutil.rmtree(out / table)
    except OSError as error:
        raise RefusedError(f"--out {out} is not writable: {error.strerror}") from None
    if not os.access(out, os.W_OK):
        raise RefusedError(f"--out {out} is not writable")
    return True


def make(
    scale: float,
    seed: int,
    out: Path,
    voters: int | None = None,
    *,
    shape: str = "usual",
    overwrite: bool = False,
    corner_cases: bool = False,
    quiet: bool = False,
) -> None:
    """Write made-up extracts, and the truth about them, to `out`. Raises `RefusedError`."""
    if not 0 < scale <= 10:
        raise RefusedError(f"--scale {scale} is out of range; give a number above 0 and at most 10")
    if not 0 <= seed < 2**31:
        raise RefusedError(f"--seed {seed} is out of range; give a number from 0 to {2**31 - 1}")
    if voters is not None and not 1 <= voters <= 2_000_000:
        raise RefusedError(f"--voters {voters} is out of range; give a number from 1 to 2000000")
    if shape not in SHAPES:
        raise RefusedError(f"--shape {shape} is not known; give {' or '.join(SHAPES)}")
    arguments: dict[str, object] = {
        "scale": scale,
        "seed": seed,
        "voters": voters,
        "shape": shape,
        "corner_cases": corner_cases,
        "ledger": WITH_LEDGER,
        "version": VERSION,
        "duckdb": duckdb.__version__,
    }
    if not _prepare(out, arguments, overwrite):
        print(f"{out} already holds this sample; nothing to do", file=sys.stderr)
        return
    began = time.monotonic()

    def log(line: str) -> None:
        if not quiet:
            print(f"{time.monotonic() - began:6.1f} s  {line}", file=sys.stderr, flush=True)

    rows = build(
        out, scale, seed, voters, log, shape=shape, corner_cases=corner_cases, ledger=WITH_LEDGER
    )
    stamp = {"arguments": arguments, "rows": dict(sorted(rows.items()))}
    (out / STAMP).write_text(json.dumps(stamp, indent=2, sort_keys=True) + "\n")
    files = [
        file
        for table in TABLES
        for kind in ("*.csv", "*.parquet")
        for file in sorted((out / table).glob(kind))
    ]
    hashes = dict(zip(files, file_hashes([str(file) for file in files]), strict=True))
    listed = {f"{file.parent.name}/{file.name}": sha256 for file, sha256 in hashes.items()}
    (out / MANIFEST).write_text(json.dumps({"files": listed}, indent=2) + "\n")
    shutil.rmtree(out / STAGE)
    log(f"done: {out}")


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def make_sample_data(
    scale: Annotated[float, typer.Option(help="1.0 is the full size; at most 10.")] = 0.02,
    seed: Annotated[int, typer.Option(help="Another seed makes another world.")] = 7,
    out: Annotated[Path, typer.Option(help="The folder of the extracts.")] = Path("data"),
    voters: Annotated[
        int | None, typer.Option(help="The number of persons, independent of the scale.")
    ] = None,
    shape: Annotated[
        str, typer.Option(help="usual, or clicky: many clicks and 100 gifts a donor.")
    ] = "usual",
    corner_cases: Annotated[
        bool,
        typer.Option("--corner-cases", help="Add the hand-made people of the tests."),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print no progress.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a sample that this script made before.")
    ] = False,
) -> None:
    """Write made-up extracts, and the truth about them."""
    make(
        scale,
        seed,
        out,
        voters,
        shape=shape,
        overwrite=overwrite,
        corner_cases=corner_cases,
        quiet=quiet,
    )


def main() -> int:
    """Runs the command line; any mistake is one line and exit code 2."""
    try:
        app(standalone_mode=False)
    except RefusedError as refusal:
        message = str(refusal)
    except typer.TyperException as error:
        message = " ".join(error.format_message().split())
    else:
        return 0
    print(f"error: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
