"""The pages: what the marts of this build say about the whole file, and a report on any list.

They are made on the server and need no script. Groups of too few people are left out, and no page
has a row about a single person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from enrichment import audit, ids
from enrichment.contracts import relation
from enrichment.database import Query
from enrichment.disclosure import shown_mart
from enrichment.errors import InputError
from enrichment.web import api, plots, report
from enrichment.web.blocks import Block, Glossary, Head, cell, missing, number
from enrichment.web.published import Published, Session
from enrichment.web.render import MENU, build_facts, rendered, report_page


def failure(request: Request, status: int, text: str) -> Response:
    """Why there is no answer: as JSON for a program, as a page for a reader."""
    is_page = not request.url.path.startswith(("/api/", "/openapi", "/healthz"))
    if is_page and "text/html" in request.headers.get("accept", ""):
        page = rendered("failure.html", title=f"No answer ({status})", problem=f"{text}.")
        return HTMLResponse(page, status)
    return JSONResponse({"detail": text}, status)


class FilePage:
    """Blocks from the marts of the whole file."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.glossary = Glossary()

    def has(self, mart: str) -> bool:
        """Whether this build has a mart."""
        return self.session.has("marts", mart)

    def rows(self, mart: str, then: str = "", values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The rows of a mart about groups that may be shown; ``then`` selects and orders them."""
        contract = relation("marts", mart)
        if contract is None or contract.is_about_single_people:
            raise ValueError(f"{mart} does not say which of its columns count people")
        query = shown_mart(self.session, contract)
        return self.session.records(
            Query(f"select * from ({query.sql}) {then}", (*query.values, *values))
        )

    def table(
        self,
        heading: str,
        mart: str,
        columns: Sequence[str],
        then: str,
        *,
        lead: str = "",
        formats: Mapping[str, str] | None = None,
        plot: Callable[[list[dict[str, Any]]], Markup] | None = None,
        level: int = 2,
        note: str = "",
        empty: str = "No rows about enough people.",
    ) -> Block:
        """A block with rows of a mart; one line if this build does not have it."""
        contract = relation("marts", mart)
        if contract is None or not self.has(mart):
            return missing(heading, mart, level)
        if contract.is_about_single_people:
            note = f"The contract of {mart} does not say which columns count people (meta.people)."
            return Block(heading, note=note, level=level)
        records = self.rows(mart, then)
        known = [name for name in columns if not records or name in records[0]]
        heads, rows = self.glossary.table(contract, records, known, formats)
        return Block(
            heading,
            lead=lead or contract.question,
            plots=[plot(records)] if plot is not None and records else (),
            heads=heads,
            rows=rows,
            note=note if records else empty,
            level=level,
        )


def overview(page: FilePage) -> list[Block]:
    """Coverage by state, what stands out, and how the project measures itself."""
    coverage = page.session.relation("marts", "coverage")
    steps = page.session.records(
        Query(
            "select step, cast(sum(people) as bigint) as people, sum(people) / "
            f"(select sum(people) from {coverage} where step = 'in_file') as share "
            f"from {coverage} group by step, step_number order by step_number"
        )
    )
    bars = [
        plots.Bar(
            row["step"].replace("_", " "), row["people"], f"{row['people']:,} ({row['share']:.0%})"
        )
        for row in steps
        if row["people"] > 10 and row["share"] is not None
    ]
    return [
        Block(
            "The voter file",
            lead="From the file to behavior, over all states.",
            plots=[plots.bars("From the file to behavior", bars)],
        ),
        by_state(page),
        page.table(
            "What stands out",
            "insights",
            ("insight_rank", "sentence", "trials"),
            "order by insight_rank limit 12",
        ),
        page.table(
            "How well it works",
            "success_metrics",
            (
                "metric",
                "target",
                "measured",
                "measured_low",
                "measured_high",
                "population",
                "is_met",
            ),
            "order by metric",
        ),
        page.table(
            "What the dashboard counts",
            "dashboard_daily",
            ("day", "measure", "value"),
            "where day = (select max(day) from dashboard) order by measure".replace(
                "dashboard)", page.session.relation("marts", "dashboard_daily") + ")"
            ),
        ),
    ]


def by_state(page: FilePage) -> Block:
    """The share of each state's people that reach each step."""
    contract = relation("marts", "coverage")
    records = page.rows("coverage", "order by state, step_number")
    steps = list(dict.fromkeys(row["step"] for row in records))
    shares = {(row["state"], row["step"]): row["share"] for row in records}
    people = {row["state"]: row["people"] for row in records if row["step"] == "in_file"}
    heads = [
        page.glossary.head(contract, "state"),
        page.glossary.head(contract, "people"),
        *(
            Head("step", step.replace("_", " "), contract.columns["step"].meaning, is_number=True)
            for step in steps
            if contract is not None
        ),
    ]
    page.glossary.head(contract, "step")
    rows = [
        [
            cell("state", state),
            cell("people", people.get(state)),
            *(cell("share", shares.get((state, step))) for step in steps),
        ]
        for state in dict.fromkeys(row["state"] for row in records)
    ]
    return Block("Coverage by state", heads=heads, rows=rows, level=3)


def health(page: FilePage) -> list[Block]:
    """Weekly rates, alerts and campaigns."""
    weeks = page.rows("engagement_health_weekly", "order by week_start")
    return [
        *report.health_blocks(page.session, page.glossary, "engagement_health_weekly", weeks),
        page.table(
            "Alerts",
            "engagement_health_alerts",
            (
                "week_start",
                "metric",
                "value",
                "baseline",
                "status",
                "previous_status",
                "severity",
                "reason",
            ),
            "order by week_start desc, metric limit 25",
            note="The last 25.",
        ),
        page.table(
            "Campaigns",
            "campaign_engagement",
            (
                "campaign_name",
                "client_shortname",
                "start_date",
                "unique_contacts",
                "sends",
                "unique_open_rate",
                "unique_click_rate",
                "machine_share",
            ),
            "order by start_date desc nulls last, campaign_id limit 25",
            note="The last 25 that began.",
        ),
    ]


def clients(page: FilePage) -> list[Block]:
    """Clients by the response to their mail."""
    return [
        page.table(
            "Clients",
            "client_affinity",
            (
                "affinity_rank",
                "client_shortname",
                "unique_contacts",
                "sends",
                "open_rate",
                "click_rate",
                "unsub_rate",
                "affinity_score",
                "affinity_score_adjusted",
            ),
            "order by affinity_rank, client_shortname limit 40",
            plot=lambda records: plots.bars(
                "Adjusted affinity score by client",
                [
                    plots.Bar(
                        row["client_shortname"],
                        row["affinity_score_adjusted"],
                        number("", row["affinity_score_adjusted"]),
                    )
                    for row in records[:20]
                    if row["affinity_score_adjusted"] is not None
                ],
            ),
            note="The first 40.",
        )
    ]


def attribution(page: FilePage) -> list[Block]:
    """Campaigns by the gifts credited to them, and the placebo."""
    columns = (
        "campaign_name",
        "client_shortname",
        "donors_attributed",
        "donations_credited",
        "avg_days_to_donate",
        "unique_clickers",
        "donors_per_100_clickers",
        "is_mature",
    )
    return [
        page.table(
            "Campaigns that gifts are credited to",
            "campaign_attribution",
            columns,
            f"where model = '{report.MODEL}' and campaign_id is not null "
            "and donors_attributed > 0 "
            "order by donations_credited desc, campaign_id limit 25",
            lead=f"The model is {report.MODEL}: the credits of a gift add up to 1. A credit is no "
            "proof that the campaign caused the gift.",
            plot=lambda records: plots.bars(
                "Gifts credited by campaign",
                [
                    plots.Bar(
                        str(row["campaign_name"] or row["campaign_id"]),
                        float(row["donations_credited"]),
                        number("", float(row["donations_credited"])),
                    )
                    for row in records[:15]
                ],
            ),
            note="The first 25 with enough donors.",
        ),
        report.placebo(page.session, page.glossary),
    ]


def journeys(page: FilePage) -> list[Block]:
    """Funnels and cohorts."""
    blocks = []
    for funnel in sorted({row["funnel"] for row in page.rows("funnels")}):
        name = funnel.replace("_", " ")
        blocks.append(
            page.table(
                f"Funnel: {name}",
                "funnels",
                ("entry_month", "step", "entrants", "reached", "step_rate", "overall_rate"),
                f"where funnel = '{funnel}' and is_mature and entry_month = (select max("
                f"entry_month) from {page.session.relation('marts', 'funnels')} "
                f"where funnel = '{funnel}' and is_mature) order by step_number",
                plot=lambda records: plots.bars(
                    "People who reached each step",
                    [plots.Bar(r["step"], r["reached"], f"{r['reached']:,}") for r in records],
                ),
                note="The last month of entry whose window is over.",
            )
        )
    for kind in sorted({row["cohort_kind"] for row in page.rows("cohorts")}):
        blocks.append(
            page.table(
                f"Cohorts by {kind.replace('_', ' ')}",
                "cohorts",
                ("cohort_month", "members", "months_since", "active", "retention_rate"),
                f"where cohort_kind = '{kind}' and is_complete and months_since in (1, 3, 6, 12) "
                "order by cohort_month desc, months_since limit 32",
                note="The latest cohorts, after 1, 3, 6 and 12 months.",
            )
        )
    return blocks


def scores(page: FilePage) -> list[Block]:
    """How good the scores were, out of time."""
    evaluated = page.table(
        "Scores against plain rules",
        "score_evaluation",
        (
            "score",
            "outcome",
            "population",
            "as_of_date",
            "people",
            "base_rate",
            "auc",
            "auc_low",
            "auc_high",
            "lift",
            "verdict",
        ),
        "where k_share = (select min(k_share) from "
        f"{page.session.relation('marts', 'score_evaluation')}) "
        "order by outcome, population, as_of_date desc, score limit 60",
        formats={"base_rate": "percent"},
    )
    points = [
        plots.Interval(
            str(row["predicted_share"]),
            row["observed_share"],
            row["observed_low"],
            row["observed_high"],
            "",
        )
        for row in page.rows(
            "score_calibration",
            "where score = 'gift_probability' and predicted_share is not null "
            "and observed_share is not null order by as_of_date desc, population, bin limit 10",
        )
    ]
    calibrated = Block(
        "Calibration of the gift probability",
        lead="Of people with a predicted share, how many gave?",
        plots=[plots.calibration("Predicted against observed share of givers", points)],
        note="" if points else "No bin with enough people.",
    )
    spread = page.table(
        "Spread of the scores",
        "score_distribution",
        ("score", "scored_people", "unscored_people", "mean", "median", "high_people"),
        "where bin = 1 order by score",
        note="One row per score.",
    )
    return [evaluated, calibrated, spread]


def segments(page: FilePage) -> list[Block]:
    """The defined segments."""
    return [
        page.table(
            "Segments",
            "segment_overview",
            (
                "segment",
                "name",
                "status",
                "owner",
                "people",
                "share_of_file",
                "change_since_last",
                "engagement_rate",
                "advice",
            ),
            "order by people desc nulls last, segment",
            plot=lambda records: plots.bars(
                "People by segment",
                [
                    plots.Bar(row["segment"].replace("_", " "), row["people"], f"{row['people']:,}")
                    for row in records
                    if row["people"] is not None
                ],
            ),
        ),
        page.table(
            "Groups by stage, engagement and birthday",
            "predictive_segments",
            ("segment_name", "people", "voter_share", "segment_size", "active_voters"),
            "where segment_name is not null order by people desc, segment_name limit 30",
        ),
    ]


def triggers(page: FilePage) -> list[Block]:
    """The triggers and what they did."""
    return [
        page.table(
            "Effects of triggers",
            "trigger_effects",
            (
                "trigger",
                "entered",
                "treated",
                "held_out",
                "difference",
                "ci_low",
                "ci_high",
                "p_value",
                "verdict",
                "smallest_effect",
            ),
            "order by trigger",
            formats={"difference": "points"},
        )
    ]


def experiments(page: FilePage) -> list[Block]:
    """The experiments and their results."""
    return [
        page.table(
            "Experiments",
            "experiments",
            (
                "experiment",
                "status",
                "units",
                "exposed",
                "sample_ratio_p",
                "verdict",
                "smallest_effect",
            ),
            "order by experiment",
        ),
        page.table(
            "Results",
            "experiment_results",
            (
                "experiment",
                "metric",
                "arm",
                "units",
                "mean",
                "control_mean",
                "difference",
                "ci_low",
                "ci_high",
                "p_adjusted",
                "is_final",
                "verdict",
            ),
            "order by experiment, metric, arm",
        ),
    ]


def checks(page: FilePage) -> list[Block]:
    """What the extracts held, and what became of their rows."""
    accounting = page.session.relation("quarantine", "row_accounting")
    records = page.session.records(Query(f"select * from {accounting} order by source_table"))
    names = [name for name in (records[0] if records else {}) if name != "build_id"]
    heads, rows = page.glossary.table(None, records, names)
    return [
        page.table(
            "Checks of the extracts",
            "input_checks",
            ("check_name", "source_table", "found_value", "limit_value", "status", "message"),
            "where status not in ('passed', 'not_compared') order by status, source_table, "
            "check_name limit 60",
            note="Checks that passed, or had nothing to compare with, are left out.",
            empty="Every check passed, or had nothing to compare with.",
        ),
        Block(
            "What became of each row",
            lead="Rows in are the sum of kept, unlinked, rejected and duplicate rows.",
            heads=heads,
            rows=rows,
        ),
        page.table(
            "Files that were read",
            "input_files",
            ("source_table", "source_file", "rows_in", "earliest_date", "latest_date"),
            "order by source_table, source_file limit 100",
        ),
        page.table(
            "The build",
            "build_info",
            (
                "build_id",
                "built_at",
                "as_of_date",
                "code_version",
                "rows_in",
                "voters",
                "duration_seconds",
            ),
            "",
        ),
    ]


PAGES: dict[str, Callable[[FilePage], list[Block]]] = {
    "/": overview,
    "/health": health,
    "/clients": clients,
    "/attribution": attribution,
    "/journeys": journeys,
    "/scores": scores,
    "/segments": segments,
    "/triggers": triggers,
    "/experiments": experiments,
    "/checks": checks,
}


def router(published: Published) -> APIRouter:
    """The routes of the pages."""
    routes = APIRouter()

    def show(address: str, request: Request) -> Response:
        api.begin(request, "page")
        with published.session() as session:
            page = FilePage(session)
            blocks = PAGES[address](page)
            content = rendered(
                "page.html",
                title="The whole file" if address == "/" else MENU[address],
                here=address,
                blocks=blocks,
                words=list(page.glossary.meanings.values()),
                **build_facts(session),
            )
            return hand_out(content, session)

    def one(address: str) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            return show(address, request)

        return answer

    for address in PAGES:
        routes.add_api_route(address, one(address), methods=["GET"], response_model=None)

    def form(request: Request, problem: str = "", status: int = 200) -> Response:
        with published.session() as session:
            content = rendered(
                "ask.html",
                title=MENU["/segment"],
                here="/segment",
                problem=problem,
                segments=segment_names(session),
                **build_facts(session),
            )
        return HTMLResponse(content, status)

    @routes.get("/segment", response_model=None)
    def ask(request: Request) -> Response:
        return form(request)

    @routes.post("/segment", response_model=None)
    async def answer(request: Request) -> Response:
        async with request.form(max_files=1, max_fields=10) as sent:
            uploaded = sent.get("list")
            content = await uploaded.read() if isinstance(uploaded, UploadFile) else b""
            return await run_in_threadpool(answered, request, sent, content)

    def answered(request: Request, sent: FormData, content: bytes) -> Response:
        api.begin(request, "report")
        try:
            with published.session() as session:
                svids, title = listed(session, sent, content)
                page = report_page(session, svids, title, is_file=False)
                return hand_out(page, session)
        except InputError as error:
            audit.end(2)
            return form(request, f"{str(error)[:1].upper()}{str(error)[1:]}.", 422)

    return routes


def listed(session: Session, sent: FormData, content: bytes) -> tuple[list[str], str]:
    """The ids that a form asks about, and the title of their report."""
    name = str(sent.get("segment") or "")
    if name:
        if name not in segment_names(session):
            raise InputError("there is no such segment")
        members = session.relation("marts", "segment_members")
        found = session.all_rows(
            Query(f"select state || ':' || svid from {members} where segment = ?", (name,))
        )
        return [svid for (svid,) in found], f"Report on the segment {name}"
    written = str(sent.get("ids") or "").encode("utf-8", "replace")
    if not content.strip() and not written.strip():
        raise InputError("give a list of voter ids")
    svids = ids.from_upload(content if content.strip() else written)
    return svids, f"Report on a list of {len(set(svids)):,} ids"


def segment_names(session: Session) -> list[str]:
    """The names of the segments of this build."""
    if not session.has("marts", "segment_overview"):
        return []
    mart = session.relation("marts", "segment_overview")
    return [
        name
        for (name,) in session.all_rows(
            Query(f"select segment from {mart} where status = 'active' order by segment")
        )
    ]


def hand_out(content: str, session: Session) -> Response:
    """The response with a page, after its line is in the audit log."""
    body = content.encode()
    audit.before_handing_out(
        format="html", rows=session.rows_read, output_digest=hashlib.sha256(body).hexdigest()
    )
    return HTMLResponse(body)
