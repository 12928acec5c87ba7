"""The runner: builds and publishes the database, answers questions about segments, writes files.

It is thin: every definition is a dbt model or a table function of the schema ``segments``. Data
goes to standard output, everything else to standard error. Exit codes: 0 done; 2 bad arguments or
input; 3 the database is missing, damaged, locked or older than the code, or its audit log cannot be
written; 4 the build failed; 130 interrupted; 1 anything else.
"""

from __future__ import annotations

import datetime
import difflib
import json
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Annotated, Any

from setproctitle import setproctitle

if __name__ == "__main__":
    # First of all: until now the process list shows --svid and its ids.
    setproctitle("segment.py")

import typer

from enrichment import audit as log
from enrichment import code_version, contacts, ids, messages, output, roles
from enrichment import lookalike as likeness
from enrichment.analysis import (
    AFFINITY_SCREEN,
    INCLUDES,
    PARTS,
    analysis,
    include_words,
    propensity_question,
)
from enrichment.answers import Answer
from enrichment.database import REFUSED_ROWS, Database, Listing
from enrichment.disclosure import Disclosure
from enrichment.errors import BuildError, InputError, RunnerError, shown
from enrichment.examples import epilog
from enrichment.paths import audit_file, database_file

app = typer.Typer(
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Builds the database and answers questions about a list of voter ids (SVIDs).",
    epilog=epilog(""),
)


def _version(is_asked: bool) -> None:
    if is_asked:
        print(f"segment.py {code_version.code_version()}")
        raise typer.Exit


@app.callback()
def runner(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version, and end."
        ),
    ] = False,
    json_log: Annotated[
        bool,
        typer.Option(
            messages.OPTION,
            help="Write messages as JSON, one object a line; also behind the command.",
        ),
    ] = False,
) -> None:
    """Builds the database and answers questions about a list of voter ids (SVIDs)."""


def _share(value: float) -> float:
    """A share between 0 and 1. NaN fails this comparison, too."""
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
SegmentName = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="A segment of the folder definitions, by its name."),
]
Out = Annotated[
    str | None,
    typer.Option(metavar="PATH", help="The file to write; its suffix gives the format."),
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

SmallCells = Annotated[
    bool,
    typer.Option("--allow-small-cells", help="Show groups of fewer people than the minimum."),
]
ContactDetails = Annotated[
    bool,
    typer.Option(
        "--with-contact-details",
        help="Add e-mail and phone, and leave out people who may not be contacted; needs --out.",
    ),
]


@app.command(epilog=epilog("build"))
@log.command
def build(
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The clock, YYYY-MM-DD. Default: the latest valid day."),
    ] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Read every file, unchanged ones too.")
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CHECK",
            help="Build although this check of the extracts fails. The message that stopped a "
            "build names the check; repeatable. marts.input_checks lists what was accepted.",
        ),
    ] = None,
) -> None:
    """Build and test everything, then publish it in one step.

    Files that have not changed since the last build are not read again. A failed build leaves the
    published database as it was. After a new request for erasure, no earlier build is kept.
    """
    from enrichment import early_checks
    from enrichment.dbt_build import BuildOptions, dbt_build, progress
    from enrichment.definitions.experiments import check_started_in
    from enrichment.definitions.load import load
    from enrichment.erasure import erase_from_ledger, must_forget
    from enrichment.publish import (
        build_and_publish,
        every_kept_file,
        last_database,
        why_all_is_read,
    )

    if as_of is not None:
        _check_date(as_of)
    check_started_in(load().items, last_database())
    problem = early_checks.problem(accept or ())
    warnings: list[str] = []

    def make(work: Path) -> None:
        if problem is not None:
            raise InputError(problem)
        options = BuildOptions(as_of, full_refresh, tuple(accept or ()))
        last = last_database()
        if why := "" if full_refresh else why_all_is_read(last):
            print(f"segment.py: {why}", file=sys.stderr)
        warnings.extend(dbt_build(work, options, previous=last, shown=shown_progress))

    with progress(last_database()) as shown_progress:
        build_id = build_and_publish(
            make, forget=lambda work: must_forget(work, [database_file(), *every_kept_file()])
        )
    log.note(build_id=build_id)
    rewritten = erase_from_ledger()
    if rewritten:
        print(
            f"segment.py: {rewritten} files of the ledger were written anew without erased people",
            file=sys.stderr,
        )
    for warning in warnings:
        print(f"segment.py: warning: {warning}", file=sys.stderr)
    print(f"Published {database_file()} (build {build_id})", file=sys.stderr)


