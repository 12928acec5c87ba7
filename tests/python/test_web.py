"""The report page, the live pages, the HTTP API and the role file, on the sample's database."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

import segment
from enrichment import audit, contracts, paths, roles, web_extra
from enrichment.database import Database, Query
from enrichment.disclosure import shown_groups
from enrichment.web import gate, plots
from enrichment.web.published import Answers, Body, Published
from enrichment.web.render import MENU, prose
from enrichment.web.server import make_app
from sample_data.pairs import halves, opened

PROJECT = Path(__file__).resolve().parents[2]
TOKEN = "a token for tests only"  # noqa: S105
HOST = "http://127.0.0.1:8000"
ASK = "/api/v1/segment/"
BODIES: dict[str, str] = {
    "analyze": """{
        "svids": %s,
        "include": {
            "demographics": true,
            "engagement": true,
            "donations": true,
            "client_affinity": true
        },
        "deviation_threshold": 0.1
    }""",
    "propensity": '{"svids": %s, "model": "donor", "threshold": 0.5}',
    "lookalike": '{"seed_svids": %s, "expansion_size": 1000, "min_similarity": 0.3}',
    "affinity": '{"svids": %s, "top_n": 60}',
}
"""The bodies of the brief, word for word, but for the ids."""
AS_TYPED = {
    "analyze": ["--deviation-threshold", "0.1"],
    "propensity": ["--model", "donor", "--threshold", "0.5"],
    "lookalike": ["--expansion-size", "1000", "--min-similarity", "0.3"],
    "affinity": ["--top", "60"],
}


@pytest.fixture(scope="session")
def voters(sample_database: Path) -> list[str]:
    """The ids of 200 voters of the sample, among them all donors."""
    with opened(sample_database) as con:
        rows = con.execute(
            "select state || ':' || svid from marts.enriched_profiles "
            "order by row_number() over (partition by is_donor order by svid, state), 1 limit 200"
        ).fetchall()
    return [svid for (svid,) in rows]


@pytest.fixture
def database(
    sample_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A published pair of one's own: second names of the sample's files, which no test changes."""
    file = tmp_path / "warehouse" / sample_database.name
    file.parent.mkdir()
    for half in halves(sample_database):
        os.link(half, file.with_name(half.name))
    monkeypatch.setenv("BEHAVIORAL_DB", str(file))
    monkeypatch.setenv("BEHAVIORAL_HASH_KEY", "a key for tests only")
    monkeypatch.chdir(tmp_path)
    yield file


def served(role: roles.Role = roles.EVERYBODY, *tokens: roles.Token) -> TestClient:
    """A client of a server in this process, without a token."""
    keys = gate.Keys(TOKEN, role, tokens)
    return TestClient(make_app(keys, gate.Hosts("127.0.0.1")), base_url=HOST)


@pytest.fixture
def client(database: Path) -> Iterator[TestClient]:
    """A client that sends the token."""
    with served() as client:
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        yield client


def publish(database: Path, build_id: str) -> None:
    """Publishes a copy of the database as another build."""
    part = database.with_name("work") / database.name
    part.parent.mkdir(exist_ok=True)
    shutil.copy(database, part)
    with duckdb.connect(str(part)) as con:
        con.execute("update marts.build_info set build_id = ?", [build_id])
    part.replace(database)


def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in paths.audit_file().read_text().splitlines()]


def said(response: Response) -> str:
    """The one line of a refusal."""
    detail = response.json()["detail"]
    assert isinstance(detail, str)
    assert "\n" not in detail
    return detail


# ------------------------------------------------------------------------------------------ API


