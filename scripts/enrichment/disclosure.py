"""Leaves out rows and columns that point at too few people from answers about groups.

The rule is SQL in the database: the table function ``segments.segment_hidden`` lists what must not
be shown of the answers about a segment. The other functions give exact answers. This module asks
both, leaves out what is listed, and reports how much that was. A list of people in the same answer
would give a hidden figure of the summary away, so it loses the columns of that figure.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from enrichment import audit, roles
from enrichment.contracts import Relation
from enrichment.database import Database, Query, identifier, text
from enrichment.paths import PROJECT

ROW_KEYS = {
    "segment_deviation": ("attribute", "value"),
    "segment_affinity": ("client_shortname",),
    "segment_health": ("week_start",),
    "segment_attribution": ("model", "campaign_id"),
}
"""The columns that make the ``row_key`` of segment_hidden, by function."""

SUMMARY = "segment_summary"
_PROFILE = "segment_profile"

_NOTHING_HIDDEN = "select '' as function_name, '' as row_key, '' as reason_hidden where false"

_ENGAGED = ("campaigns_engaged", "clients_engaged", "last_engagement_date")
_GIVEN = ("is_donor", "donation_count", "donation_amount", "last_donation_date")
_CLICKED, _OPENED = ("is_clicker", "total_clicks"), ("total_opens",)
OF_PEOPLE = {
    "linked": ("emails_linked", "phones_linked", "max_shared_by"),
    "with_behavior": ("link_status", *_CLICKED, *_OPENED, *_ENGAGED, *_GIVEN),
    "donors": _GIVEN,
    "clickers": (*_CLICKED, *_ENGAGED),
    "total_opens": (*_OPENED, *_ENGAGED),
}
"""The columns of segment_profile that give a figure of segment_summary away, person by person."""
_BEHAVIOR = ("with_behavior", "donors", "clickers", "total_opens")


class Disclosure:
    """Answers about one segment without what must be hidden.

    ``requested`` are the functions to call, each with its options; ``with_people`` segment_profile
    is called, too, and its rows are kept as ``temp.profiles``. With ``is_open`` nothing is hidden.
    """

    def __init__(
        self,
        database: Database,
        segment: Sequence[str],
        requested: Mapping[str, dict[str, Any]],
        *,
        is_open: bool,
        with_people: bool = True,
    ) -> None:
        self._database = database
        self._requested = tuple(requested)
        self._minimum = 0
        self._chosen: dict[str, Query] = {}
        self._hidden: list[tuple[str, str | None, str]] = []
        self.people = "temp.profiles"
        people: dict[str, dict[str, Any]] = {_PROFILE: {}} if with_people else {}
        profile = database.ask(_PROFILE, segment)
        if requested:
            database.keep_answers(segment, {**people, **requested})
            profile = Query(f"select * from {database.kept(_PROFILE)}")
        if with_people:
            database.keep("profiles", profile)
        if is_open:
            roles.require("small_groups")
            audit.note(small_cells=True)
            database.keep("hidden", Query(_NOTHING_HIDDEN))
        elif requested:
            self._find_hidden(segment)
            self._empty_people()

    def _find_hidden(self, segment: Sequence[str]) -> None:
        """Keeps the rows of segment_hidden about the requested functions as ``temp.hidden``."""
        database = self._database
        # The engine computes no answer that this condition excludes. The summary always counts: it
        # says which numbers of people are too small.
        functions = ", ".join(text(name) for name in sorted({SUMMARY, *self._requested}))
        condition = f"where function_name in ({functions})"
        database.keep("hidden", database.ask("segment_hidden", segment, then=condition))
        ((self._minimum,),) = database.all_rows(Query(f"select {_minimum(database)}"))
        self._hidden = [
            (function, column, reason)
            for function, column, reason in database.all_rows(
                Query("select function_name, column_name, reason_hidden from temp.hidden")
            )
        ]

    def _is_too_small(self) -> bool:
        """Whether the segment, or the rest of the file, has too few people for any answer."""
        return any(reason == "segment_too_small" for _, _, reason in self._hidden)

    def has_hidden(self) -> bool:
        """Whether the answer leaves out anything."""
        return bool(self._hidden)

    def hides_everything(self) -> bool:
        """Whether the segment has too few people for any answer about it."""
        return self._is_too_small()

    def hides_behavior(self) -> bool:
        """Whether the summary hides a figure of behavior, so that no other answer may give it."""
        hidden = self._columns(SUMMARY) if SUMMARY in self._requested else []
        return self._is_too_small() or any(figure in _BEHAVIOR for figure in hidden)

    def least_known(self) -> int:
        """The fewest ids of which the runner may say that they are known; 0 if it may say all."""
        hides_known = self._is_too_small() or "known" in self._columns(SUMMARY)
        return self._minimum if hides_known else 0

    def _empty_people(self) -> None:
        """Keeps the rows of segment_profile without what the summary hides as ``temp.people``."""
        if SUMMARY not in self._requested:
            return
        columns = self._database.columns(Query("select * from temp.profiles"))
        hidden = {name for figure in self._columns(SUMMARY) for name in OF_PEOPLE.get(figure, ())}
        if self._is_too_small():
            hidden = set(columns) - {"requested_svid"}
        if hidden:
            emptied = _emptied([name for name in columns if name in hidden])
            self._database.keep("people", Query(f"select * {emptied} from temp.profiles"))
            self.people = "temp.people"

    def of_people(self, function: str, segment: Sequence[str], then: str) -> Query:
        """The rows of a function with one row per requested id; ``then`` is SQL that orders them.

        They hold the ids alone if the summary of the same answer hides a figure of behavior.
        """
        if not self.hides_behavior():
            return self._database.ask(function, segment, then=then)
        asked = self._database.ask(function, segment)
        names = [name for name in self._database.columns(asked) if name != "requested_svid"]
        limit = " limit 10" if "limit 10" in then else ""
        return Query(
            f"select * {_emptied(names)} from ({asked.sql}) order by requested_svid{limit}",
            asked.values,
        )

    def _columns(self, function: str) -> list[str]:
        """The hidden columns of an answer."""
        return [column for name, column, _ in self._hidden if name == function and column]

    def _hidden_rows(self, function: str) -> dict[str, int]:
        """How many rows of an answer are hidden, by reason: of the rows that were asked for."""
        if function in self._chosen:
            chosen = self._chosen[function]
            counted = self._database.all_rows(
                Query(
                    "select reason_hidden, count(*) from temp.hidden "
                    f"where function_name = {text(function)} "
                    f"and row_key in ({chosen.sql}) group by all",
                    chosen.values,
                )
            )
            return {str(reason): int(count) for reason, count in counted}
        return Counter(
            reason for other, column, reason in self._hidden if other == function and not column
        )

    def rows(
        self,
        function: str,
        *,
        choose: str = "",
        values: Sequence[Any] = (),
        order: str,
        is_whole: bool = True,
    ) -> Query:
        """The rows of a function that may be shown.

        ``choose`` is SQL that chooses among all rows, hidden ones included, with its ``values``;
        ``order`` is SQL that orders the rows that are shown. The report counts the hidden rows of
        the whole answer, or if it is not ``is_whole``, those among the chosen ones.
        """
        key = ", ".join(f"cast({identifier(name)} as varchar)" for name in ROW_KEYS[function])
        if not is_whole:
            self._chosen[function] = Query(
                f"select concat_ws(':', {key}) as row_key "
                f"from (select * from {self._database.kept(function)} {choose})",
                tuple(values),
            )
        return Query(
            f"select * {_emptied(self._columns(function))} "
            f"from (select * from {self._database.kept(function)} {choose}) "
            f"where concat_ws(':', {key}) not in (select row_key from temp.hidden "
            f"where function_name = {text(function)} and row_key is not null) {order}",
            tuple(values),
        )

    def summary(self) -> Query:
        """The row of segment_summary; a hidden figure is NULL."""
        hidden = _emptied(self._columns(SUMMARY))
        return Query(f"select * {hidden} from {self._database.kept(SUMMARY)}")

    def id_counts(self) -> Query:
        """How many requested ids have each link_status; NULL if that number must be hidden."""
        is_hidden = "with_behavior" in self._columns(SUMMARY)
        return Query(
            "select link_status, "
            f"case when {is_hidden} and link_status in ('with_behavior', 'no_behavior') "
            "then null else count(*) end as ids "
            "from temp.profiles group by link_status order by link_status"
        )

    def report(self) -> None:
        """Prints how much was hidden to standard error; nothing if nothing was."""
        for note in self.notes():
            print(f"segment.py: {note} (--allow-small-cells shows them)", file=sys.stderr)

    def notes(self) -> Iterator[str]:
        """How much was hidden, a line for each answer; nothing if nothing was."""
        if not self._requested:
            return
        if self._is_too_small():
            yield (
                f"fewer than {self._minimum} people of the file are in the segment, or outside of "
                "it: answers about it are hidden"
            )
            return
        if self.people == "temp.people":
            yield "people: what the summary hides is hidden person by person, too"
        for function in self._requested:
            name, columns = function.removeprefix("segment_"), self._columns(function)
            if function == SUMMARY:
                if columns:
                    figures = "1 figure" if len(columns) == 1 else f"{len(columns)} figures"
                    yield f"{name}: {figures} hidden, about fewer than {self._minimum} people"
                continue
            if columns:
                figures = " and ".join(
                    figure for figure in ("clicks", "opens") if figure in columns
                )
                yield (
                    f"{name}: {figures} hidden, and rates and scores with them: too few people, or "
                    "all but too few, have any"
                )
            hidden = self._hidden_rows(function)
            if hidden:
                count, others = sum(hidden.values()), hidden.get("gives_another_away", 0)
                also = f", {others} of them to keep the rest from being worked out" * bool(others)
                yield (
                    f"{name}: {count} {'row' if count == 1 else 'rows'} hidden, "
                    f"about fewer than {self._minimum} people{also}"
                )


@cache
def _macros() -> Any:
    """The macros of the build that hide small groups: the runner has no rule of its own."""
    import jinja2

    source = (PROJECT / "macros" / "disclosure.sql").read_text(encoding="utf-8")
    return jinja2.Environment(autoescape=False).from_string(source).module  # noqa: S701 (SQL)


def _minimum(database: Database) -> str:
    """The fewest people that an answer may be about, as SQL."""
    return (
        f"(select cast(value as bigint) from {database.relation('seeds', 'rules')} "
        "where subject = 'disclosure_limits' and rule = 'small_group')"
    )


def shown_groups(database: Database, groups: Query) -> Query:
    """The rows of ``groups`` that may be shown, of about enough people.

    ``groups`` has the columns ``total_of``, ``row_key``, ``people``, ``other_people`` (a second
    group of which the row tells, or 0) and ``shown``, a struct: the columns to show. Rows of one
    ``total_of`` add up, so that one hidden row hides a second one.
    """
    marked = _macros().hidden_among_totals("limited", "total_of")
    return Query(
        "select * from (with limited as ("
        f"select *, {_minimum(database)} as minimum_people from ({groups.sql})) "
        f"select unnest(shown) from ({marked}) where not is_hidden)",
        groups.values,
    )


def shown_mart(database: Database, contract: Relation) -> Query:
    """The rows of a mart about groups that may be shown."""
    mart = database.relation("marts", contract.name)
    if not contract.people:
        return Query(f"select * from {mart}")
    first, *others = (f"coalesce(mart.{identifier(name)}, 0)" for name in contract.people)
    small = " ".join(
        f"when {count} between 1 and {_minimum(database)} - 1 then {count}" for count in others
    )
    totals = ", ".join(f"mart.{identifier(name)}" for name in contract.totals)
    return shown_groups(
        database,
        Query(
            "select mart as shown, cast(to_json(mart) as varchar) as row_key, "
            f"concat_ws(':', {totals or repr('')}) as total_of, cast({first} as bigint) as people, "
            f"cast({f'case {small} else 0 end' if small else '0'} as bigint) as other_people "
            f"from {mart} as mart"
        ),
    )


def _emptied(columns: Sequence[str]) -> str:
    """SQL after a star that leaves these columns without a value."""
    if not columns:
        return ""
    return f"replace ({', '.join(f'null as {identifier(name)}' for name in columns)})"