@app.command(epilog=epilog("analyze"))
@log.command
def analyze(
    svids: Svids = None,
    svid: Svid = None,
    segment: SegmentName = None,
    include: Annotated[
        str,
        typer.Option(metavar="WORDS", help=f"Comma-separated parts of {', '.join(INCLUDES)}."),
    ] = ",".join(PARTS),
    deviation_threshold: Annotated[
        float,
        typer.Option(
            metavar="SHARE", callback=_share, help="The least difference in share to flag."
        ),
    ] = 0.1,
    out: Out = None,
    form: Format = None,
    allow_small_cells: SmallCells = False,
    with_contact_details: ContactDetails = False,
) -> None:
    """Who is in the segment, and how it differs from the file.

    \b
    table    summary, flagged deviations, the most recently active, top clients
    json     one object: summary, and a list for each --include word:
             demographics     shares against the file (segment_deviation)
             engagement       a row per requested id (segment_profile)
             donations        a row per requested id (segment_profile)
             client_affinity  a row per client (segment_affinity)
             scores, lifecycle, timing, channels
                              a row per requested id (segment_scores, ...)
    xlsx     the same, one sheet each
    csv, parquet   a row per requested id, with the columns of the --include
             words; of client_affinity alone, a row per client
    """  # noqa: D301 (typer keeps the lines after this mark)
    words = include_words(include)
    if with_contact_details:
        contacts.check_output(out)
    people = ids.read_segment(svids, svid or [], segment)
    with (
        output.target(out, form, svids) as target,
        Database(target.folder, private=with_contact_details) as database,
    ):
        if with_contact_details and (
            target.format not in ("csv", "parquet") or words == ["client_affinity"]
        ):
            raise InputError(
                "--with-contact-details: analyze lists people as csv or parquet only, and with "
                "more than client_affinity in --include"
            )
        answer, groups = analysis(
            database, people, words, deviation_threshold, target.format, is_open=allow_small_cells
        )
        if with_contact_details:
            listed = contacts.with_contacts(
                database,
                answer.flat,
                # A list with donations is for asking for gifts.
                contacts.SOLICIT if "donations" in words else contacts.CONTACT,
                "order by requested_svid",
            )
            answer = replace(answer, flat=listed)
        if target.format == "xlsx":
            answer = replace(answer, about=_about("analyze", people, segment, groups))
        target.write(database, answer)
        groups.report()
        ids.report(database, people, groups.least_known())


@app.command(epilog=epilog("propensity"))
@log.command
def propensity(
    svids: Svids = None,
    svid: Svid = None,
    segment: SegmentName = None,
    model: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="donor ranks by the brief's rule; gift by the probability of a gift within 90 "
            "days, where the back-test proves one.",
        ),
    ] = "donor",
    threshold: Annotated[
        float,
        typer.Option(
            metavar="SCORE",
            callback=_share,
            help="The least score of donor, or the least probability of gift, 0 to 1.",
        ),
    ] = 0.0,
    out: Out = None,
    form: Format = None,
    with_contact_details: ContactDetails = False,
) -> None:
    """Rank the segment's people by their propensity to give."""
    options, choose, values, order = propensity_question(model, threshold)
    columns: tuple[str, ...] = (
        "gift_probability",
        "expected_value",
        "gift_verdict",
        "gift_probability_basis",
    )
    if model == "donor":
        columns = ("donor_propensity_score", "past_donations", "total_clicks")
    _answer(
        ("propensity", "segment_propensity", options),
        (svids, svid, segment, out, form),
        order,
        choose=choose,
        values=values,
        columns=("requested_svid", *columns, "solicitation_blocked_by", "link_status"),
        with_contact_details=with_contact_details,
    )


