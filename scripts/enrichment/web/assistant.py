"""The questions as tools of the Model Context Protocol, for an assistant that answers people.

The tools are about groups only. A segment is named, so that no voter id goes to an assistant or
comes from one. Small groups are hidden whatever the role; there is no free SQL; each call has a
line in the audit log before its answer leaves the process. The answers are those of the HTTP API.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from enrichment import audit, contracts, ids, output
from enrichment.analysis import analysis
from enrichment.answers import Answer
from enrichment.database import Query
from enrichment.disclosure import Disclosure, shown_mart
from enrichment.errors import InputError, RunnerError, shown
from enrichment.web.published import Published, Session

MOST_ROWS = 500
"""The most rows of one answer: an assistant reads all of them."""

_INSTRUCTIONS = (
    "Figures about groups of voters from the published build. Nothing here is about one person. "
    "Rows about too few people are left out, so sums of rows may be below a total. Ask for the "
    "meaning of a table's columns before you interpret them, and say of which day the figures are."
)
Segment = Annotated[str, Field(description="The name of a segment, as list_segments gives it.")]
Rows = Annotated[int, Field(ge=1, le=MOST_ROWS, description="The most rows to return.")]
_QUESTIONS = {
    "segment_affinity": "order by affinity_rank, client_shortname",
    "segment_health": "order by week_start desc",
    "segment_attribution": "order by model, donations_credited desc nulls last, campaign_id",
}


@contextmanager
def _call(command: str) -> Iterator[None]:
    """A call of a tool: its line in the audit log, and an error as one line."""
    audit.separate()
    try:
        audit.begin(command)
        audit.note(via="mcp")
        yield
    except RunnerError as error:
        audit.end(error.exit_code)
        raise ToolError(str(error)) from None


def _handed_out(session: Session | None, text: str) -> str:
    """The answer, after its line is in the audit log."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    rows = 0 if session is None else session.rows_read
    audit.before_handing_out(format="json", rows=rows, output_digest=digest)
    return text


def _about_groups() -> dict[str, contracts.Relation]:
    return {
        name: one
        for name, one in contracts.relations("marts").items()
        if not one.is_about_single_people
    }


def _mart(name: str) -> contracts.Relation:
    found = _about_groups().get(name)
    if found is None:
        raise InputError(f"there is no table about groups named {shown(name)}: see list_tables")
    return found


def _rows_of(session: Session, name: str, most: int) -> str:
    query = shown_mart(session, _mart(name))
    limited = Query(f"select * from ({query.sql}) order by all limit ?", (*query.values, most))
    answer = Answer.of(name, limited)
    return _dated(session, json.loads(output.json_text(session, answer)))


def _dated(session: Session, rows: Any) -> str:
    content = {"as_of_date": session.as_of_date.isoformat(), "rows": rows}
    return json.dumps(content, ensure_ascii=False)


def tools(published: Published) -> list[Callable[..., str]]:
    """The tools; each gives a JSON text."""

    def list_tables() -> str:
        """The tables about groups, each with the question that it answers."""
        with _call("list_tables"):
            found = {name: one.question for name, one in _about_groups().items()}
            return _handed_out(None, json.dumps(found, ensure_ascii=False))

    def describe_table(table: str) -> str:
        """The subject of a table, and the meaning of each column."""
        with _call("describe_table"):
            one = _mart(table)
            columns = {column.name: column.meaning for column in one.columns.values()}
            content = {"meaning": one.meaning, "columns": columns}
            return _handed_out(None, json.dumps(content, ensure_ascii=False))

    def read_table(table: str, limit: Rows = 100) -> str:
        """Rows of a table about groups, without those about too few people."""
        with _call("export"):
            _mart(table)
            with published.session() as session:
                return _handed_out(session, _rows_of(session, table, limit))

    def list_segments() -> str:
        """The segments: their names, sizes, engagement and advice."""
        with _call("export"), published.session() as session:
            return _handed_out(session, _rows_of(session, "segment_overview", MOST_ROWS))

    def describe_segment(segment: Segment, deviation_threshold: float = 0.1) -> str:
        """How much of a segment is known, how it differs from the file, and its clients."""
        with _call("analyze"):
            if not 0 <= deviation_threshold <= 1:
                raise InputError("deviation_threshold: expected a number from 0 to 1")
            people = ids.read_segment(None, [], segment)
            words = ["demographics", "client_affinity"]
            with published.session() as session:
                answer, _ = analysis(
                    session, people, words, deviation_threshold, "json", is_open=False
                )
                return _handed_out(
                    session, _dated(session, json.loads(output.json_text(session, answer)))
                )

    def ask(command: str, function: str, segment: str, limit: int) -> str:
        with _call(command):
            people = ids.read_segment(None, [], segment)
            with published.session() as session:
                groups = Disclosure(
                    session, people, {function: {}}, is_open=False, with_people=False
                )
                query = groups.rows(function, choose="", values=(), order=_QUESTIONS[function])
                answer = Answer.of(command, query)
                rows = json.loads(output.json_text(session, answer))[:limit]
                return _handed_out(session, _dated(session, rows))

    def segment_clients(segment: Segment, limit: Rows = 50) -> str:
        """The clients by the segment's response."""
        return ask("affinity", "segment_affinity", segment, limit)

    def segment_health(segment: Segment, limit: Rows = 26) -> str:
        """How healthy it is to mail a segment, the last week first."""
        return ask("health", "segment_health", segment, limit)

    def segment_attribution(segment: Segment, limit: Rows = 100) -> str:
        """Which campaigns the gifts of a segment came from, by attribution model."""
        return ask("attribution", "segment_attribution", segment, limit)

    return [
        *(list_tables, describe_table, read_table, list_segments, describe_segment),
        *(segment_clients, segment_health, segment_attribution),
    ]


def make_server(published: Published) -> MCPServer:
    """The server with its tools."""
    server = MCPServer("behavioral-enrichment", instructions=_INSTRUCTIONS)
    for tool in tools(published):
        server.tool(structured_output=False)(tool)
    return server
