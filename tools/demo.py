"""The demo: build if needed, ask seven questions about 1,000 voters, explain a segment.

`make demo` makes the sample in `data/` and then runs this. It only calls the runner,
`scripts/segment.py`. Each whole answer is written to the folder `demo` beside the published
database, and its first lines are printed. Run it again to ask again; it builds again only if the
database is missing, or older than the code or the extracts.
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
SEGMENT = "quiet_givers"
# Title, file of the whole answer, command, options that shorten it on the screen, and most lines
# to print.
QUESTIONS: tuple[tuple[str, str, list[str], list[str], int], ...] = (
    (
        "Who are they, and how do they differ from the file?",
        "analyze.json",
        ["analyze"],
        ["--include", "demographics,donations"],
        60,
    ),
    ("Whose mail do they react to?", "affinity.csv", ["affinity"], ["--top", "10"], 20),
    ("Who is most likely to give?", "propensity.csv", ["propensity", "--threshold", "0.5"], [], 14),
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
    # A campaign moves few of 1,000 people. They are made up, so small groups may be shown.
    (
        "Which campaigns moved them to give?",
        "attribution.csv",
        ["attribution", "--model", "linear", "--allow-small-cells"],
        [],
        14,
    ),
)


def shown(path: Path) -> str:
    """A path as a person would type it: relative if it is below the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def is_current() -> bool:
    """Whether the published database exists, was built by this code, and is newer than the data."""
    try:
        with Database() as database:
            made_at = database.file.stat().st_mtime
    except DatabaseError:
        return False
    return all(file.stat().st_mtime <= made_at for file in data_folder().glob("*/*.parquet"))


def write_svids(file: Path) -> None:
    """Writes the first voter ids by county, with their states, under the header `svid`."""
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
    """What the runner prints. If it fails, its messages are printed and the demo ends.

    Without ``with_notes``, notes beside the answer are printed only if it fails.
    """
    command = [sys.executable, str(RUNNER), *arguments]
    notes = None if with_notes else subprocess.PIPE
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=notes, encoding="utf-8")
    if done.returncode != 0:
        sys.stderr.write(done.stderr or "")
        sys.exit(done.returncode)
    return done.stdout


def show(table: str, limit: int, whole: Path) -> None:
    """Prints the first lines of a table, cut at the width of the terminal."""
    width = shutil.get_terminal_size((120, 24)).columns
    lines = [line.rstrip() for line in table.splitlines()]
    for line in lines[:limit]:
        print(line if len(line) <= width else f"{line[: width - 1]}…")
    if len(lines) > limit:
        print("…")
    print(f"The whole answer: {shown(whole)}\n", flush=True)


def show_segment(python: str, folder: Path) -> None:
    """Prints what a segment of the folder `definitions` means, and why some people are in it."""
    explain = ["definitions", "explain", SEGMENT]
    print(f"Who is in a segment, and why?\n$ {python} {shown(RUNNER)} {' '.join(explain)}")
    print(ask(explain))
    with Database() as database:
        members = database.mart("segment_members").sql
        _, rows = database.rows(
            Query(
                f"select state || ':' || svid, why from ({members}) where segment = ? "
                "order by state, svid limit 4",
                (SEGMENT,),
            )
        )
        for svid, why in rows:
            print(f"{svid}: {why}")
    whole = folder / "segment.csv"
    ask(["propensity", "--segment", SEGMENT, "--out", str(whole)], with_notes=False)
    print(f"The likely givers among them: {shown(whole)}\n", flush=True)


def main() -> None:
    """Builds if needed, asks, and lists the files."""
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
        # Notes on hidden rows appear once, beside the printed answers.
        ask([*question, "--svids", str(svids), "--out", str(whole)], with_notes=False)
        call = " ".join([*question, *shorter, "--svids", shown(svids)])
        print(f"{title}\n$ {python} {shown(RUNNER)} {call}", flush=True)
        table = ask([*question, *shorter, "--svids", str(svids), "--format", "table"])
        show(table, limit, whole)

    show_segment(python, folder)
    print(
        f"Database  {shown(database_file())} (open it read-only; README, Connect a BI tool)\n"
        f"Segment   {shown(svids)}\n"
        f"Answers   {shown(folder)}\n"
        f"Extracts  {shown(data_folder())}\n"
        "Next      `make docs` for the docs site, `make test` for every check"
    )


if __name__ == "__main__":
    try:
        main()
    except RunnerError as error:
        print(f"demo.py: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
