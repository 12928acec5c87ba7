"""The demo: builds when it must, asks seven questions about 1,000 voters, and says where all is.

`make demo` runs it once the sample is in `data/`. It only calls the runner, `scripts/segment.py`:
each answer is written whole to the folder `demo` beside the published database, and its first
lines are shown. Running it again asks again; it builds again only if the database is missing, or
older than the code or the extracts.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from enrichment.database import Database, Query
from enrichment.errors import DatabaseError, RunnerError
from enrichment.paths import PROJECT, data_folder, database_file

RUNNER = PROJECT / "scripts" / "segment.py"
SVIDS = 1_000
# Title; file of the whole answer; the question; what shortens it on the screen; and the most lines
# shown.
QUESTIONS: tuple[tuple[str, str, list[str], list[str], int], ...] = (
    (
        "Who are they, and how do they differ from the file?",
        "analyze.json",
        ["analyze"],
        ["--include", "demographics,donations"],
        60,
    ),
    ("Whose mail do they react to?", "affinity.csv", ["affinity"], ["--top", "10"], 20),
    ("Who is likeliest to give?", "propensity.csv", ["propensity", "--threshold", "0.5"], [], 14),
    (
        "Who is about to go quiet, and when do they read?",
        "lifecycle.json",
        ["analyze", "--include", "lifecycle,timing"],
        [],
        70,
    ),
    (
        "How healthy was mailing them, week by week?",
        "health.csv",
        ["health"],
        ["--weeks", "10"],
        20,
    ),
    (
        "Who else is like them?",
        "lookalike.csv",
        ["lookalike", "--expansion-size", "10"],
        [],
        20,
    ),
    # A campaign moves few of a thousand people, and these are made up.
    (
        "Which campaigns moved them to give?",
        "attribution.csv",
        ["attribution", "--model", "linear", "--allow-small-cells"],
        [],
        14,
    ),
)


def shown(path: Path) -> str:
    """A path as a person would type it: relative to the working directory if it is below."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def is_current() -> bool:
    """Whether the published database is there, made by this code, and newer than the extracts."""
    try:
        with Database() as database:
            made_at = database.file.stat().st_mtime
    except DatabaseError:
        return False
    return all(file.stat().st_mtime <= made_at for file in data_folder().glob("*/*.parquet"))


def write_svids(file: Path) -> None:
    """Writes voter ids with their states under the header `svid`: the first of them by county."""
    with Database() as database:
        profiles = database.mart("enriched_profiles").sql
        _, rows = database.rows(
            Query(
                f"select state || ':' || svid from ({profiles}) "
                "order by county nulls last, state, svid limit ?",
                (SVIDS,),
            )
        )
        file.touch(mode=0o600)
        file.write_text("\n".join(["svid", *(svid for (svid,) in rows)]) + "\n")


def ask(arguments: list[str], *, with_notes: bool = True) -> str:
    """What the runner prints; its errors go to standard error, and end the demo.

    Without ``with_notes`` what it says beside the answer is told only where it fails.
    """
    command = [sys.executable, str(RUNNER), *arguments]
    told = None if with_notes else subprocess.PIPE
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=told, encoding="utf-8")
    if done.returncode != 0:
        sys.stderr.write(done.stderr or "")
        sys.exit(done.returncode)
    return done.stdout


def show(table: str, limit: int, whole: Path) -> None:
    """Prints the first lines of a table, as much of each as the terminal has room for."""
    width = shutil.get_terminal_size((120, 24)).columns
    lines = [line.rstrip() for line in table.splitlines()]
    for line in lines[:limit]:
        print(line if len(line) <= width else f"{line[: width - 1]}…")
    if len(lines) > limit:
        print("…")
    print(f"The whole answer: {shown(whole)}\n", flush=True)


def main() -> None:
    """Builds if needed, asks, and tells where the files are."""
    python = shown(Path(sys.executable))
    if is_current():
        print(f"{shown(database_file())} is up to date.\n")
    else:
        print(f"$ {python} {shown(RUNNER)} build", flush=True)
        ask(["build"])

    folder = database_file().parent / "demo"
    folder.mkdir(exist_ok=True)
    svids = database_file().with_name("demo_svids.csv")
    write_svids(svids)

    for title, file, question, shorter, limit in QUESTIONS:
        whole = folder / file
        # What is hidden is told once, beside the calls that are shown.
        ask([*question, "--svids", str(svids), "--out", str(whole)], with_notes=False)
        call = " ".join([*question, *shorter, "--svids", shown(svids)])
        print(f"{title}\n$ {python} {shown(RUNNER)} {call}", flush=True)
        table = ask([*question, *shorter, "--svids", str(svids), "--format", "table"])
        show(table, limit, whole)

    print(
        f"Database  {shown(database_file())} (open it read-only: README, Connect a BI tool)\n"
        f"Segment   {shown(svids)}\n"
        f"Answers   {shown(folder)}\n"
        f"Extracts  {shown(data_folder())}\n"
        "Next      `make docs` for the lineage site, `make test` for every check"
    )


if __name__ == "__main__":
    try:
        main()
    except RunnerError as error:
        print(f"demo.py: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