@app.command(epilog=epilog("lookalike"))
@log.command
def lookalike(
    svids: Svids = None,
    svid: Svid = None,
    segment: SegmentName = None,
    expansion_size: Annotated[
        int, typer.Option(metavar="N", min=1, max=_COUNT, help="The most people to return.")
    ] = 1000,
    min_similarity: Annotated[
        float, typer.Option(metavar="SHARE", callback=_share, help="The least similarity, 0 to 1.")
    ] = 0.0,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Also say whether such a list finds more of the segment's kind than chance, "
            "judged on a half of the segment that is held out.",
        ),
    ] = False,
    out: Out = None,
    form: Format = None,
    with_contact_details: ContactDetails = False,
) -> None:
    """Find people outside the segment who behave like it."""
    _answer(
        (
            "lookalike",
            "segment_lookalike",
            {"expansion_size": expansion_size, "min_similarity": min_similarity},
        ),
        (svids, svid, segment, out, form),
        "order by rank",
        columns=("rank", "state", "svid", "similarity", "reason", "similarity_score"),
        with_contact_details=with_contact_details,
        report=likeness.report_check if check else None,
    )


@app.command(epilog=epilog("affinity"))
@log.command
def affinity(
    svids: Svids = None,
    svid: Svid = None,
    segment: SegmentName = None,
    top: Top = None,
    out: Out = None,
    form: Format = None,
    allow_small_cells: SmallCells = False,
) -> None:
    """Rank the clients by the segment's response."""
    _answer_about_groups(
        ("affinity", "segment_affinity"),
        (svids, svid, segment, out, form),
        "order by affinity_rank, client_shortname",
        choose="" if top is None else "where affinity_rank <= ?",
        values=() if top is None else (top,),
        columns=AFFINITY_SCREEN,
        allow_small_cells=allow_small_cells,
    )


@app.command(epilog=epilog("health"))
@log.command
def health(
    svids: Svids = None,
    svid: Svid = None,
    segment: SegmentName = None,
    weeks: Weeks = None,
    out: Out = None,
    form: Format = None,
    allow_small_cells: SmallCells = False,
) -> None:
    """Weekly engagement health of the segment."""
    _answer_about_groups(
        ("health", "segment_health"),
        (svids, svid, segment, out, form),
        "order by week_start",
        choose="" if weeks is None else "qualify row_number() over (order by week_start desc) <= ?",
        values=() if weeks is None else (weeks,),
        columns=(
            "week_start",
            "sends",
            "open_rate",
            "open_rate_status",
            "click_rate",
            "click_rate_status",
            "active_contacts",
            "unsub_rate",
            "unsub_rate_status",
        ),
        allow_small_cells=allow_small_cells,
    )


@app.command(epilog=epilog("attribution"))
@log.command
def attribution(
    svids: Svids = None,
    svid: Svid = None,
    segment: SegmentName = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="One attribution model, such as any_touch or linear."),
    ] = None,
    out: Out = None,
    form: Format = None,
    allow_small_cells: SmallCells = False,
) -> None:
    """Which campaigns the segment's gifts came from."""
    _answer_about_groups(
        ("attribution", "segment_attribution"),
        (svids, svid, segment, out, form),
        "order by model, donations_credited desc nulls last, campaign_id nulls last",
        choose="" if model is None else "where model = ?",
        values=() if model is None else (model,),
        model=model,
        columns=(
            *(("model",) if model is None else ()),
            "campaign_id",
            "campaign_name",
            "donations_credited",
            "donors_attributed",
            "client_shortname",
            "avg_days_to_donate",
            "donors_per_100_clickers",
        ),
        allow_small_cells=allow_small_cells,
    )


@app.command(epilog=epilog("history"))
@log.command
def history(out: Out = None, form: Format = None) -> None:
    """List the published build and the kept builds, newest first.

    BEHAVIORAL_KEEP_BUILDS is the number of earlier builds to keep (default 2). A damaged build
    appears under the name of its folder; private_bytes is empty if its private half is missing.
    """
    from enrichment.publish import builds

    rows = [
        (
            build.build_id or build.file.parent.name,
            build.status,
            build.facts.get("built_at"),
            build.facts.get("as_of_date"),
            build.facts.get("code_version"),
            (build.facts.get("code_digest") or "")[:12] or None,
            build.facts.get("rows_in"),
            build.facts.get("voters"),
            build.size_bytes,
            build.private_bytes,
        )
        for build in builds()
    ]
    _list("history", HISTORY, rows, (out, form))


