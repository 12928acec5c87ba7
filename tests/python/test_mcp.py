"""The tools for assistants: groups only, small groups hidden, each call in the audit log."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import duckdb
import pytest
from mcp.client import Client
from mcp.server.mcpserver import MCPServer
from mcp_types import TextContent

from enrichment import contracts, paths
from enrichment.web.assistant import MOST_ROWS, make_server
from enrichment.web.published import Published


@pytest.fixture
def server(
    sample_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MCPServer[Any]]:
    """The server on a database of one's own: a second name of the sample's."""
    file = tmp_path / "warehouse" / sample_database.name
    file.parent.mkdir()
    os.link(sample_database, file)
    monkeypatch.setenv("BEHAVIORAL_DB", str(file))
    monkeypatch.setenv("BEHAVIORAL_HASH_KEY", "a key for tests only")
    published = Published()
    yield make_server(published)
    published.close()


def asked(server: MCPServer[Any], tool: str, **arguments: Any) -> tuple[bool, str]:
    """Whether a tool failed, and the text of its answer, as an assistant gets them."""

    async def call() -> tuple[bool, str]:
        async with Client(server) as client:
            answer = await client.call_tool(tool, arguments)
            texts = [part.text for part in answer.content if isinstance(part, TextContent)]
            return bool(answer.is_error), "".join(texts)

    return anyio.run(call)


def test_the_tools_answer_about_groups_and_are_logged(
    server: MCPServer[Any], sample_database: Path
) -> None:
    with duckdb.connect(str(sample_database), read_only=True) as con:
        ((segment, people),) = con.execute(
            "select segment, people from marts.segment_overview order by people desc limit 1"
        ).fetchall()
        ids = con.execute("select svid from marts.enriched_profiles").fetchall()
    is_wrong, text = asked(server, "list_segments")
    assert not is_wrong
    assert segment in {row["segment"] for row in json.loads(text)["rows"]}
    texts = [text]
    for tool in ("describe_segment", "segment_clients", "segment_health", "segment_attribution"):
        is_wrong, text = asked(server, tool, segment=segment)
        assert not is_wrong, text
        assert json.loads(text)["rows"], tool
        texts.append(text)
    clients = json.loads(texts[2])["rows"]
    assert min(row["unique_contacts"] for row in clients) >= 11
    every_word = {word for text in texts for word in text.replace('"', " ").split()}
    assert every_word & {svid for (svid,) in ids if len(svid) > 6} == set()
    lines = [json.loads(line) for line in paths.audit_file().read_text().splitlines()]
    assert [line["command"] for line in lines] == [
        *("export", "analyze", "affinity", "health", "attribution")
    ]
    assert {(line["via"], line["exit_code"]) for line in lines} == {("mcp", 0)}
    assert [line["ids"] for line in lines[1:]] == [people] * 4
    assert all(line["output_digest"] and line["build_id"] for line in lines)


def test_tables_about_single_people_are_not_there(server: MCPServer[Any]) -> None:
    _, text = asked(server, "list_tables")
    listed = set(json.loads(text))
    assert {"client_affinity", "engagement_health_weekly"} <= listed
    for name, one in contracts.relations("marts").items():
        assert (name in listed) is not one.is_about_single_people
    for tool in ("read_table", "describe_table"):
        is_wrong, text = asked(server, tool, table="enriched_profiles")
        assert is_wrong
        assert "there is no table about groups named 'enriched_profiles'" in text
    is_wrong, text = asked(server, "read_table", table="client_affinity", limit=5)
    assert len(json.loads(text)["rows"]) == 5
    assert asked(server, "read_table", table="client_affinity", limit=MOST_ROWS + 1)[0]


def test_a_wrong_question_is_one_line(server: MCPServer[Any]) -> None:
    is_wrong, text = asked(server, "segment_clients", segment="nobody_has_this")
    assert is_wrong
    assert "nobody_has_this" in text
    assert "Traceback" not in text
    line = json.loads(paths.audit_file().read_text().splitlines()[-1])
    assert (line["command"], line["exit_code"]) == ("affinity", 2)
    assert asked(server, "sql", query="select 1")[0]
