"""The demo: build if needed, ask about a list of voters, explain a segment and a trigger, report.

`make demo` makes the sample in `data/` and then runs this. It only calls the runner,
`scripts/segment.py`, and shows what a terminal of this width would show. Whole answers go to the
folder `demo` beside the published database. Run it again to ask again; it builds again only if the
database is missing, or older than the code or the extracts.

The list is planted: people who came to a meeting about the environment, most of whom share the
taste behind that topic (`truth/meeting_list.parquet`). So the demo can say what should be found.
"""

from __future__ import annotations

import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import termios
import textwrap
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import duckdb

from enrichment.database import Database, Query
from enrichment.errors import DatabaseError, RunnerError
from enrichment.paths import PROJECT, data_folder, database_file

RUNNER = PROJECT / "scripts" / "segment.py"
SEGMENT = "quiet_givers"
TRIGGER = "finish_form"
SVIDS = 400  # of a list from extracts that have no planted one
WIDTH = shutil.get_terminal_size((80, 24)).columns
_STYLE = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Question:
    """A question to the runner: what it is about, its arguments, and how much of it to print.

    ``file`` gets the whole answer, with the arguments ``whole``. Printing begins at the table
    ``first``, and each table gets ``rows`` rows. It is about the list, or about ``segment``.
    """

    title: str
    arguments: str
    rows: int
    file: str = ""
    whole: str = ""
    first: str = ""
    remark: str = ""
    segment: str = ""


QUESTIONS = (
    Question(
        "Who are they, and how do they differ from the voter file?",
        "analyze --include demographics --deviation-threshold 0.05",
        12,
        "analysis.xlsx",
        "analyze",
        remark="Planted: they share a taste. Age and party follow from it, county does not.",
    ),
    Question(
        "Whose mail do they like?",
        "affinity --top 6",
        6,
        "affinity.csv",
        "affinity",
        remark="{clients}",
    ),
    Question(
        "Whom should we ask for a gift first?",
        "propensity --threshold 0.5",
        6,
        "propensity.csv",
        "propensity",
    ),
    Question(
        "Who may go quiet soon?",
        "analyze --include lifecycle",
        5,
        first="likeliest to go quiet",
    ),
    Question(
        "How healthy was mailing a larger group, the repeat givers?",
        "health --weeks 8",
        8,
        "health.csv",
        "health",
        segment="repeat_givers",
    ),
    Question(
        "Who else is like them?",
        "lookalike --expansion-size 100",
        4,
        "lookalike.csv",
        "lookalike --expansion-size 100",
        remark="{alike}",
    ),
    Question(
        "Which campaigns brought their gifts?",
        "attribution --model linear --allow-small-cells",
        5,
        "attribution.csv",
        "attribution",
        remark="The line without a campaign: gifts that followed no click within 30 days. Groups "
        "of fewer than 11 people are shown because all of these people are made up.",
    ),
)