@app.command(epilog=epilog("rollback"))
@log.command
def rollback(
    build_id: Annotated[
        str | None,
        typer.Argument(metavar="BUILD_ID", help="The build to publish. Default: the newest kept."),
    ] = None,
) -> None:
    """Publish a kept build again, in one step; the build that it replaces is kept."""
    from enrichment import publish

    restored, replaced = publish.rollback(build_id)
    log.note(build_id=restored.build_id)
    of = f"of {restored.facts['built_at']:%Y-%m-%d %H:%M} UTC, as of {restored.facts['as_of_date']}"
    kept = f"build {replaced} is kept" if replaced else "the replaced file held no build"
    print(f"Published {database_file()} (build {restored.build_id} {of}); {kept}", file=sys.stderr)
    if restored.facts.get("code_digest") != code_version.code_digest():
        print(
            "It was made by a different code version: check out that version, or run `build`",
            file=sys.stderr,
        )


@app.command(epilog=epilog("audit"))
@log.command
def audit(out: Out = None, form: Format = None) -> None:
    """Show the audit log, newest call first.

    One line per call: user, time, command, number of ids, keyed digest of the id list, SHA-256 of
    the output, exit code.
    """
    rows, damaged = log.entries()
    if damaged:
        first = ", ".join(str(number) for number in damaged[:5])
        more = f" and {len(damaged) - 5} more" if len(damaged) > 5 else ""
        print(
            f"segment.py: {audit_file()}: skipped damaged lines: {first}{more}",
            file=sys.stderr,
        )
    shown_first = ("at", "user", "command", "ids", "rows", "format", "contact_details", "exit_code")
    _list("audit", {**log.FIELDS, "other_facts": "varchar"}, rows, (out, form), shown_first)


def _list(
    name: str,
    columns: dict[str, str],
    rows: list[tuple[Any, ...]],
    destination: tuple[str | None, str | None],
    screen: tuple[str, ...] = (),
    *,
    is_whole: bool = False,
) -> None:
    """Writes rows that come from the runner itself.

    ``columns`` are their names and types, ``destination`` is --out and --format, ``screen`` are the
    columns that a terminal shows; it shows all rows if the list ``is_whole``.
    """
    with output.target(*destination) as target, Listing(target.folder) as listing:
        answer = Answer.of(name, listing.of(columns, rows), screen)
        (section,) = answer.screen
        shown_whole = (replace(section, is_whole=is_whole),)
        target.write(listing, replace(answer, screen=shown_whole))


@app.command(epilog=epilog("definitions"))
@log.command
def definitions(
    action: Annotated[str, typer.Argument(metavar="ACTION", help="check, explain or schema.")],
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="The definition that explain is about.")
    ] = None,
) -> None:
    """Check the segments and other definitions, without a build.

    \b
    check         every problem with its file and line; nothing if all is well
    explain NAME  what a definition means, in words
    schema        a JSON Schema for editors
    """  # noqa: D301 (typer keeps the lines after this mark)
    from enrichment.definitions.explain import explain
    from enrichment.definitions.load import check, load
    from enrichment.definitions.problems import DefinitionError
    from enrichment.definitions.schema import json_schema

    if action not in ("check", "explain", "schema"):
        raise InputError(f"definitions {shown(action)}: expected check, explain or schema")
    if (name is None) is (action == "explain"):
        raise InputError("definitions explain NAME: only explain has a name, and needs one")
    if action == "check":
        found, problems = check()
        for problem in problems[1:]:
            print(f"segment.py: {problem}", file=sys.stderr)
        if problems:
            raise DefinitionError(problems[:1])
        print(f"segment.py: {len(found.items)} definitions are right", file=sys.stderr)
    elif action == "schema":
        print(json.dumps(json_schema(check()[0].catalog), indent=2))
    else:
        for line in explain(load(), name or ""):
            print(line)


