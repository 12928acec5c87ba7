"""The runner: builds and publishes the database, asks it about segments, and writes files.

Thin on purpose: every definition is a dbt model or a table function of the schema ``segments``.
Data goes to standard output, everything else to standard error. Exit codes: 0 done; 2 bad
arguments or input; 3 the database is missing, damaged or older than the code; 4 the build failed;
130 interrupted; 1 anything else.
"""

from __future__ import annotations

import datetime
import os
import re
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType, TracebackType
from typing import Annotated, Any

from setproctitle import setproctitle

if __name__ == "__main__":
    # Before anything that takes time: until then the process list shows --svid and its ids.
    setproctitle("segment.py")

sys.path.insert(0, str(Path(__file__).resolve().parent))

import typer

from enrichment import ids, output, questions
from enrichment.errors import BuildError, InputError, RunnerError, shown

INCLUDES = ("demographics", "engagement", "donations", "client_affinity")
IDENTITY = ("requested_svid", "state", "svid", "link_status")
# Columns of segment_profile by include word; every other column is always in.
DEMOGRAPHICS = ("county", "party", "gender", "age_band")
ENGAGEMENT = (
    "campaigns_engaged",
    "clients_engaged",
    "total_events",
    "total_sends",
    "total_opens",
    "total_clicks",
    "is_clicker",
    "last_engagement_date",
)
DONATIONS = ("is_donor", "donation_count", "donation_amount", "last_donation_date")
PROFILE = {"demographics": DEMOGRAPHICS, "engagement": ENGAGEMENT, "donations": DONATIONS}

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Builds the database and asks it about a list of voter ids (SVIDs).",
)


def _share(value: float) -> float:
    """A share between 0 and 1; NaN, which no comparison refuses, is refused here."""
    if not 0 <= value <= 1:
        raise typer.BadParameter("expected a number from 0 to 1")
    return value


Svids = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Voter ids: one a line, CSV, JSON or Parquet; - is standard input.",
        show_default=False,
    ),
]
Svid = Annotated[
    list[str] | None,
    typer.Option(metavar="ID", help="A voter id, WI:0012345 or 0012345; repeatable."),
]
Out = Annotated[
    str | None,
    typer.Option(metavar="PATH", help="The file to write; its suffix tells the format."),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help="table, csv, parquet, json or xlsx. Default: the suffix of PATH; else a table on a "
        "terminal and CSV in a pipe.",
    ),
]
_COUNT = 2**31 - 1
Top = Annotated[
    int | None, typer.Option(metavar="N", min=1, max=_COUNT, help="The first N clients only.")
]
Weeks = Annotated[
    int | None, typer.Option(metavar="N", min=1, max=_COUNT, help="The last N weeks only.")
]


@app.command()
def build(
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The clock, YYYY-MM-DD. Default: the latest valid day."),
    ] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Read every file, unchanged ones too.")
    ] = False,
) -> None:
    """Build and test everything, then publish it in one step.

    Files that have not changed since the last build are not read again. A failed build leaves the
    published database as it was.
    """
    from enrichment.building import dbt_build, progress
    from enrichment.places import data_folder, database_file
    from enrichment.publish import build_and_publish, carried_database

    if as_of is not None:
        _check_date(as_of)
    data_folder()
    with progress() as told:
        build_id = build_and_publish(
            lambda work: dbt_build(
                work, as_of, carry=None if full_refresh else carried_database(), told=told
            )
        )
    print(f"Published {database_file()} (build {build_id})", file=sys.stderr)