def shown(path: Path) -> str:
    """A path as a person would type it: relative if it is below the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def say(text: str) -> None:
    """Prints a paragraph, in lines that fit the terminal."""
    print("\n".join(textwrap.wrap(text, min(WIDTH, 100), break_long_words=False)), flush=True)


def title(text: str) -> None:
    """Prints a heading."""
    bold = ("\x1b[1m", "\x1b[0m") if sys.stdout.isatty() else ("", "")
    print(f"\n{bold[0]}{text}{bold[1]}", flush=True)


def command(arguments: Sequence[str]) -> None:
    """Prints the call of the runner as a person would type it."""
    lines = ["$"]
    for word in (shown(Path(sys.executable)), shown(RUNNER), *map(shlex.quote, arguments)):
        if len(lines[-1]) + len(word) + 3 > WIDTH:
            lines.append("   ")
        lines[-1] += f" {word}"
    print(" \\\n".join(lines), flush=True)


def is_current() -> bool:
    """Whether the published database exists, was built by this code, and is newer than the data."""
    try:
        with Database() as database:
            made_at = database.file.stat().st_mtime
    except DatabaseError:
        return False
    return all(file.stat().st_mtime <= made_at for file in data_folder().glob("*/*.parquet"))


def planted(name: str) -> Path | None:
    """A file of the truth about the sample; None if the extracts are no sample."""
    file = data_folder() / "truth" / f"{name}.parquet"
    return file if file.is_file() else None


def write_list(file: Path) -> int:
    """Writes the voter ids of the list, with their states, and returns how many they are."""
    truth = planted("meeting_list")
    if truth is not None:
        svids = duckdb.execute("select svid from read_parquet(?)", [str(truth)]).fetchall()
    else:
        with Database() as database:
            profiles = database.mart("enriched_profiles").sql
            svids = database.all_rows(
                Query(
                    f"select state || ':' || svid from ({profiles}) where link_status = ? "
                    "order by md5(svid), state, svid limit ?",
                    ("with_behavior", SVIDS),
                )
            )
    file.touch(mode=0o600)
    file.write_text("\n".join(["svid", *(svid for (svid,) in svids)]) + "\n")
    return len(svids)


def ask(arguments: Sequence[str], *, on_screen: bool = False) -> tuple[str, str]:
    """What the runner prints, and its notes. If it fails, its messages end the demo.

    With ``on_screen`` it prints to a terminal of this width, as for a person.
    """
    call = [sys.executable, str(RUNNER), *arguments]
    if not on_screen:
        done = subprocess.run(call, capture_output=True, encoding="utf-8", check=False)
        if done.returncode != 0:
            sys.stderr.write(done.stderr)
            sys.exit(done.returncode)
        return done.stdout, done.stderr
    parent, child = pty.openpty()
    termios.tcsetwinsize(child, (50, WIDTH))
    environment = {**os.environ, "COLUMNS": str(WIDTH), "PYTHONIOENCODING": "utf-8"}
    with (
        tempfile.TemporaryFile() as notes,
        subprocess.Popen(call, stdout=child, stderr=notes, env=environment) as process,
    ):
        os.close(child)
        answer = b""
        try:
            while part := os.read(parent, 65_536):
                answer += part
        except OSError:
            pass  # The other end of a terminal is closed: Linux says so with an error.
        os.close(parent)
        code = process.wait()
        notes.seek(0)
        said = notes.read().decode()
    if code != 0:
        sys.stderr.write(said)
        sys.exit(code)
    text = answer.decode().replace("\r\n", "\n")
    return (text if sys.stdout.isatty() else _STYLE.sub("", text)), said


def shortened(text: str, rows: int, first: str) -> str:
    """The tables of an answer from ``first`` on, each with ``rows`` rows at most."""
    lines: list[str] = []
    count, is_in_body, is_cut, is_begun = 0, False, False, not first
    for line in text.splitlines():
        plain = _STYLE.sub("", line)
        is_begun = is_begun or plain.strip() == first
        if not is_begun:
            continue
        if plain.startswith(("┡", "└")):
            if is_cut:
                lines.append("  …")
            is_in_body, is_cut, count = plain.startswith("┡"), False, 0
        elif is_in_body:
            # A further line of the same row has nothing in its first cell.
            count += plain[1:].partition("│")[0].strip() != "" or count == 0
            is_cut = is_cut or count > rows
            if is_cut:
                continue
        lines.append(line.rstrip())
    return "\n".join(lines)


def show(question: Question, svids: Path, folder: Path, pool: ThreadPoolExecutor) -> None:
    """Asks, and prints the beginning of the answer; the whole answer goes to its file."""
    title(question.title)
    of_list = ["--segment", question.segment] if question.segment else ["--svids", shown(svids)]
    command([*question.arguments.split(), *of_list])
    whole: Future[tuple[str, str]] | None = None
    if question.file:
        out = ["--out", str(folder / question.file)]
        whole = pool.submit(ask, [*question.whole.split(), *of_list, *out])
    answer, notes = ask([*question.arguments.split(), *of_list], on_screen=True)
    print(shortened(answer, question.rows, question.first))
    for note in notes.splitlines():
        say(note.removeprefix("segment.py: ").replace(" (--allow-small-cells shows them)", "."))
    if question.remark:
        say(question.remark.format_map(_Found(folder, whole)))
    if whole is not None:
        whole.result()
        print(f"The whole answer: {shown(folder / question.file)}", flush=True)


class _Found(dict[str, str]):
    """The planted and the found, worked out when a remark names it."""

    def __init__(self, folder: Path, whole: Future[tuple[str, str]] | None) -> None:
        super().__init__()
        self._folder = folder
        self._whole = whole

    def __missing__(self, name: str) -> str:
        people, clients = planted("persons"), planted("clients")
        meeting = planted("meeting_list")
        if self._whole is None or people is None or clients is None or meeting is None:
            return ""
        self._whole.result()
        taste = (
            f"(select any_value(taste_cluster) from '{people}' "
            f"semi join (from '{meeting}' where shares_taste) using (person_id))"
        )
        if name == "clients":
            ((found, best, every, all_clients),) = duckdb.execute(
                f"with best as (select client_shortname from '{self._folder / 'affinity.csv'}' "
                f"where affinity_rank <= 6) select count(*) filter (where clients."
                f"client_shortname in (from best)), (select count(*) from best), "
                f"count(*), (select count(*) from '{clients}') "
                f"from '{clients}' as clients where taste_cluster = {taste}"
            ).fetchall()
            return (
                f"Planted: {every} of {all_clients} clients write to this taste; "
                f"{found} of these {best} are theirs."
            )
        ((found, asked, share),) = duckdb.execute(
            f"select count(*) filter (where taste_cluster = {taste}), count(*), "
            f"(select avg(cast(taste_cluster = {taste} as integer)) from '{people}' anti join "
            f"'{meeting}' using (person_id)) from '{people}' semi join (select person_id "
            f"from '{self._folder / 'lookalike.csv'}') using (person_id)"
        ).fetchall()
        return (
            f"Planted: {found} of these {asked} share the taste that the list was made from; "
            f"{asked * share:.0f} would by chance."
        )


def show_segment(folder: Path) -> None:
    """Prints what a segment of the folder `definitions` means, and why some people are in it."""
    title("Who is in a segment, and why?")
    explain = ["definitions", "explain", SEGMENT]
    command(explain)
    for line in ask(explain)[0].splitlines():
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        print("\n".join(textwrap.wrap(line, WIDTH, subsequent_indent=indent) or [""]))
    with Database() as database:
        ((count, share),) = database.all_rows(
            Query(
                "select people, share_of_file "
                f"from {database.relation('marts', 'segment_overview')} where segment = ?",
                (SEGMENT,),
            )
        )
        members = database.all_rows(
            Query(
                "select state || ':' || svid, why "
                f"from {database.relation('marts', 'segment_members')} where segment = ? "
                "order by md5(svid), state, svid limit 3",
                (SEGMENT,),
            )
        )
    print()
    say(f"{count:,} people, {share:.1%} of the voter file. Three of them:")
    for svid, why in members:
        print(textwrap.fill(f"  {svid}  {why}", WIDTH, subsequent_indent="      "))
    whole = folder / f"{SEGMENT}.xlsx"
    call = ["propensity", "--segment", SEGMENT, "--out", shown(whole)]
    command(call)
    ask(call)
    print(f"The likely givers among them: {shown(whole)}", flush=True)


def show_trigger(name: str) -> None:
    """Prints what a trigger proposes, what it holds back and why, and what it does."""
    title(f"What does the trigger {name} propose, and does it help?")
    with Database() as database:
        counts = database.all_rows(
            Query(
                "select decision, coalesce(reason, ''), count(*) "
                f"from {database.relation('marts', 'trigger_executions')} "
                'where "trigger" = ? group by all order by 1, 3 desc, 2',
                (name,),
            )
        )
        effects = database.all_rows(
            Query(
                "select goal_treated, treated, goal_held_out, held_out, verdict, difference, "
                f"ci_low, ci_high from {database.relation('marts', 'trigger_effects')} "
                'where "trigger" = ?',
                (name,),
            )
        )
    for decision, reason, count in counts:
        print(f"  {count:>6,}  {decision.replace('_', ' ')}{f' ({reason})' if reason else ''}")
    for goal, treated, goal_held_out, held_out, verdict, *interval in effects:
        text = (
            f"{goal:,} of {treated:,} who were reminded reached the goal ({goal / treated:.0%}), "
            f"and {goal_held_out:,} of {held_out:,} who were held out "
            f"({goal_held_out / held_out:.0%}): {verdict}"
            if treated and held_out
            else f"Nothing to compare yet: {verdict}"
        )
        if interval[0] is not None:
            difference, low, high = (100 * value for value in interval)
            text += f", {difference:+.1f} points (95 %: {low:+.1f} to {high:+.1f})"
        say(f"{text}. Planted: the reminder more than doubles the share.")
    print("The next list of messages (this writes the ledger, so the demo only names it):")
    command(["hand-over", "--channel", "email"])


def show_report(svids: Path, folder: Path) -> Path | None:
    """Writes the report page and returns it; None, and a line that says how, if it cannot."""
    title("One page to forward or print")
    page = folder / "report.html"
    call = ["report", "--svids", shown(svids), "--title", "Meeting list", "--out", shown(page)]
    command(call)
    call = [sys.executable, str(RUNNER), *call]
    done = subprocess.run(call, capture_output=True, encoding="utf-8", check=False)
    if done.returncode == 0:
        return page
    say(done.stderr.removeprefix("segment.py: "))
    return None


def main() -> None:
    """Builds if needed, asks, and lists the files."""
    folder = database_file().parent / "demo"
    if is_current():
        say(f"Step 2 of 3: {shown(database_file())} is up to date, nothing to build")
    else:
        say("Step 2 of 3: build and test every table (1 to 2 minutes, 0.6 GB of memory)")
        command(["build"])
        call = [sys.executable, str(RUNNER), "build"]
        code = subprocess.run(call, stdout=subprocess.DEVNULL, check=False).returncode
        if code != 0:
            sys.exit(code)
    folder.mkdir(exist_ok=True)
    svids = database_file().with_name("demo_svids.csv")
    size = write_list(svids)
    print()
    say(f"Step 3 of 3: ten questions about a list of {size:,} people, {shown(svids)} (20 seconds)")
    if planted("meeting_list"):
        say("They signed a sheet at a meeting about the environment. All of them are made up.")
    with ThreadPoolExecutor(1) as pool:
        for question in QUESTIONS:
            show(question, svids, folder, pool)
    show_segment(folder)
    show_trigger(TRIGGER)
    page = show_report(svids, folder)
    title("What is left behind")
    if page is not None:
        print(f"  Report    {page.as_uri()}")
    print(
        f"  Database  {shown(database_file())}  (README: Connect a BI tool)\n"
        f"  List      {shown(svids)}\n"
        f"  Answers   {shown(folder)}/\n"
        f"  Extracts  {shown(data_folder())}/\n"
        "  Next      `make docs`: the docs site; `make test`: every check; `make clean`"
    )


if __name__ == "__main__":
    try:
        main()
    except RunnerError as error:
        print(f"demo.py: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