@app.command(epilog=epilog("export"))
@log.command
def export(
    mart: Annotated[
        str | None, typer.Argument(metavar="MART", help="A table of marts, or row_accounting.")
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="List the marts, each with the question it answers.")
    ] = False,
    dictionary: Annotated[
        bool,
        typer.Option(
            "--dictionary",
            help="Write the data dictionary instead: each column of each table and function, with "
            "its type and meaning. Needs no database.",
        ),
    ] = False,
    out: Out = None,
    form: Format = None,
) -> None:
    """Write a whole mart to a file, list the marts, or write the data dictionary."""
    if [mart is not None, listed, dictionary].count(True) != 1:
        raise InputError("export: name one mart, or give --list or --dictionary")
    if dictionary:
        from enrichment.dictionary import COLUMNS, rows

        _list("dictionary", COLUMNS, list(rows()), (out, form or (None if out else "csv")))
        return
    if mart is None:
        from enrichment import contracts

        marts = [(one.name, one.question, one.grain) for one in contracts.exported()]
        columns = {"mart": "varchar", "question": "varchar", "one_row_per": "varchar"}
        _list("marts", columns, marts, (out, form), ("mart", "question"), is_whole=True)
        return
    name = mart.rpartition(".")[2]
    # Only who may see refused rows opens the file that holds them.
    private = name == REFUSED_ROWS and roles.current().may("refused_rows")
    with (
        output.target(out, form) as target,
        Database(target.folder, private=private) as database,
    ):
        query = database.mart(mart)
        answer = Answer.of(name, query, source=("marts", name), about=(("command", "export"),))
        target.write(database, answer)


@app.command("hand-over", epilog=epilog("hand-over"))
@log.command
def hand_over(
    channel: Annotated[
        str | None,
        typer.Option(
            metavar="CHANNEL",
            help="The triggers' messages by email, sms or phone, or an action: add_tag, …",
        ),
    ] = None,
    experiment: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The messages of the arms of a running experiment."),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="NAME", help="A format of the seed esp_formats.")
    ] = "generic",
    out: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="A new folder, or a .csv file. Default: a folder beside the database.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Write the list of the last hand-over again.")
    ] = False,
) -> None:
    """Write the messages that triggers or an experiment propose into a list for the sender.

    The ledger (extract handovers) is written before the list appears, so that no message is handed
    over twice. Beside the list stands manifest.json, with its SHA-256 and counts. A build must
    follow before the next list of the channel or experiment.
    """
    from enrichment import handover

    handover.hand_over(channel, experiment, form, out, resume=resume)


@app.command(epilog=epilog("report"))
@log.command
def report(
    svids: Svids = None,
    svid: Svid = None,
    segment: SegmentName = None,
    out: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The page to write, a file that ends in .html."),
    ] = None,
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The title of the page.")
    ] = None,
) -> None:
    """Write a report on the segment: one page, to forward or print.

    The page needs no network and no script. It is about groups: no person is in it, and groups of
    fewer people than the minimum are hidden.
    """
    from enrichment import web_extra

    web_extra.check("report")
    from enrichment.web.files import write_report

    people = ids.read_segment(svids, svid or [], segment)
    with output.target(out, None, svids, is_page=True) as target:
        write_report(target, people, title or f"Report on {segment or 'a segment'}")


@app.command(epilog=epilog("serve"))
@log.command
def serve(
    host: Annotated[
        str, typer.Option(metavar="HOST", help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="The port; 0 is any free one.")
    ] = 8000,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A further Host header to answer; repeatable."),
    ] = None,
) -> None:
    """Serve the pages and the HTTP API until Ctrl-C.

    BEHAVIORAL_API_TOKEN is the token; without it, one is made for this run and printed. Beyond
    this machine, the variable is required.
    """
    from enrichment import web_extra

    web_extra.check("serve")
    from enrichment.web.server import serve as serve_forever

    serve_forever(host, port, allow_host or ())


@app.command("prove-erased", epilog=epilog("prove-erased"))
@log.command
def prove_erased(out: Out = None, form: Format = None) -> None:
    """Search every table of every kept database for people who requested erasure.

    One row per table; tables with a remainder come first. Exit code 0 if there are 0 rows
    everywhere, else 1. Delivered files that still hold such rows come last and do not count.
    """
    from enrichment.erasure import prove
    from enrichment.publish import every_kept_file, every_private_half

    counts = sorted(
        prove([*every_kept_file(), *every_private_half()]),
        key=lambda count: (not count.is_remainder, count.status == "delivered"),
    )
    rows = [(count.status, str(count.file), count.table, count.rows) for count in counts]
    _list("prove-erased", PROVEN, rows, (out, form))
    remainders = sum(count.is_remainder for count in counts)
    if remainders:
        raise RunnerError(
            f"{remainders} tables still name people who requested erasure, or cannot be read: "
            "build again, delete unpublished databases, and have texts that name somebody else "
            "delivered without that name"
        )
    print("segment.py: no table names anybody who requested erasure", file=sys.stderr)