@app.command()
def analyze(
    svids: Svids = None,
    svid: Svid = None,
    include: Annotated[
        str, typer.Option(metavar="WORDS", help="Comma-separated parts of the answer.")
    ] = ",".join(INCLUDES),
    deviation_threshold: Annotated[
        float,
        typer.Option(
            metavar="SHARE", callback=_share, help="Least difference in share that is flagged."
        ),
    ] = 0.1,
    out: Out = None,
    form: Format = None,
) -> None:
    """Who is in the segment, and how it differs from the file.

    \b
    table    summary, flagged deviations, the most recently active, top clients
    json     one object: summary, and a list for each --include word:
             demographics     shares against the file (segment_deviation)
             engagement       a row per requested id (segment_profile)
             donations        a row per requested id (segment_profile)
             client_affinity  a row per client (segment_affinity)
    xlsx     the same, one sheet each
    csv, parquet   a row per requested id, with the columns of the --include
             words; of client_affinity alone, a row per client
    """  # noqa: D301 (the mark keeps the lines as they are)
    words = _include_words(include)
    segment = ids.read_segment(svids, svid or [])
    with output.target(out, form) as target, questions.Database(target.folder) as database:
        target.write(database, _analysis(database, segment, words, deviation_threshold))


@app.command()
def propensity(
    svids: Svids = None,
    svid: Svid = None,
    model: Annotated[str, typer.Option(metavar="NAME", help="What is scored: donor.")] = "donor",
    threshold: Annotated[
        float, typer.Option(metavar="SCORE", callback=_share, help="Least score, 0 to 1.")
    ] = 0.0,
    out: Out = None,
    form: Format = None,
) -> None:
    """Rank the segment's people by their propensity to give."""
    if model != "donor":
        raise InputError(f"--model {shown(model)}: expected donor")
    _answer(
        ("propensity", "segment_propensity", {"threshold": threshold}),
        (svids, svid, out, form),
        "order by donor_propensity_score desc nulls last, requested_svid",
        columns=(*IDENTITY, "donor_propensity_score", "past_donations", "total_clicks"),
    )


@app.command()
def lookalike(
    svids: Svids = None,
    svid: Svid = None,
    expansion_size: Annotated[
        int, typer.Option(metavar="N", min=1, max=_COUNT, help="At most so many people.")
    ] = 1000,
    min_similarity: Annotated[
        float, typer.Option(metavar="SHARE", callback=_share, help="Least similarity, 0 to 1.")
    ] = 0.0,
    out: Out = None,
    form: Format = None,
) -> None:
    """Find people outside the segment who behave like it."""
    _answer(
        (
            "lookalike",
            "segment_lookalike",
            {"expansion_size": expansion_size, "min_similarity": min_similarity},
        ),
        (svids, svid, out, form),
        "order by rank",
        columns=("rank", "state", "svid", "similarity", "similarity_score", "reason"),
    )


@app.command()
def affinity(
    svids: Svids = None,
    svid: Svid = None,
    top: Top = None,
    out: Out = None,
    form: Format = None,
) -> None:
    """Rank the clients by the segment's response."""
    _answer(
        ("affinity", "segment_affinity", {} if top is None else {"top_n": top}),
        (svids, svid, out, form),
        "order by affinity_rank, client_shortname",
        columns=AFFINITY_SCREEN,
    )


@app.command()
def health(
    svids: Svids = None,
    svid: Svid = None,
    weeks: Weeks = None,
    out: Out = None,
    form: Format = None,
) -> None:
    """Weekly engagement health of the segment."""
    _answer(
        ("health", "segment_health", {}),
        (svids, svid, out, form),
        ("" if weeks is None else "qualify row_number() over (order by week_start desc) <= ? ")
        + "order by week_start",
        then_values=() if weeks is None else (weeks,),
        columns=(
            "week_start",
            "active_contacts",
            "sends",
            "open_rate",
            "open_rate_status",
            "click_rate",
            "click_rate_status",
            "unsub_rate",
            "unsub_rate_status",
        ),
    )