@pytest.mark.parametrize("question", BODIES)
def test_the_bodies_of_the_brief_give_what_the_runner_writes(
    question: str, client: TestClient, voters: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    """000-35 … 000-38: the same JSON, with one line of the audit log."""
    ids = [*voters, " 99 ", voters[0]]
    response = client.post(ASK + question, content=BODIES[question] % json.dumps(ids))
    assert response.status_code == 200, response.text
    line = lines()[-1]
    options = [part for svid in ids for part in ("--svid", svid)]
    capfd.readouterr()
    assert segment.run([question, *options, *AS_TYPED[question], "--format", "json"]) == 0
    assert response.text == capfd.readouterr().out
    assert response.json()
    by_runner = lines()[-1]
    for name in ("command", "ids", "ids_digest", "output_digest", "build_id", "exit_code"):
        assert line[name] == by_runner[name], name
    assert (line["via"], line["token"]) == ("api", "server")
    assert response.headers["X-Build-Id"] == line["build_id"]
    again = client.post(ASK + question, content=BODIES[question] % json.dumps(ids))
    assert again.content == response.content
    assert lines()[-1]["output_digest"] == line["output_digest"]


def test_parts_that_are_not_named_are_left_out(client: TestClient, voters: list[str]) -> None:
    def parts(**body: Any) -> list[str]:
        return list(client.post(f"{ASK}analyze", json={"svids": voters, **body}).json())

    assert parts() == ["summary", "demographics", "engagement", "donations", "client_affinity"]
    assert parts(include={}) == ["summary"]
    assert parts(include={"scores": True, "donations": False}) == ["summary", "scores"]


LONG = ["0012345"] * 10_001
REFUSED: list[tuple[str, str, Any, int, str]] = [
    ("post", "analyze", {"svids": ["0012345"], "svid": "0012345"}, 422, "unknown key: 'svid'"),
    ("post", "analyze", {"svids": ["1"], "x0012345": 1}, 422, "unknown key: the given value"),
    ("post", "analyze", {"svids": ["1"], "include": {"all": True}}, 422, "unknown key: 'all'"),
    ("post", "analyze", {}, 422, "svids: field required"),
    ("post", "analyze", {"svids": []}, 422, "svids: no voter id"),
    ("post", "analyze", {"svids": ["", " ", None]}, 422, "svids: no voter id"),
    ("post", "analyze", {"svids": ["1", 12345]}, 422, "svids.2: input should be a valid string"),
    ("post", "analyze", {"svids": "0012345"}, 422, "svids: input should be a valid list"),
    ("post", "propensity", {"svids": LONG}, 422, "at most 10000 items"),
    ("post", "propensity", {"svids": ["1"], "model": "0012345"}, 422, "'donor' or 'gift'"),
    ("post", "propensity", {"svids": ["1"], "threshold": 1.5}, 422, "threshold: "),
    ("post", "propensity", {"svids": ["1"], "threshold": "0.5"}, 422, "threshold: "),
    ("post", "lookalike", {"svids": ["1"]}, 422, "seed_svids: field required"),
    ("post", "lookalike", {"seed_svids": ["1"], "expansion_size": 0}, 422, "expansion_size: "),
    ("post", "lookalike", {"seed_svids": ["1"], "min_similarity": -1}, 422, "min_similarity: "),
    ("post", "affinity", {"svids": ["1"], "top_n": 1.5}, 422, "top_n: "),
    ("post", "affinity", '{"svids": ["0012345"]', 422, "the body is not a JSON object"),
    ("post", "affinity", '"0012345"', 422, "the body is not a JSON object"),
    ("post", "affinity", b"\xff\xfe0012345", 422, "the body is not a JSON object"),
    ("post", "affinity", '{"svids": ["0012345\\ud800"]}', 422, "not valid Unicode"),
    ("post", "affinity", " " * (gate.LARGEST_BODY + 1), 413, "too large"),
    ("get", "affinity", None, 405, "method not allowed"),
    ("post", "nothing", {"svids": ["0012345"]}, 404, "not found"),
    ("get", "../marts/nothing", None, 404, "no such mart"),
    ("get", "../marts/rejected_rows", None, 404, "no such mart"),
    ("get", "../marts/coverage?limit=0", None, 422, "limit: "),
    ("get", "../marts/coverage?limit=10001", None, 422, "limit: "),
    ("get", "../marts/coverage?where=1", None, 422, "unknown key: 'where'"),
]


@pytest.mark.parametrize(("method", "place", "body", "status", "line"), REFUSED)
def test_bad_input_is_refused_in_one_line_without_an_id(
    method: str, place: str, body: Any, status: int, line: str, client: TestClient
) -> None:
    content = body if isinstance(body, str | bytes | None) else json.dumps(body)
    response = client.request(method, ASK + place, content=content)
    assert response.status_code == status, response.text
    assert line in said(response)
    assert "12345" not in response.text
    if paths.audit_file().exists():
        assert "12345" not in paths.audit_file().read_text()


def test_without_a_token_nothing_is_answered_but_the_health(database: Path) -> None:
    with served() as client:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
            for path in ("/", "/clients", "/openapi.json", "/api/v1/marts/coverage", "/nothing"):
                response = client.get(path, headers=headers)
                assert response.status_code == 401, path
                assert response.headers["WWW-Authenticate"] == "Bearer"
            # Not even whether a body is valid.
            assert client.post(f"{ASK}analyze", content="{", headers=headers).status_code == 401
        assert client.get("/healthz").json() == {"status": "ok"}
    assert {line["refused"] for line in lines()} == {"token"}
    assert len(lines()) == 18


def test_a_foreign_host_is_refused() -> None:
    for host, headers in {
        "127.0.0.1": ["127.0.0.1", "127.0.0.1:8000", "localhost:1", "LOCALHOST", "[::1]:8000"],
        "0.0.0.0": ["localhost", "192.0.2.7:8000", "[2001:db8::1]:8000", "voters.example"],  # noqa: S104
    }.items():
        hosts = gate.Hosts(host, ["voters.example"])
        assert all(hosts.answers(header) for header in headers)
    for header in (
        "evil.example",
        "",
        "127.0.0.1.evil.example",
        "192.0.2.7",
        "[::2]",
        "localhost.x",
    ):
        assert not gate.Hosts("127.0.0.1").answers(header)
    with served() as client:
        response = client.get("/healthz", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "Host" in said(response)


def test_without_a_database_there_is_no_answer(client: TestClient, database: Path) -> None:
    aside = database.with_name("aside")
    database.rename(aside)
    assert client.get("/healthz").json() == {"status": "no_database"}
    for response in (
        client.post(f"{ASK}affinity", json={"svids": ["0012345"]}),
        client.get("/api/v1/marts/coverage"),
        client.get("/", headers={"Accept": "text/html"}),
    ):
        assert response.status_code == 503
        assert str(database.parent) not in response.text
        assert "segment.py build" in response.text
    database.write_bytes(b"no database")
    assert client.get("/api/v1/marts/coverage").status_code == 503
    aside.replace(database)
    assert client.get("/healthz").status_code == 200
    assert client.get("/api/v1/marts/coverage").status_code == 200


def test_an_answer_needs_its_line_in_the_log(client: TestClient, database: Path) -> None:
    paths.audit_file().mkdir()
    response = client.get("/api/v1/marts/coverage")
    assert response.status_code == 503
    assert "audit log" in said(response)
    assert client.get("/clients", headers={"Accept": "text/html"}).status_code == 503


def test_a_defect_is_one_line_without_its_text(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any) -> None:
        raise KeyError("0012345")

    monkeypatch.setattr("enrichment.web.api.shown_mart", fail)
    response = client.get("/api/v1/marts/coverage")
    assert (response.status_code, said(response)) == (
        500,
        "unexpected KeyError; please report it",
    )
    err = capfd.readouterr().err
    assert re.fullmatch(r"segment.py: unexpected KeyError at test_web.py, line \d+\n", err), err


def test_a_build_that_is_published_in_the_middle(database: Path, voters: list[str]) -> None:
    """A request keeps its build to the end; the next one sees the new build."""
    published = Published()
    with published.session() as first:
        publish(database, "second")
        with published.session() as second:
            assert second.build_id == "second"
        assert first.build_id != "second"
        published.let_go()
        info = first.relation("marts", "build_info")
        ((build_id,),) = first.all_rows(Query(f"select build_id from {info}"))
        assert build_id == first.build_id
        assert first.all_rows(first.ask("segment_summary", voters))
    publish(database, "third")
    published.let_go()
    handles = [link for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    assert not [link for link in handles if str(database) in str(link.readlink())]
    published.close()


def test_eight_clients_while_builds_are_published(
    client: TestClient, database: Path, voters: list[str]
) -> None:
    """Every answer is complete and of one build; equal lists of one build have equal answers."""
    found: list[tuple[str, str, str, int, bytes]] = []

    def ask(number: int) -> None:
        for turn in range(3):
            question = list(BODIES)[(number + turn) % 4]
            ids = voters[number % 2 :]
            response = client.post(ASK + question, content=BODIES[question] % json.dumps(ids))
            build = response.headers.get("X-Build-Id", "")
            found.append((question, str(len(ids)), build, response.status_code, response.content))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for number in range(5):
        publish(database, f"build-{number}")
    for thread in threads:
        thread.join()
    assert [status for *_, status, _ in found] == [200] * 24
    answers: dict[tuple[str, str, str], set[bytes]] = {}
    for question, length, build, _, content in found:
        json.loads(content)
        answers.setdefault((question, length, build), set()).add(content)
    assert {len(contents) for contents in answers.values()} == {1}
    assert client.get("/api/v1/marts/build_info").json()[0]["build_id"] == "build-4"
    assert len(lines()) == 25


def test_kept_answers_stay_within_their_size() -> None:
    answers = Answers(most=1_000)
    for number in range(20):
        answers.put(bytes([number]), Body(b"x" * 100, "", 1, has_hidden=False))
    assert [number for number in range(20) if answers.get(bytes([number]))] == list(range(10, 20))
    answers.put(b"large", Body(b"x" * 500, "", 1, has_hidden=False))
    assert answers.get(b"large") is None


def test_the_openapi_document_has_what_the_contracts_have(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert set(document["paths"]) == {
        *(ASK + question for question in BODIES),
        "/api/v1/marts/{mart}",
        "/api/v1/definitions",
        "/healthz",
    }
    schemas = document["components"]["schemas"]
    for schema, name in (("marts", "client_affinity"), ("segments", "segment_propensity")):
        contract = contracts.relation(schema, name)
        assert contract is not None
        shown = schemas[f"marts.{name}" if schema == "marts" else name]["properties"]
        assert {column: one["description"] for column, one in shown.items()} == {
            column.name: column.meaning for column in contract.columns.values()
        }
    (mart,) = (
        one
        for one in document["paths"]["/api/v1/marts/{mart}"]["get"]["parameters"]
        if one["name"] == "mart"
    )
    assert mart["schema"]["enum"] == list(contracts.names("marts"))


def test_the_definitions_are_those_of_the_folder(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "definitions" / "segments"
    folder.mkdir(parents=True)
    monkeypatch.setenv("BEHAVIORAL_DEFINITIONS_DIR", str(folder.parent))
    assert client.get("/api/v1/definitions").json() == []
    who = {"did": "donation", "at_least": 1, "within": "365 days"}
    given = {"segment": "givers", "name": "Givers", "owner": "us", "status": "active", "who": who}
    (folder / "givers.yml").write_text(json.dumps(given))
    answer = client.get("/api/v1/definitions")
    assert answer.json() == [{"kind": "segment", "name": "givers", "definition": given}]
    (folder / "givers.yml").write_text("segment: [")
    answer = client.get("/api/v1/definitions")
    assert (answer.status_code, said(answer)) == (
        503,
        "the definitions are not valid: run `segment.py definitions check`",
    )


# --------------------------------------------------------------------------------- small groups


def test_too_few_people_get_no_figure(client: TestClient, voters: list[str]) -> None:
    few = voters[:10]
    answer = client.post(f"{ASK}analyze", json={"svids": few}).json()
    assert set(answer["summary"].values()) <= {None, len(few)}
    assert answer["demographics"] == answer["client_affinity"] == []
    people = answer["engagement"] + answer["donations"]
    assert {value for row in people for name, value in row.items() if name != "requested_svid"} == {
        None
    }
    assert client.post(f"{ASK}affinity", json={"svids": few}).json() == []
    page = client.post("/segment", data={"ids": "\n".join(few)}).text
    assert "Too few people" in page
    assert not re.findall(r"<table|<svg|<dl", page)


def test_no_group_of_a_mart_is_too_small(client: TestClient) -> None:
    """Whatever a mart about groups counts people by, no row of it is about too few."""
    for mart, contract in contracts.relations("marts").items():
        if not contract.people:
            continue
        assert {*contract.people, *contract.totals} <= set(contract.columns), mart
        rows = client.get(f"/api/v1/marts/{mart}").json()
        small = [row for row in rows for name in contract.people if 0 < (row[name] or 0) < 11]
        assert not small, mart


def test_a_hidden_group_hides_a_second_one(database: Path) -> None:
    """The rule is the macro of the build: one hidden row of a total would be the rest of it."""
    groups = Query(
        "select {'name': name, 'people': people} as shown, total_of, name as row_key, people, "
        "other_people from (values ('a', 't', 3, 0), ('b', 't', 20, 0), ('c', 't', 30, 0), "
        "('d', 'u', 20, 0), ('e', 'u', 20, 5), ('f', 'v', 11, 0), ('g', 'v', 0, 0)) "
        "as groups(name, total_of, people, other_people)"
    )
    with Database() as opened:
        shown = opened.all_rows(shown_groups(opened, groups))
    assert sorted(shown) == [("c", 30), ("f", 11), ("g", 0)]


# ----------------------------------------------------------------------------------------- roles

ROLE_FILE = f"""
roles:
  analyst: []
  reader: [single_people]
  caller: [single_people, contact_details]
  steward: [single_people, contact_details, small_groups, refused_rows]
accounts:
  "*": %s
tokens:
  crm: {{role: caller, sha256: {hashlib.sha256(b"of the crm").hexdigest()}}}
"""


def write_roles(text: str, mode: int = 0o600) -> None:
    roles.role_file().write_text(text)
    roles.role_file().chmod(mode)


ONLY = ["--svid", "0012345", "--out", "x.csv"]
BY_ROLE: list[tuple[list[str], str]] = [
    (["propensity", *ONLY], "single_people"),
    (["lookalike", *ONLY], "single_people"),
    (["analyze", *ONLY], "single_people"),
    (["analyze", "--svid", "1", "--format", "json"], "single_people"),
    (["analyze", "--svid", "1", "--include", "scores", "--format", "table"], "single_people"),
    (["export", "enriched_profiles", "--out", "x.csv"], "single_people"),
    (["propensity", *ONLY, "--with-contact-details"], "contact_details"),
    (["affinity", *ONLY, "--allow-small-cells"], "small_groups"),
    (["export", "rejected_rows", "--out", "x.csv"], "refused_rows"),
]


@pytest.mark.parametrize(("command", "permission"), BY_ROLE)
def test_a_role_decides_what_the_runner_gives(
    command: list[str], permission: str, database: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """002-30."""
    role = "reader" if permission == "contact_details" else "analyst"
    write_roles(ROLE_FILE % role)
    capfd.readouterr()
    assert segment.run(command) == 2
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    if permission == "refused_rows":
        assert "no mart" in captured.err
    else:
        assert f"the role {role} may not see" in captured.err
        assert (lines()[-1]["role"], lines()[-1]["refused"]) == (role, permission)
    assert not Path("x.csv").exists()
    write_roles(ROLE_FILE % "steward")
    assert segment.run(command) == 0
    assert lines()[-1]["exit_code"] == 0


def test_groups_are_for_every_role(
    database: Path, voters: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    write_roles(ROLE_FILE % "analyst")
    Path("ids.txt").write_text("\n".join(voters))
    asked = ["analyze", "--svids", "ids.txt", "--include", "demographics,client_affinity"]
    for form in ("json", "table", "xlsx"):
        assert segment.run([*asked, "--out", f"x.{form}", "--format", form]) == 0
    assert segment.run(["affinity", "--svids", "ids.txt", "--out", "x.csv"]) == 0
    assert segment.run(["export", "score_distribution", "--out", "x.csv"]) == 0
    shown = Path("x.csv").read_text()
    write_roles(ROLE_FILE % "steward")
    assert segment.run(["export", "score_distribution", "--out", "x.csv"]) == 0
    assert len(shown.splitlines()) < len(Path("x.csv").read_text().splitlines())


def test_a_token_has_its_role(database: Path, voters: list[str]) -> None:
    write_roles(ROLE_FILE % "analyst")
    found = roles.roles()
    assert found is not None
    people = {"svids": voters, "threshold": 0.5}
    with served(roles.current(), *found.tokens) as client:
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        for path, body in (
            ("propensity", people),
            ("analyze", {"svids": voters}),
            ("lookalike", {"seed_svids": voters}),
        ):
            response = client.post(ASK + path, json=body)
            assert response.status_code == 403
            assert "role" in said(response)
            assert (lines()[-1]["refused"], lines()[-1]["exit_code"]) == ("single_people", 2)
        assert client.get("/api/v1/marts/enriched_profiles").status_code == 403
        assert client.get("/api/v1/marts/client_affinity").status_code == 200
        assert client.post(f"{ASK}affinity", json={"svids": voters}).status_code == 200
        client.headers["Authorization"] = "Bearer of the crm"
        assert client.post(f"{ASK}propensity", json=people).status_code == 200
        assert (lines()[-1]["role"], lines()[-1]["token"]) == ("caller", "crm")
        assert client.get("/api/v1/marts/enriched_profiles?limit=1").status_code == 200


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("roles: [", "line 1: not valid YAML"),
        ("[]\n", ""),
        ("role: {}\n", "expected roles, accounts and tokens"),
        ("roles: {a: [everything]}\n", "role a: expected a list of single_people"),
        ("roles: {a: single_people}\n", "role a: expected a list of single_people"),
        ("roles: {A1: []}\n", "a role's name"),
        ("roles: {a: []}\naccounts: {someone: b}\n", "accounts, entry 1: expected one of"),
        ("roles: {a: []}\ntokens: {x: {role: a}}\n", "a token has a role and the sha256"),
        ("roles: {a: []}\ntokens: {x: {role: a, sha256: secret}}\n", "a token has a role"),
    ],
)
def test_a_role_file_that_is_not_valid_allows_nothing(
    text: str, line: str, database: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_roles(text)
    for command in (["propensity", *ONLY], ["export", "enriched_profiles"], ["serve"]):
        capfd.readouterr()
        if line:
            assert segment.run(command) == 2
            err = capfd.readouterr().err
            assert err.count("\n") == 1
            assert line in err
            assert "someone" not in err
    write_roles(ROLE_FILE % "steward", 0o620)
    assert segment.run(["propensity", *ONLY]) == 2
    assert "chmod go-w" in capfd.readouterr().err
    write_roles(ROLE_FILE.replace('"*"', "nobody") % "steward")
    assert segment.run(["propensity", *ONLY]) == 2
    assert "the role none may not see" in capfd.readouterr().err


# ----------------------------------------------------------------------------------------- pages


class Page(HTMLParser):
    """What a page holds: its ids, links and forms, and whether its tags are closed."""

    VOID = ("meta", "link", "input", "br", "line", "circle", "rect", "path")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.scripts = 0
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes what a tag refers to."""
        values = dict(attrs)
        self.ids += [values["id"]] if values.get("id") else []  # type: ignore[list-item]
        self.links += [str(values[name]) for name in ("href", "src", "action") if name in values]
        self.scripts += tag == "script" or any(name.startswith("on") for name in values)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Tags are closed in the order in which they were opened."""
        if tag not in self.VOID:
            assert self.open.pop() == tag


def assert_stands_alone(text: str, svids: list[str]) -> Page:
    """No script, no address elsewhere, no person; every link inside the page leads somewhere."""
    page = Page(text)
    assert not page.open
    assert page.scripts == 0
    assert not re.findall(r"https?:|//[a-z]|url\(|@import", text)
    assert len(page.ids) == len(set(page.ids))
    for link in page.links:
        assert link.startswith(("/", "#", "data:,"))
        if link.startswith("#"):
            assert link[1:] in page.ids, link
    # The form has an example; an id of few digits may be part of another number.
    shown = text.replace('placeholder="WI:0012345"', "")
    ids = {svid.partition(":")[2] for svid in svids}
    assert not [svid for svid in ids if len(svid) >= 7 and svid in shown]
    return page


def test_every_page_stands_alone_and_every_link_leads_somewhere(
    client: TestClient, voters: list[str]
) -> None:
    links: set[str] = set()
    for address in MENU:
        response = client.get(address)
        assert response.status_code == 200, address
        page = assert_stands_alone(response.text, voters)
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
        links.update(link for link in page.links if link.startswith("/"))
        assert f"<h1>{'The whole file' if address == '/' else MENU[address]}</h1>" in response.text
        # A figure without its meaning is no figure.
        heads = re.findall(r"<th[^>]*>(.*?)</th>", response.text)
        if address not in ("/checks",):
            assert all('title="' in head for head in heads), address
    assert links == set(MENU)
    assert {line["command"] for line in lines()} == {"page"}


@pytest.mark.parametrize("form", ["text", "csv"])
def test_a_list_dropped_in_gives_its_report(
    form: str, client: TestClient, voters: list[str]
) -> None:
    sent = {
        "text": "\n".join(voters),
        "csv": "svid\n" + "\n".join(voters),
    }
    if form == "text":
        response = client.post("/segment", data={"ids": sent[form]})
    else:
        response = client.post("/segment", files={"list": (f"ids.{form}", sent[form])})
    assert response.status_code == 200
    assert_stands_alone(response.text, voters)
    assert "Report on a list of 200 ids" in response.text
    line = lines()[-1]
    assert (line["command"], line["ids"], line["format"]) == ("report", 200, "html")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({}, "Give a list of voter ids."),
        ({"ids": " \n "}, "Give a list of voter ids."),
        ({"ids": '[1, "0012345"]'}, "The list, entry 1: a number"),
        ({"segment": "0012345"}, "There is no such segment."),
    ],
)
def test_a_form_that_cannot_be_answered_says_why(
    data: dict[str, str], problem: str, client: TestClient
) -> None:
    response = client.post("/segment", data=data)
    assert response.status_code == 422
    assert problem in response.text
    assert "0012345" not in response.text.replace('placeholder="WI:0012345"', "")


def test_the_printed_address_opens_the_pages(database: Path) -> None:
    with served() as client:
        assert client.get("/?token=wrong", follow_redirects=False).status_code == 401
        response = client.get(f"/?token={TOKEN}", follow_redirects=False)
        assert (response.status_code, response.headers["location"]) == (303, "/")
        cookie = response.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert TOKEN not in cookie
        assert client.get("/clients").status_code == 200
        other = served()
        other.cookies = client.cookies
        assert other.get("/clients").status_code == 401, "the cookie of another run"
    for line in lines():
        assert TOKEN not in json.dumps(line)


def test_names_from_the_extracts_are_text(client: TestClient, database: Path) -> None:
    name = '<script>alert("x")</script>'
    part = database.with_name("work") / database.name
    part.parent.mkdir()
    shutil.copy(database, part)
    with duckdb.connect(str(part)) as con:
        con.execute(
            "update marts.client_affinity set client_shortname = ? where affinity_rank = "
            "(select arg_max(affinity_rank, unique_contacts) from marts.client_affinity)",
            [name],
        )
    part.replace(database)
    text = client.get("/clients").text
    assert Page(text).scripts == 0
    assert name not in text
    assert "&lt;script&gt;" in text
    assert str(prose("`<b>` & `x`")) == "<code>&lt;b&gt;</code> &amp; <code>x</code>"
    assert "<script>" not in plots.bars("<script>", [plots.Bar("<script>", 1.0, "<script>")])


def test_a_report_is_one_page_for_its_owner(
    database: Path, voters: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    Path("ids.txt").write_text("\n".join([*voters, "99"]))
    command = ["report", "--svids", "ids.txt", "--out", "report.html", "--title", "Ours <2026>"]
    assert segment.run(command) == 0
    file = Path("report.html")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    page = assert_stands_alone(text, voters)
    assert not [link for link in page.links if not link.startswith("#")]
    assert "<h1>Ours &lt;2026&gt;</h1>" in text
    for heading in (
        *("Who they are", "Coverage, and what is not known", "How they differ from the file"),
        *("Whose mail they like", "Health of mailing them", "Who to ask", "Which score to trust"),
        *("When, and on which channel", "Which campaigns brought gifts", "Segments they are in"),
    ):
        assert f"<h2>{heading}</h2>" in text or f"<h3>{heading}</h3>" in text
    assert '<dd class="number">201</dd>' in text
    (line,) = lines()
    assert (line["command"], line["ids"], line["format"]) == ("report", 201, "html")
    assert line["output_digest"] == hashlib.sha256(file.read_bytes()).hexdigest()
    # The counts of the bars are those of the functions.
    with Database() as opened:
        ask = opened.ask(
            "segment_lifecycle",
            voters,
            select="select lifecycle_stage, count(distinct (state, svid)) as people",
            then="where svid is not null group by lifecycle_stage order by people desc limit 1",
        )
        ((stage, people),) = opened.all_rows(ask)
    bars = re.search(r"Stages of activity</title>.*?</svg>", text, re.DOTALL)
    assert bars is not None
    assert f">{stage}<" in bars[0]
    assert f">{people:,}<" in bars[0]
    capfd.readouterr()
    assert segment.run(["report", "--svid", voters[0]]) == 0
    assert "Too few people" in capfd.readouterr().out
    assert segment.run(["analyze", "--svid", "1", "--format", "html"]) == 2


# ----------------------------------------------------------------------------------------- serve


@pytest.mark.parametrize(
    ("options", "token", "line"),
    [
        (["--host", "0.0.0.0"], "", "set BEHAVIORAL_API_TOKEN"),  # noqa: S104
        (["--host", "::"], "", "set BEHAVIORAL_API_TOKEN"),
        (["--host", "0.0.0.0"], "short", "fewer than 16 characters"),  # noqa: S104
        (["--host", "nowhere.invalid"], "long enough a token", "cannot listen there"),
        (["--port", "70000"], "", "65535"),
    ],
)
def test_serve_refuses_what_is_not_safe(
    options: list[str],
    token: str,
    line: str,
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BEHAVIORAL_API_TOKEN", token)
    assert segment.run(["serve", *options]) == 2
    err = capfd.readouterr().err
    assert err.count("\n") == 1
    assert line in err


def test_a_missing_extra_is_one_clear_line(
    database: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(web_extra, "find_spec", lambda _: None)
    for command in (["serve"], ["report", "--svid", "1"]):
        assert segment.run(command) == 2
        err = capfd.readouterr().err
        assert err.count("\n") == 1
        assert "pip install '.[web]'" in err


def test_serve_prints_its_token_once_and_stops_cleanly(database: Path) -> None:
    environment = {**os.environ, "BEHAVIORAL_API_TOKEN": ""}
    runner = str(PROJECT / "scripts" / "segment.py")
    server = subprocess.Popen(
        [sys.executable, runner, "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    )
    try:
        assert server.stderr is not None
        first = server.stderr.readline()
        found = re.fullmatch(r"Pages: (http://127\.0\.0\.1:\d+/)\?token=([\w-]{43})\n", first)
        assert found is not None, first
        assert found[2] in server.stderr.readline()
        request = urllib.request.Request(  # noqa: S310 (our own server)
            f"{found[1]}api/v1/marts/build_info", headers={"Authorization": f"Bearer {found[2]}"}
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            assert json.load(response)[0]["build_id"]
    finally:
        server.send_signal(signal.SIGTERM)
        rest = server.stderr.read() if server.stderr is not None else ""
    assert server.wait() == 0
    assert rest == "segment.py: stopped\n"
    assert [line["command"] for line in lines()] == ["serve", "export"]
    assert audit.entries()[1] == []