PROVEN = {"status": "varchar", "file": "varchar", "table_name": "varchar", "rows": "bigint"}
HISTORY = {
    "build_id": "varchar",
    "status": "varchar",
    "built_at": "timestamp",
    "as_of_date": "date",
    "code_version": "varchar",
    "code_digest": "varchar",
    "rows_in": "bigint",
    "voters": "bigint",
    "size_bytes": "bigint",
    "private_bytes": "bigint",
}


def _answer(
    question: tuple[str, str, dict[str, Any]],
    request: tuple[str | None, list[str] | None, str | None, str | None, str | None],
    order: str,
    *,
    choose: str = "",
    values: tuple[Any, ...] = (),
    columns: tuple[str, ...] = (),
    with_contact_details: bool = False,
    report: Callable[[Database, Sequence[str]], None] | None = None,
) -> None:
    """Calls one table function about the people of a segment, and writes its rows.

    ``question`` is the answer's name, the function and its options; ``request`` is --svids, --svid,
    --segment, --out and --format. ``choose`` is SQL that selects some of its rows, with its
    ``values``; ``order`` is the SQL that orders them; a terminal shows ``columns``. ``report`` says
    more about the segment on standard error.
    """
    name, function, options = question
    svids, svid, named, out, form = request
    roles.require("single_people")
    if with_contact_details:
        contacts.check_output(out)
    segment = ids.read_segment(svids, svid or [], named)
    with (
        output.target(out, form, svids) as target,
        Database(target.folder, private=with_contact_details) as database,
    ):
        if with_contact_details:
            people = database.ask(function, segment, options, then=choose, then_values=values)
            query = contacts.with_contacts(database, people, contacts.SOLICIT, order)
        else:
            query = database.ask(
                function, segment, options, then=f"{choose} {order}", then_values=values
            )
        about = _about(name, segment, named) if target.format == "xlsx" else ()
        answer = Answer.of(name, query, columns, ("segments", function), about)
        target.write(database, answer)
        ids.report(database, segment)
        if report is not None:
            report(database, segment)


def _answer_about_groups(
    question: tuple[str, str],
    request: tuple[str | None, list[str] | None, str | None, str | None, str | None],
    order: str,
    *,
    choose: str = "",
    values: tuple[Any, ...] = (),
    columns: tuple[str, ...] = (),
    model: str | None = None,
    allow_small_cells: bool,
) -> None:
    """Calls one table function about groups of a segment, and writes the rows that may be shown.

    ``question`` is the answer's name and the function. The rest is as in ``_answer``.
    """
    name, function = question
    svids, svid, named, out, form = request
    segment = ids.read_segment(svids, svid or [], named)
    with output.target(out, form, svids) as target, Database(target.folder) as database:
        if model is not None:
            known = database.attribution_models()
            if known and model not in known:
                raise InputError(f"--model {shown(model)}: expected one of {', '.join(known)}")
        groups = Disclosure(
            database, segment, {function: {}}, is_open=allow_small_cells, with_people=False
        )
        query = groups.rows(
            function, choose=choose, values=values, order=order, is_whole=not choose
        )
        about = _about(name, segment, named, groups) if target.format == "xlsx" else ()
        answer = Answer.of(name, query, columns, ("segments", function), about)
        target.write(database, answer)
        groups.report()
        ids.report(database, segment, groups.least_known())


def _about(
    command: str, people: Sequence[str], named: str | None, groups: Disclosure | None = None
) -> tuple[tuple[str, str | int], ...]:
    """What the first sheet of a workbook says about an answer, beside its build."""
    size = len({svid.strip() for svid in people} - {""})
    facts: list[tuple[str, str | int]] = [("command", command)]
    facts += [("segment", named)] if named else []
    # How many people a named segment has is a figure, too; of a list its owner knows it.
    least = groups.least_known() if named and groups else 0
    facts.append(("ids asked for", size if size >= least else f"fewer than {least}"))
    facts += [("hidden", note) for note in (groups.notes() if groups else ())]
    return tuple(facts)