@app.command()
def attribution(
    svids: Svids = None,
    svid: Svid = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="One attribution model, such as any_touch or linear."),
    ] = None,
    out: Out = None,
    form: Format = None,
) -> None:
    """Which campaigns the segment's gifts came from."""
    _answer(
        ("attribution", "segment_attribution", {}),
        (svids, svid, out, form),
        ("" if model is None else "where model = ? ")
        + "order by model, donations_credited desc nulls last, campaign_id nulls last",
        then_values=() if model is None else (model,),
        model=model,
        columns=(
            "model",
            "campaign_id",
            "campaign_name",
            "client_shortname",
            "donors_attributed",
            "donations_credited",
            "avg_days_to_donate",
            "donors_per_100_clickers",
        ),
    )


@app.command()
def export(
    mart: Annotated[
        str, typer.Argument(metavar="MART", help="A table of marts, or row_accounting.")
    ],
    out: Out = None,
    form: Format = None,
) -> None:
    """Write a whole mart to a file."""
    with output.target(out, form) as target, questions.Database(target.folder) as database:
        target.write(database, output.Answer.of(mart.rpartition(".")[2], database.mart(mart)))


AFFINITY_SCREEN = (
    "affinity_rank",
    "client_shortname",
    "unique_contacts",
    "sends",
    "open_rate",
    "click_rate",
    "affinity_score",
    "affinity_score_adjusted",
)


def _answer(
    question: tuple[str, str, dict[str, Any]],
    request: tuple[str | None, list[str] | None, str | None, str | None],
    then: str,
    *,
    then_values: tuple[Any, ...] = (),
    columns: tuple[str, ...] = (),
    model: str | None = None,
) -> None:
    """Asks one table function about one segment and writes its rows.

    ``question`` is the answer's name, the function and its options; ``request`` is --svids, --svid,
    --out and --format; ``then`` is the SQL after the call; ``columns`` is what a terminal shows.
    """
    name, function, options = question
    svids, svid, out, form = request
    segment = ids.read_segment(svids, svid or [])
    with output.target(out, form) as target, questions.Database(target.folder) as database:
        if model is not None:
            known = database.attribution_models()
            if known and model not in known:
                raise InputError(f"--model {shown(model)}: expected one of {', '.join(known)}")
        query = database.ask(function, segment, options, then=then, then_values=then_values)
        target.write(database, output.Answer.of(name, query, columns))


def _analysis(
    database: questions.Database, segment: list[str], words: list[str], threshold: float
) -> output.Answer:
    """The answer of ``analyze``: what each format holds is told in the command's help."""
    names = database.columns(database.ask("segment_profile", segment[:1]))
    claimed = {column for columns in PROFILE.values() for column in columns}

    def profile_of(chosen: list[str], order: str = "requested_svid") -> questions.Query:
        select = "select " + ", ".join(questions.identifier(name) for name in chosen)
        return database.ask("segment_profile", segment, select=select, then=f"order by {order}")

    def part(word: str) -> questions.Query:
        return profile_of([name for name in names if name in (*IDENTITY, *PROFILE[word])])

    def deviation(then: str) -> questions.Query:
        options = {"deviation_threshold": threshold}
        return database.ask("segment_deviation", segment, options, then=then)

    wanted = {column for word in words if word in PROFILE for column in PROFILE[word]}
    affinities = database.ask(
        "segment_affinity", segment, then="order by affinity_rank, client_shortname"
    )
    summary = output.Section("summary", database.ask("segment_summary", segment), single=True)
    whole = {
        "demographics": deviation("order by attribute, value"),
        "engagement": part("engagement"),
        "donations": part("donations"),
        "client_affinity": affinities,
    }
    latest = "desc nulls last, requested_svid limit 10"
    screen = {
        "demographics": output.Section(
            "flagged deviations",
            deviation("where is_flagged order by abs(difference) desc, attribute, value"),
            ("attribute", "value", "segment_share", "baseline_share", "difference", "q_value"),
        ),
        "engagement": output.Section(
            "most recently engaged",
            profile_of(
                [name for name in names if name in (*IDENTITY, *ENGAGEMENT)],
                f"last_engagement_date {latest}",
            ),
        ),
        "donations": output.Section(
            "most recent donors",
            profile_of(
                [name for name in names if name in (*IDENTITY, *DONATIONS)],
                f"last_donation_date {latest}",
            ),
        ),
        "client_affinity": output.Section(
            "top clients",
            database.ask(
                "segment_affinity",
                segment,
                then="order by affinity_rank, client_shortname limit 10",
            ),
            AFFINITY_SCREEN,
        ),
    }
    counts = database.ask(
        "segment_profile",
        segment,
        select="select link_status, count(*) as ids",
        then="group by link_status order by link_status",
    )
    return output.Answer(
        flat=affinities
        if words == ["client_affinity"]
        else profile_of([name for name in names if name not in claimed or name in wanted]),
        sections=(summary, *(output.Section(word, whole[word]) for word in words)),
        screen=(summary, output.Section("ids", counts), *(screen[word] for word in words)),
    )


