"""Keeps answers about groups from pointing at persons.

The table functions stay exact. Around the call of one the runner puts a query that leaves out every
row about fewer people than the seed ``disclosure_limits`` wants (0 stays: nobody is no person), and
so many more that a row left out cannot be worked out from a total: in each set of rows that add up,
at least two are left out, and together they are about that many people too. The smallest rows go
first. Nothing at all is told of a segment of too few people, nor of one that all but too few people
of the file are in.

What this cannot prevent is comparing the answers about two segments that differ by one person.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from enrichment import audit
from enrichment.database import Database, Query, identifier

# A county lies in one state, so counties add up to states: with a county hidden, so are the states.
_STATES_GIVE_COUNTIES = """
    attribute = 'state'
    and coalesce(bool_or(is_hidden and attribute = 'county') over (), false)
    and count(case when attribute = 'state' and people_in_row > 0 then 1 end) over () > 1"""


@dataclass(frozen=True)
class Cells:
    """How rows about groups are judged, as SQL over their columns.

    ``people`` is how many a row is about, ``groups`` the counts none of which may be too small,
    ``within`` the columns within which rows add up, ``tie`` what orders rows of the same size,
    ``more`` what else is hidden.
    """

    people: str
    groups: tuple[str, ...]
    within: str
    tie: str
    more: str = "false"


_ROWS = {
    "segment_deviation": Cells(
        "segment_people",
        ("segment_people", "baseline_people"),
        "attribute",
        "value",
        _STATES_GIVE_COUNTIES,
    ),
    "segment_affinity": Cells("unique_contacts", ("unique_contacts",), "1", "client_shortname"),
    "segment_health": Cells("active_contacts", ("active_contacts", "sends"), "1", "week_start"),
    "segment_attribution": Cells(
        "donors_attributed", ("donors_attributed", "unique_clickers"), "model", "campaign_id"
    ),
}

# Rows of these count what the summary counts, too.
_OF_BEHAVIOR = ("segment_affinity", "segment_health")

# The distinct voters of the segment (an id may be written in more than one way), and for each
# figure of the summary the groups that it tells of: those who did it, and those of a larger group
# in the same summary who did not.
_COUNTED = """
    select
        count(*) as people,
        count(case when is_linked then 1 end) as linked_people,
        count(case when link_status = 'with_behavior' then 1 end) as active_people,
        count(case when is_donor then 1 end) as donor_people,
        count(case when is_clicker then 1 end) as clicker_people,
        count(case when is_opener then 1 end) as opener_people
    from (
        select distinct
            state,
            svid,
            link_status,
            is_donor,
            is_clicker,
            emails_linked + phones_linked > 0 as is_linked,
            total_opens > 0 as is_opener
        from temp.profiles
        where svid is not null
    )"""
_GROUPS = {
    "linked": ("linked_people", "people - linked_people"),
    "behavior": ("active_people", "people - active_people", "abs(linked_people - active_people)"),
    "donors": ("donor_people", "people - donor_people", "active_people - donor_people"),
    "clicks": ("clicker_people", "people - clicker_people", "active_people - clicker_people"),
    "opens": ("opener_people", "people - opener_people", "active_people - opener_people"),
}
# The figures of the summary by whom they are about.
_FIGURES = {
    "linked": ("linked",),
    "behavior": ("with_behavior", "coverage_rate"),
    "donors": ("donors", "donation_count"),
    "clicks": ("clickers", "total_clicks"),
    "opens": ("total_opens",),
}


def judged(rows: str, cells: Cells, least: int, *, is_closed: bool = False) -> str:
    """SQL of rows with ``reason_hidden``, NULL where a row may be shown; nothing is, if closed."""
    small = " or ".join(f"{group} between 1 and {least - 1}" for group in cells.groups)
    return f"""
        with judged as (
            select
                *,
                coalesce({small}, false) as is_small,
                coalesce({cells.people}, 0) as people_in_row
            from {rows}
        ),
        ordered as (
            select
                *,
                bool_or(is_small) over (partition by {cells.within}) as has_small,
                row_number() over smallest_first as place,
                sum(people_in_row) over smallest_first - people_in_row as people_before
            from judged
            window smallest_first as (
                partition by {cells.within}
                order by
                    case when is_small then 0 when people_in_row > 0 then 1 else 2 end,
                    people_in_row,
                    {cells.tie}
                rows unbounded preceding
            )
        ),
        hidden as (
            select
                *,
                has_small and (is_small or place <= 2 or people_before < {least}) as is_hidden
            from ordered
        ),
        reasoned as (
            select
                *,
                case
                    when is_small or {is_closed} then 'small'
                    when is_hidden or {cells.more} then 'gives another'
                end as reason_hidden
            from hidden
        )
        select * exclude (is_small, people_in_row, has_small, place, people_before, is_hidden)
        from reasoned"""


def _emptied(columns: Sequence[str]) -> str:
    """SQL after a star that leaves these columns without a value."""
    if not columns:
        return ""
    return f"replace ({', '.join(f'null as {identifier(name)}' for name in columns)})"


class Disclosure:
    """Asks about one segment, hides what is about too few people, and can tell how much that was.

    ``asked`` are the functions to be told of, each with its options; segment_profile is asked in
    any case. With ``is_open`` nothing is hidden: the answers are those of the functions.
    """

    def __init__(
        self,
        database: Database,
        segment: Sequence[str],
        asked: Mapping[str, dict[str, Any]],
        *,
        is_open: bool,
    ) -> None:
        self._database = database
        self._is_open = is_open
        self._hidden: dict[str, tuple[int, int]] = {}
        self._is_closed = False
        self._hides = dict.fromkeys(_GROUPS, False)
        self._least = 0
        profile = database.ask("segment_profile", segment)
        if asked:
            database.keep_answers(segment, {"segment_profile": {}, **asked})
            profile = Query(f"select * from {database.kept('segment_profile')}")
        database.keep("profiles", profile)
        if is_open:
            audit.note(small_cells=True)
            return
        seed = database.relation("seeds", "disclosure_limits")
        profiles = database.relation("marts", "enriched_profiles")
        few = ", ".join(
            f"({' or '.join(f'{count} between 1 and min_people - 1' for count in counts)})"
            for counts in _GROUPS.values()
        )
        ((self._least, self._is_closed, *hides),) = database.all_rows(
            Query(
                f"with least as (select cast(value as bigint) as min_people from {seed} "
                "where rule = 'small_group'), "
                f"sizes as (select count(*) as voters from {profiles}), counted as ({_COUNTED}) "
                "select min_people, people between 1 and min_people - 1 "
                f"or voters - people between 1 and min_people - 1, {few} "
                "from least cross join sizes cross join counted"
            )
        )
        self._hides = dict(zip(_GROUPS, hides, strict=True))

    def rows(
        self,
        function: str,
        *,
        choose: str = "",
        values: Sequence[Any] = (),
        order: str,
    ) -> Query:
        """The rows of a function that may be shown.

        ``choose`` is SQL that chooses among all rows, hidden ones too, with its ``values``;
        ``order`` is SQL that orders those that are shown.
        """
        if self._is_open:
            kept = self._database.kept(function)
            return Query(f"select * from {kept} {choose} {order}", tuple(values))
        if function not in self._hidden:
            self._judge(function)
        return Query(
            f"select * exclude (reason_hidden) {self._without_behavior(function)} from "
            f"(select * from temp.{identifier(function)} {choose}) "
            f"where reason_hidden is null {order}",
            tuple(values),
        )

    def _without_behavior(self, function: str) -> str:
        """SQL that empties the columns which give away a number that the summary does not tell.

        Where too few people clicked, or opened, no row of clients or weeks tells how often.
        """
        if function not in _OF_BEHAVIOR:
            return ""
        hidden = {column for column in ("clicks", "opens") if self._hides[column]}
        if not hidden:
            return ""
        names = self._database.columns(Query(f"select * from temp.{identifier(function)}"))
        return _emptied(
            [
                name
                for name in names
                if name in hidden
                or name.startswith(("click_to_open_rate", "affinity_"))
                or (name.startswith("click_rate") and "clicks" in hidden)
                or (name.startswith("open_rate") and "opens" in hidden)
            ]
        )

    def _judge(self, function: str) -> None:
        kept, cells = self._database.kept(function), _ROWS[function]
        sql = judged(kept, cells, self._least, is_closed=self._is_closed)
        self._database.keep(function, Query(sql))
        ((small_rows, other_rows),) = self._database.all_rows(
            Query(
                "select count(case when reason_hidden = 'small' then 1 end), "
                "count(case when reason_hidden = 'gives another' then 1 end) "
                f"from temp.{identifier(function)}"
            )
        )
        self._hidden[function] = (small_rows, other_rows)

    def summary(self) -> Query:
        """The row of segment_summary; a figure about too few people, or all but too few, is NULL.

        Ids are counted there, and people judged here: an id may be written in more than one way.
        """
        kept = self._database.kept("segment_summary")
        if self._is_open:
            return Query(f"select * from {kept}")
        hidden = [
            figure
            for group, figures in _FIGURES.items()
            for figure in figures
            if self._is_closed or self._hides[group]
        ]
        if self._is_closed:
            hidden.append("known")
        self._database.keep(
            "segment_summary",
            Query(f"select * {_emptied(hidden)} from {kept}"),
        )
        shown = Query("select * from temp.segment_summary")
        _, rows = self._database.rows(shown)
        figures = next(rows)
        nulls = sum(value is None for value in figures)
        if figures[0] == 0 and nulls:
            nulls -= 1  # of no ids there is no coverage rate
        self._hidden["segment_summary"] = (nulls, 0)
        return shown

    def id_counts(self) -> Query:
        """How many requested ids have each link_status; NULL where that is, or tells, too few."""
        counted = (
            "select link_status, count(*) as ids, count(distinct state || ':' || svid) as people "
            "from temp.profiles group by link_status"
        )
        if self._is_open:
            return Query(f"select link_status, ids from ({counted}) order by link_status")
        few = f"coalesce(bool_or(people between 1 and {self._least - 1}) over (), false)"
        return Query(
            "select link_status, "
            f"case when svids_known and ({self._is_closed or self._hides['behavior']} or {few}) "
            "then null else ids end as ids "
            "from (select *, link_status in ('with_behavior', 'no_behavior') as svids_known "
            f"from ({counted})) order by link_status"
        )

    def tell(self) -> None:
        """Says on standard error how much was hidden; nothing where nothing was."""
        if self._is_closed and self._hidden:
            print(
                f"segment.py: fewer than {self._least} people of the file are in the segment, or "
                "outside of it: answers about it are hidden (--allow-small-cells shows them)",
                file=sys.stderr,
            )
            return
        emptied = " and ".join(name for name in ("clicks", "opens") if self._hides[name])
        for function, (small, others) in self._hidden.items():
            if emptied and function in _OF_BEHAVIOR:
                print(
                    f"segment.py: {function.removeprefix('segment_')}: {emptied} hidden, and rates "
                    f"and scores with them: of too few people, or all but too few "
                    "(--allow-small-cells shows them)",
                    file=sys.stderr,
                )
            name = function.removeprefix("segment_")
            if function == "segment_summary" and small:
                what = f"{small} figures"
            elif small + others:
                what = f"{small + others} rows"
            else:
                continue
            also = f", {others} of them to keep the rest from being worked out" if others else ""
            print(
                f"segment.py: {name}: {what} hidden, about fewer than {self._least} people{also} "
                "(--allow-small-cells shows them)",
                file=sys.stderr,
            )
