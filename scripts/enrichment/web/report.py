"""The report on a segment: groups only, no person, and nothing about too few people.

Every number comes from a table function or a mart. What is here chooses rows and their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from enrichment.contracts import relation
from enrichment.database import Database, Query, identifier, text
from enrichment.disclosure import Disclosure, shown_groups
from enrichment.web import plots
from enrichment.web.blocks import Block, Glossary, cell, missing, number

ASKED: dict[str, dict[str, Any]] = {
    "segment_summary": {},
    "segment_deviation": {},
    "segment_affinity": {},
    "segment_health": {},
    "segment_attribution": {},
}
MODEL = "linear"
"""The attribution model of the report: its credits add up to the number of gifts."""

RATES = ("open_rate", "click_rate", "unsub_rate")
_STAGES = {
    "segment_lifecycle": {
        "lifecycle_stage": "lifecycle_stage",
        "donor_stage": "donor_stage",
        "risk_class": "risk_class",
    },
    "segment_scores": {"engagement_tier": "engagement_tier"},
    "segment_propensity": {
        "solicitation_blocked_by": "coalesce(solicitation_blocked_by, 'may be asked')",
        "donor_propensity_score": "cast(floor(least(donor_propensity_score, 0.999) * 10) / 10 "
        "as decimal(2, 1))",
    },
    "segment_timing": {
        "optimal_send_hour": "lpad(cast(optimal_send_hour as varchar), 2, '0')",
        "optimal_send_day": "optimal_send_day",
    },
    "segment_channels": {"preferred_channel": "preferred_channel"},
}
"""What the report counts people by: function, measure, and the SQL of its value."""

_SUMMARY = (
    ("requested", "ids in the list"),
    ("known", "in the voter file"),
    ("linked", "with an address or phone in use"),
    ("with_behavior", "with behavior on record"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Report:
    """The blocks of a report, and the definitions of what they show."""

    def __init__(self, database: Database, svids: Sequence[str]) -> None:
        self._database = database
        self.glossary = Glossary()
        self._svids = svids
        self._groups = Disclosure(database, svids, ASKED, is_open=False)
        self.has_hidden = self._groups.has_hidden()

    def blocks(self) -> list[Block]:
        """The blocks, in the order of the page."""
        if self._groups.hides_everything():
            return [
                Block(
                    "Too few people",
                    note="Fewer people than the minimum are in this list, or outside of it: a "
                    "report about them would point at persons.",
                )
            ]
        counted = self._counted()
        return [
            self._summary(),
            self._coverage(),
            self._deviation(),
            *self._stages(counted),
            self._affinity(),
            *self._health(),
            *self._asking(counted),
            *self._timing(counted),
            self._attribution(),
            self._placebo(),
            self._membership(),
        ]

    def _summary(self) -> Block:
        contract = relation("segments", "segment_summary")
        (record,) = self._database.records(self._groups.summary())
        facts = [(self.glossary.head(contract, name), cell(name, record[name])) for name in record]
        hidden = [head.label for head, value in facts if value.style == "missing"]
        note = f"Hidden or not known: {', '.join(hidden)}." if hidden else ""
        return Block("Who they are", facts=facts, note=note)

    def _coverage(self) -> Block:
        (record,) = self._database.records(self._groups.summary())
        requested = record["requested"] or 0
        bars = [
            plots.Bar(label, record[name], f"{record[name]:,} ({record[name] / requested:.0%})")
            for name, label in _SUMMARY
            if record[name] is not None and requested
        ]
        contract = relation("segments", "segment_deviation")
        unknown = self._database.records(
            self._groups.rows(
                "segment_deviation",
                choose="where value = 'unknown' and segment_people > 0",
                order="order by segment_share desc, attribute",
            )
        )
        columns = ("attribute", "segment_people", "segment_share", "baseline_share")
        heads, rows = self.glossary.table(contract, unknown, columns)
        statuses = self._database.records(self._groups.id_counts())
        said = ", ".join(
            f"{row['link_status'].replace('_', ' ')} {row['ids']:,}"
            for row in statuses
            if row["ids"] is not None
        )
        return Block(
            "Coverage, and what is not known",
            lead="Every answer is about the people whose addresses lead to behavior. The table "
            "has what the voter file does not say about the others.",
            plots=[plots.bars("From the list to behavior", bars)],
            heads=heads,
            rows=rows,
            note=f"Ids by status: {said}." if said else "",
        )

    def _deviation(self) -> Block:
        contract = relation("segments", "segment_deviation")
        records = self._database.records(
            self._groups.rows(
                "segment_deviation",
                choose="where value not in ('unknown', 'false') and difference is not null",
                order="order by is_flagged desc, abs(difference) desc, attribute, value limit 18",
            )
        )
        points = [
            plots.Interval(
                f"{row['attribute'].replace('_', ' ')}: {row['value']}",
                row["difference"],
                row["ci_low"],
                row["ci_high"],
                f"{100 * row['difference']:+.1f} pts",
                row["is_flagged"],
            )
            for row in records
        ]
        columns = (
            "attribute",
            "value",
            "segment_people",
            "segment_share",
            "baseline_share",
            "difference",
            "q_value",
            "is_flagged",
        )
        heads, rows = self.glossary.table(contract, records, columns, {"difference": "points"})
        return Block(
            "How they differ from the file",
            lead="The difference of shares in percentage points, with its 95 % interval. Orange "
            "is flagged: ten points or more, and unlikely to be chance.",
            plots=[plots.intervals("Difference of shares from the file", points)],
            heads=heads,
            rows=rows,
            note="The largest differences of groups that may be shown.",
        )

    def _affinity(self) -> Block:
        contract = relation("segments", "segment_affinity")
        records = self._database.records(
            self._groups.rows(
                "segment_affinity", order="order by affinity_rank, client_shortname limit 15"
            )
        )
        bars = [
            plots.Bar(
                row["client_shortname"],
                row["affinity_score_adjusted"],
                number("", row["affinity_score_adjusted"]),
            )
            for row in records
            if row["affinity_score_adjusted"] is not None
        ]
        columns = (
            "client_shortname",
            "unique_contacts",
            "sends",
            "open_rate",
            "click_rate",
            "unsub_rate",
            "affinity_score",
            "affinity_score_adjusted",
        )
        heads, rows = self.glossary.table(contract, records, columns)
        return Block(
            "Whose mail they like",
            lead="Clients by the adjusted affinity score: clicks, opens and unsubscribes per send, "
            "drawn towards the average where there are few sends.",
            plots=[plots.bars("Adjusted affinity score by client", bars)],
            heads=heads,
            rows=rows,
            note=_hidden_note(records),
        )

    def _health(self) -> list[Block]:
        records = self._database.records(
            self._groups.rows("segment_health", order="order by week_start")
        )
        return health_blocks(self._database, self.glossary, "segment_health", records)

    def _counted(self) -> dict[str, list[dict[str, Any]]]:
        """People of the segment by each measure; nothing if the summary hides their behavior."""
        found: dict[str, list[dict[str, Any]]] = {
            measure: [] for measures in _STAGES.values() for measure in measures
        }
        if self._groups.hides_behavior():
            return found
        for function, measures in _STAGES.items():
            for record in self._database.records(self._count(function, measures)):
                found[record["measure"]].append(record)
        return found

    def _count(self, function: str, measures: Mapping[str, str]) -> Query:
        values = ", ".join(
            f"cast({sql} as varchar) as {identifier(name)}" for name, sql in measures.items()
        )
        asked = self._database.ask(
            function,
            self._svids,
            select=f"select distinct state, svid, {values}",
            then="where svid is not null",
        )
        arms = " union all ".join(
            f"select {text(name)} as measure, {identifier(name)} as value, count(*) as people "
            f"from counted group by {identifier(name)}"
            for name in measures
        )
        groups = (
            f"with counted as materialized ({asked.sql}), arms as ({arms}) "
            "select struct_pack(measure := measure, value := value, people := people) as shown, "
            "measure as total_of, concat_ws(':', measure, value) as row_key, people, "
            "0 as other_people from arms"
        )
        shown = shown_groups(self._database, Query(groups, asked.values))
        return Query(f"{shown.sql} order by measure, people desc, value", shown.values)

    def _stages(self, counted: Mapping[str, list[dict[str, Any]]]) -> list[Block]:
        head = Block(
            "Where they stand",
            lead="People of the segment by stage. Nothing shows the stage of those who are not "
            "known.",
        )
        blocks = [
            self._by_measure(counted, "segment_lifecycle", "lifecycle_stage", "Stages of activity"),
            self._by_measure(counted, "segment_lifecycle", "donor_stage", "Stages of giving"),
            self._by_measure(counted, "segment_lifecycle", "risk_class", "Risk of going quiet"),
            self._by_measure(counted, "segment_scores", "engagement_tier", "Tiers of engagement"),
        ]
        return [head, *(block for block in blocks if block is not None)]

    def _by_measure(
        self,
        counted: Mapping[str, list[dict[str, Any]]],
        function: str,
        measure: str,
        heading: str,
    ) -> Block:
        records = counted[measure]
        meaning = self.glossary.head(relation("segments", function), measure).meaning
        bars = [
            plots.Bar(
                (row["value"] or "not known").replace("_", " "), row["people"], f"{row['people']:,}"
            )
            for row in records
        ]
        note = "" if records else "Hidden: too few people."
        return Block(heading, lead=meaning, plots=[plots.bars(heading, bars)], note=note, level=3)

    def _asking(self, counted: Mapping[str, list[dict[str, Any]]]) -> list[Block]:
        may = self._by_measure(
            counted,
            "segment_propensity",
            "solicitation_blocked_by",
            "Who may be asked for a gift",
        )
        scores = counted["donor_propensity_score"]
        score = self.glossary.head(
            relation("segments", "segment_propensity"), "donor_propensity_score"
        )
        bars = [
            plots.Bar(row["value"], row["people"], f"{row['people']:,}")
            for row in sorted(scores, key=lambda row: row["value"] or "")
            if row["value"] is not None
        ]
        note = "Each bar begins at the score below it." if bars else "Hidden: too few people."
        spread = Block(
            "Spread of the donor propensity score",
            lead=score.meaning,
            plots=[plots.columns("People by donor propensity score", bars)],
            note=note,
            level=3,
        )
        lead = (
            "A past gift decides nearly all of the donor propensity score. The table says whether "
            "each score found givers better than the plain rules did, in this file."
        )
        return [
            Block("Who to ask", lead=lead),
            may,
            spread,
            verdicts(self._database, self.glossary),
        ]

    def _timing(self, counted: Mapping[str, list[dict[str, Any]]]) -> list[Block]:
        contract = relation("segments", "segment_timing")
        self.glossary.head(contract, "optimal_send_hour")
        self.glossary.head(contract, "optimal_send_day")
        hours = [
            plots.Bar(row["value"], row["people"], f"{row['people']:,}")
            for row in sorted(counted["optimal_send_hour"], key=lambda row: row["value"] or "")
            if row["value"] is not None
        ]
        days = [
            plots.Bar(row["value"], row["people"], f"{row['people']:,}")
            for row in sorted(counted["optimal_send_day"], key=lambda row: _place(row["value"]))
            if row["value"] is not None
        ]
        when = Block(
            "Hour and day",
            lead="People by their best hour and day, local time. Most people have the level of a "
            "group, not one of their own.",
            plots=[
                plots.columns("People by best hour", hours),
                plots.columns("People by best day", days),
            ],
            note="" if hours or days else "Hidden: too few people.",
            level=3,
        )
        channel = self._by_measure(counted, "segment_channels", "preferred_channel", "Channel")
        return [Block("When, and on which channel"), when, channel]

    def _attribution(self) -> Block:
        contract = relation("segments", "segment_attribution")
        records = self._database.records(
            self._groups.rows(
                "segment_attribution",
                choose="where model = ?",
                values=(MODEL,),
                order="order by donations_credited desc nulls last, campaign_id nulls last "
                "limit 15",
            )
        )
        for row in records:
            if row["campaign_id"] is None:
                row["campaign_name"] = "no campaign within the window"
        bars = [
            plots.Bar(
                str(row["campaign_name"] or row["campaign_id"]),
                float(row["donations_credited"] or 0),
                number("", float(row["donations_credited"] or 0)),
                row["campaign_id"] is None,
            )
            for row in records
        ]
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
        heads, rows = self.glossary.table(contract, records, columns)
        return Block(
            "Which campaigns brought gifts",
            lead=f"Gifts credited to campaigns that were clicked before, model {MODEL}. A credit "
            "is no proof that the campaign caused the gift.",
            plots=[plots.bars("Gifts credited by campaign", bars)],
            heads=heads,
            rows=rows,
            note=_hidden_note(records),
        )

    def _placebo(self) -> Block:
        return placebo(self._database, self.glossary, level=3)

    def _membership(self) -> Block:
        heading = "Segments they are in"
        if not self._database.has("marts", "segment_members"):
            return missing(heading, "segment_members")
        members = self._database.relation("marts", "segment_members")
        profile = self._database.ask(
            "segment_profile",
            self._svids,
            select="select distinct state, svid",
            then="where svid is not null",
        )
        groups = Query(
            f"with people as ({profile.sql}), counted as (select segment, "
            f"count(*) as members from {members} inner join people using (state, svid) "
            "group by segment) "
            "select struct_pack(segment := segment, people := members) as shown, "
            "segment as total_of, '' as row_key, members as people, "
            "(select count(*) from people) - members as other_people from counted",
            profile.values,
        )
        # A segment is one group of its own: the others do not add up with it to anything.
        shown = shown_groups(self._database, groups)
        records = self._database.records(
            Query(f"{shown.sql} order by people desc, segment limit 30", shown.values)
        )
        bars = [
            plots.Bar(row["segment"].replace("_", " "), row["people"], f"{row['people']:,}")
            for row in records
        ]
        return Block(
            heading,
            lead="People of this list in each defined segment.",
            plots=[plots.bars(heading, bars)],
            note="" if records else "None with enough people.",
        )


def _place(day: str | None) -> int:
    return _DAYS.index(day) if day in _DAYS else len(_DAYS)


def _hidden_note(records: Sequence[Any]) -> str:
    shown = f"The first {len(records)}" if records else "None"
    return f"{shown} of those with enough people."


def bands(database: Database) -> dict[str, plots.Bands]:
    """The bands of each rate, from their seed."""
    seed = database.relation("seeds", "health_thresholds")
    return {
        row["metric"]: plots.Bands(
            float(row["healthy_bound"]), float(row["critical_bound"]), row["is_higher_better"]
        )
        for row in database.records(Query(f"select * from {seed}"))
    }


def health_blocks(
    database: Database, glossary: Glossary, name: str, records: Sequence[dict[str, Any]]
) -> list[Block]:
    """Weekly rates over their bands, and the last weeks in a table."""
    schema = "segments" if name.startswith("segment_") else "marts"
    contract = relation(schema, name)
    limits = bands(database)
    charts, meanings = [], []
    for rate in RATES:
        meanings.append(glossary.head(contract, rate).meaning)
        rows = [
            plots.Week(
                row["week_start"],
                row[rate],
                row[f"{rate}_status"] if row[f"{rate}_is_certain"] else "insufficient_data",
            )
            for row in records
            if row["is_complete_week"]
        ]
        charts.append(plots.weeks(f"{rate.replace('_', ' ')}, percent", rows, limits.get(rate)))
    columns = (
        "week_start",
        "active_contacts",
        "sends",
        *(name for rate in RATES for name in (rate, f"{rate}_status")),
    )
    heads, cells = glossary.table(contract, list(records)[-10:][::-1], columns)
    titled = [
        Block(
            f"{rate.replace('_', ' ').capitalize()} by week, percent",
            lead=meaning,
            plots=[chart],
            level=3,
        )
        for rate, meaning, chart in zip(RATES, meanings, charts, strict=True)
        if chart
    ]
    return [
        Block(
            "Health of mailing them" if schema == "segments" else "Health of our mail",
            lead="Rates by week over the bands of the brief. A grey point may be chance: its "
            "interval does not lie within one band.",
        ),
        *titled,
        Block("The last weeks", heads=heads, rows=cells, note=_weeks_note(records), level=3),
    ]


def _weeks_note(records: Sequence[Any]) -> str:
    if not records:
        return "No week with enough people."
    return "Weeks with fewer people than the minimum are left out."


def verdicts(database: Database, glossary: Glossary, level: int = 3) -> Block:
    """Whether the scores of giving beat plain rules, from the back-test of this build."""
    contract = relation("marts", "score_evaluation")
    mart = database.relation("marts", "score_evaluation")
    records = database.records(
        Query(
            "select score, outcome, population, people, positives, auc, auc_low, auc_high, verdict "
            f"from {mart} where outcome in ('gift', 'first_gift') and score in "
            "('donor_propensity_score', 'gift_probability', 'recency_only', 'count_only') "
            "and as_of_date = (select max(as_of_date) from "
            f"{mart} where outcome in ('gift', 'first_gift')) "
            # A file with too few givers shows no figure.
            "and people > 10 and positives not between 1 and 10 "
            "group by all order by outcome, population, score"
        )
    )
    columns = ("score", "outcome", "population", "auc", "auc_low", "auc_high", "verdict")
    heads, rows = glossary.table(contract, records, columns)
    return Block(
        "Which score to trust",
        lead="Back-test on the whole file: what was known before, against the gifts that came "
        "after.",
        heads=heads,
        rows=rows,
        note="" if records else "No back-test with enough gifts.",
        level=level,
    )


def placebo(database: Database, glossary: Glossary, level: int = 2) -> Block:
    """How much of the attribution chance alone would give."""
    heading = "What chance alone would credit"
    if not database.has("marts", "attribution_placebo"):
        return missing(heading, "attribution_placebo", level)
    contract = relation("marts", "attribution_placebo")
    mart = database.relation("marts", "attribution_placebo")
    records = database.records(
        Query(
            f"select * from {mart} where campaign_id is null and gifts > 10 order by model",
        )
    )
    columns = (
        "model",
        "gifts",
        "touched_share",
        "placebo_share",
        "difference",
        "ci_low",
        "ci_high",
    )
    heads, rows = glossary.table(contract, records, columns, {"difference": "points"})
    return Block(
        heading,
        lead="The whole file: the share of gifts with a click before them, against the same "
        "share in windows before the clicks, where no campaign can have worked.",
        heads=heads,
        rows=rows,
        level=level,
    )