def _include_words(text: str) -> list[str]:
    words = [word.strip().lower() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in INCLUDES:
            raise InputError(f"--include {shown(word)}: expected some of {', '.join(INCLUDES)}")
    if not words:
        raise InputError(f"--include is empty: expected some of {', '.join(INCLUDES)}")
    return [word for word in INCLUDES if word in words]


def _check_date(text: str) -> None:
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            raise ValueError
        datetime.date.fromisoformat(text)
    except ValueError:
        raise InputError("--as-of: expected a day as YYYY-MM-DD, such as 2025-06-30") from None


def _usage(error: Any) -> str:
    """A usage error in one line that repeats nothing a person may have mistaken for an id."""
    kind = type(error).__name__
    names = ", ".join(getattr(one.callback, "__name__", "") for one in app.registered_commands)
    text = " ".join(str(error.format_message()).split())
    if "No such command" in text or "Missing command" in text:
        text = f"expected a command: {names}"
    elif "unexpected extra argument" in text:
        text = "unexpected argument without an option (a voter id goes after --svid)"
    elif kind == "NoSuchOption":
        option = str(error.option_name)
        known = option if re.fullmatch(r"--?[A-Za-z][A-Za-z-]{0,40}", option) else "the given one"
        text = f"no such option: {known}"
    return f"{text} (see --help)"


def _stop(number: int, frame: FrameType | None) -> None:
    """Stops a command in order; a second signal ends it at once."""
    signal.signal(number, signal.SIG_DFL)
    raise KeyboardInterrupt


def run(arguments: list[str]) -> int:
    """Runs a command and returns the exit code; every failure is one line on standard error."""
    command = typer.main.get_command(app)
    try:
        with command.make_context("segment.py", list(arguments)) as context:
            command.invoke(context)
        sys.stdout.flush()
        return 0
    except typer.Exit as done:
        return done.exit_code
    except BuildError as error:
        return _fail(f"{error} (the published database is untouched)", error.exit_code)
    except RunnerError as error:
        return _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except BrokenPipeError:
        # The reader has seen enough; leave nothing to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(f"cannot write or read: {error.strerror or type(error).__name__}", 1)
    except typer.TyperException as error:
        return _fail(_usage(error), 2)


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Tells of a defect by kind and place, never by its text, which may quote data."""
    place = traceback.extract_tb(trace)[-1]
    where = f"{Path(place.filename).name}, line {place.lineno}"
    _fail(f"unexpected {kind.__name__} at {where}; please report it", 1)


def _fail(message: str, code: int) -> int:
    line = " ".join(message.split())
    print(f"segment.py: {line}", file=sys.stderr)
    return code


def main() -> None:
    """The command line's entry: a termination signal ends a command as Ctrl-C does."""
    sys.excepthook = _report
    given = sys.argv[1] if len(sys.argv) > 1 else ""
    if given in typer.main.get_command(app).commands:  # type: ignore[attr-defined]
        setproctitle(f"segment.py {given}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