def _check_date(text: str) -> None:
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            raise ValueError
        datetime.date.fromisoformat(text)
    except ValueError:
        raise InputError("--as-of: expected a day as YYYY-MM-DD, such as 2025-06-30") from None


def _commands() -> list[str]:
    """The names of the commands, as they are typed."""
    return [
        one.name or str(getattr(one.callback, "__name__", "")) for one in app.registered_commands
    ]


def _usage(error: Any) -> str:
    """A usage error in one line, without the given text, which may be an id."""
    kind = type(error).__name__
    names = _commands()
    text = " ".join(str(error.format_message()).split())
    if "No such command" in text or "Missing command" in text:
        given = re.search("No such command '([A-Za-z_-]+)'", text)
        close = difflib.get_close_matches(given[1], names, 1) if given else []
        text = f"expected a command: {', '.join(names)}" + _did_you_mean(close)
    elif "unexpected extra argument" in text:
        text = "unexpected argument without an option (a voter id goes after --svid)"
    elif kind == "NoSuchOption":
        option = str(error.option_name)
        known = option if re.fullmatch(r"--?[A-Za-z][A-Za-z-]{0,40}", option) else "the given one"
        text = f"no such option: {known}" + _did_you_mean(error.possibilities or [])
    return f"{text} (see --help)"


def _did_you_mean(close: Sequence[str]) -> str:
    return f"; did you mean {close[0]}?" if close else ""


def _stop(number: int, frame: FrameType | None) -> None:
    """Stops a command cleanly; a second signal ends it at once."""
    signal.signal(number, signal.SIG_DFL)
    raise KeyboardInterrupt


def run(arguments: list[str]) -> int:
    """Runs and logs a command; returns its exit code. A failure is one line on standard error.

    Without arguments it prints the help. --json-log may stand anywhere.
    """
    given = [argument for argument in arguments if argument != messages.OPTION]
    names = _commands()
    command = next((argument for argument in given if argument in names), "")
    with messages.as_json(command, is_asked=len(given) < len(arguments)):
        return _logged(given or ["--help"])


def _logged(arguments: list[str]) -> int:
    try:
        code = _run(arguments)
    except BaseException:
        with suppress(RunnerError):
            log.end(1)
        raise
    try:
        log.end(code)
    except RunnerError as error:
        failed = _fail(str(error), error.exit_code)
        return code or failed
    return code


def _run(arguments: list[str]) -> int:
    command = typer.main.get_command(app)
    try:
        with command.make_context("segment.py", list(arguments)) as context:
            command.invoke(context)
        if sys.stdout is not None:
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
        _leave_nothing_to_flush()  # The reader has closed the pipe.
        return 0
    except OSError as error:
        _leave_nothing_to_flush()
        return _fail(f"cannot write or read: {error.strerror or type(error).__name__}", 1)
    except typer.TyperException as error:
        return _fail(_usage(error), 2)


def _leave_nothing_to_flush() -> None:
    """Sends what is left in standard output nowhere, so that the exit does not fail at it."""
    if sys.stdout is not None:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _occupy_closed_streams() -> None:
    """Opens closed standard streams on nothing.

    The next file that is opened would take their number, and get what is meant for a stream.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def _report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Reports a defect by its type and line, never by its text, which may quote data."""
    place = traceback.extract_tb(trace)[-1]
    where = f"{Path(place.filename).name}, line {place.lineno}"
    _fail(f"unexpected {kind.__name__} at {where}; please report it", 1)


def _fail(message: str, code: int) -> int:
    line = " ".join(message.split())
    if isinstance(sys.stderr, messages.JsonLines):
        sys.stderr.event("error", line, exit_code=code)
    else:
        print(f"segment.py: {line}", file=sys.stderr)
    return code


def main() -> None:
    """Entry of the command line. A termination signal ends a command as Ctrl-C does."""
    _occupy_closed_streams()
    sys.excepthook = _report
    given = sys.argv[1] if len(sys.argv) > 1 else ""
    if given in typer.main.get_command(app).commands:  # type: ignore[attr-defined]
        setproctitle(f"segment.py {given}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
