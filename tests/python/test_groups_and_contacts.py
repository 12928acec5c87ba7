"""Answers about groups identify no person, and contact lists omit people who opted out."""

from __future__ import annotations

import csv
import json
import stat
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import segment
from extracts import Extracts, build_database, write_extracts
from sample_data.pairs import opened
from warm import Warm

AS_OF = date(2025, 6, 30)
LEAST = 11

DANE = [f"WI:{number}" for number in range(1000, 1030)]
GREEN = [f"WI:{number}" for number in range(1030, 1035)]
ROCK = [f"WI:{number}" for number in range(1035, 1060)]
HENNEPIN = [f"MN:{number}" for number in range(2000, 2020)]
EVERYBODY = [*DANE, *GREEN, *ROCK, *HENNEPIN]

BY_MAIL, BY_PHONE, BY_ID, BARE, NOT_YET, FEC, FEC_AND_OWN, OPTED_OUT = ROCK[:8]


def mail(voter: str) -> str:
    return f"p{voter.partition(':')[2]}@example.org"


def phone(voter: str) -> str:
    return f"608235{voter.partition(':')[2]}"


def world() -> Extracts:
    """Eighty voters of two states and four counties, a large client and a small one."""
    made = Extracts()
    made.mapped("608-235-9999", "stranger@example.org")
    made.campaign(1, "acme", "all")
    made.campaign(2, "tiny", "a few")
    for county, voters in (
        ("Dane", DANE),
        ("Green", GREEN),
        ("Rock", ROCK),
        ("Hennepin", HENNEPIN),
    ):
        for voter in voters:
            state, _, svid = voter.partition(":")
            made.person(svid, mail(voter), state=state, county=county, cell_phone=phone(voter))
            made.event(mail(voter), "2025-06-03T10:00", client="acme", campaign=1, send=1, open=1)
    for voter in DANE[:20]:
        made.event(mail(voter), "2025-06-11T10:00", client="acme", campaign=1, send=1, click=1)
    for voter in DANE[:4]:
        made.event(mail(voter), "2025-06-18T10:00", client="tiny", campaign=2, send=1, click=1)
    for voter in DANE[:3]:
        made.gift("2025-06-19", mail(voter))
    for voter in DANE[5:18]:
        made.gift("2025-06-12", mail(voter))
    made.suppress(f" {mail(BY_MAIL).upper()}", "email")
    # Since the day of the clock, and so in force today.
    made.suppress(f"({phone(BY_PHONE)[:3]}) {phone(BY_PHONE)[3:]}", "sms", "2025-07-01")
    made.suppress(BY_ID.lower())
    made.suppress(BARE.partition(":")[2], "all")
    made.suppress(mail(NOT_YET), from_date="2994-01-01")
    made.gift("2025-06-01", mail(FEC), source=" FEC")
    made.gift("2025-06-01", mail(FEC_AND_OWN), source="fec")
    made.gift("2025-06-02", mail(FEC_AND_OWN))
    made.event(mail(OPTED_OUT), "2025-06-04T10:00", client="acme", unsubscribe=1)
    return made


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Path:
    folder = tmp_path_factory.mktemp("groups")
    extracts = write_extracts(folder / "extracts", world().tables)
    return build_database(warm, extracts, folder / "built", as_of_date=AS_OF)


class Asked:
    """One call of the runner: what it wrote, and what it said."""

    def __init__(self, code: int, out: Path, said: str) -> None:
        self.code, self.out, self.said = code, out, said

    def table(self) -> list[dict[str, str]]:
        """The rows of a CSV file."""
        with self.out.open(newline="") as file:
            return list(csv.DictReader(file))

    def object(self) -> dict[str, Any]:
        """The object of a JSON file."""
        found: dict[str, Any] = json.loads(self.out.read_text())
        return found


@pytest.fixture
def ask(database: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("BEHAVIORAL_DB", str(database))
    monkeypatch.setenv("BEHAVIORAL_HASH_KEY", "a key for tests only")

    def asks(
        command: str, voters: Iterable[str], *options: str, form: str = "csv", out: bool = True
    ) -> Asked:
        ids, file = tmp_path / "ids.txt", tmp_path / f"answer.{form}"
        ids.write_text("".join(f"{voter}\n" for voter in voters))
        place = ["--out", str(file)] if out else []
        code = segment.run([command, "--svids", str(ids), *place, *options])
        return Asked(code, file, capsys.readouterr().err)

    return asks


# ---------------------------------------------------------------------------------- small groups


@pytest.mark.parametrize("command", ["affinity", "health", "attribution"])
def test_ten_people_are_too_few(ask: Any, command: str) -> None:
    """People are counted, not the ids of a list that repeats some."""
    ten = DANE[:10]
    spelt = [text for voter in ten for text in (voter, voter.lower(), voter.partition(":")[2])]
    answer = ask(command, spelt)
    assert answer.code == 0
    assert answer.table() == []
    assert "fewer than 11 people" in answer.said
    assert ask(command, spelt, "--allow-small-cells").table()
    assert ask(command, ROCK[8:19]).table()
    assert ask(command, ROCK[8:18]).table() == []


def test_the_summary_of_ten_people_says_how_many_were_asked_for(ask: Any) -> None:
    answer = ask("analyze", [*DANE[:10], "nobody"], form="json").object()
    assert {name for name, value in answer["summary"].items() if value is not None} == {"requested"}
    assert answer["demographics"] == answer["client_affinity"] == []
    eleven = ask("analyze", DANE[10:21], form="json").object()["summary"]
    assert eleven["known"] == 11


def test_all_but_ten_people_of_the_file_are_too_many(ask: Any) -> None:
    assert ask("health", EVERYBODY[10:]).table() == []
    assert ask("health", EVERYBODY[11:]).table()
    assert ask("health", EVERYBODY).table()


def test_figures_of_the_summary_about_a_few_or_all_but_a_few(ask: Any) -> None:
    chosen = [*DANE[:4], *DANE[18:]]  # 3 donors of 16, 6 clickers
    summary = ask("analyze", chosen, form="json").object()["summary"]
    assert summary["known"] == summary["with_behavior"] == 16
    assert summary["donors"] is summary["donation_count"] is None
    assert summary["clickers"] is summary["total_clicks"] is None
    most = [*DANE[:3], *DANE[5:18], DANE[25]]  # 16 donors of 17
    answer = ask("analyze", most, form="json")
    assert answer.object()["summary"]["donors"] is None
    assert "summary: " in answer.said
    none = ask("analyze", ROCK[8:], form="json").object()["summary"]
    assert none["donors"] == none["clickers"] == none["total_clicks"] == 0
    exact = ask("analyze", chosen, "--allow-small-cells", form="json").object()["summary"]
    assert (exact["donors"], exact["clickers"]) == (3, 6)


def test_the_people_of_an_answer_do_not_give_its_hidden_figures_away(ask: Any) -> None:
    """6 clickers and 3 donors of 16 people: a list of the 16 would let anybody count them."""
    chosen = [*DANE[:4], *DANE[18:]]
    words = ("--include", "engagement,donations,scores,channels")
    asked = ask("analyze", chosen, *words, form="json")
    answer = asked.object()
    assert answer["summary"]["clickers"] is answer["summary"]["donors"] is None
    assert answer["summary"]["total_opens"] is not None
    for part in ("engagement", "donations", "scores", "channels"):
        assert [row["requested_svid"] for row in answer[part]] == sorted(chosen)
    for name in ("is_clicker", "total_clicks", "campaigns_engaged", "last_engagement_date"):
        assert {row[name] for row in answer["engagement"]} == {None}
    assert {row["total_opens"] for row in answer["engagement"]} == {1}
    assert {row["is_donor"] for row in answer["donations"]} == {None}
    shown = {name for part in ("scores", "channels") for row in answer[part] for name in row}
    values = {row[name] for part in ("scores", "channels") for row in answer[part] for name in row}
    assert values == {None, *chosen}, shown
    assert "people: what the summary hides" in asked.said
    exact = ask("analyze", chosen, *words, "--allow-small-cells", form="json").object()
    assert sum(row["is_clicker"] for row in exact["engagement"]) == exact["summary"]["clickers"]
    whole = ask("analyze", EVERYBODY, *words, form="json").object()
    assert sum(row["is_clicker"] for row in whole["engagement"]) == 20
    book = ask("analyze", chosen, "--include", "engagement", form="xlsx")
    assert book.code == 0


@pytest.mark.parametrize("number", [1, 12])
def test_a_hidden_answer_does_not_say_whether_an_id_is_known(ask: Any, number: int) -> None:
    """A list of strangers gets what a list of a few people gets, and no 0."""
    answers = []
    strangers = [f"WI:9{n:04}" for n in range(number)]
    for listed in (strangers, [DANE[0], *strangers[1:]]):
        asked = ask("analyze", listed, "--include", "engagement,timing", form="json")
        assert asked.code == 0
        answer = asked.object()
        for part in ("engagement", "timing"):
            answer[part] = [{**row, "requested_svid": ""} for row in answer[part]]
        answers.append((answer, asked.said))
    assert answers[0] == answers[1]
    assert answers[0][0]["summary"]["known"] is None


def test_clients_and_weeks_do_not_add_up_to_what_the_summary_hides(ask: Any) -> None:
    clickers = [*DANE[10:16], *DANE[20:]]  # 6 of 16
    told = ask("analyze", clickers, form="json")
    clients, weeks = told.object()["client_affinity"], ask("health", clickers).table()
    assert told.object()["summary"]["total_clicks"] is None
    assert clients
    assert weeks
    for name in ("clicks", "click_rate", "click_to_open_rate", "affinity_score", "affinity_rank"):
        assert {row[name] for row in clients} == {None}
    assert {row["clicks"] + row["click_rate"] + row["click_rate_status"] for row in weeks} == {""}
    assert "affinity: clicks hidden" in told.said


def subtracted(
    shown: list[dict[str, Any]], exact: list[dict[str, Any]], people: str, by: str
) -> None:
    """Reconstruct hidden rows from the rows that are shown and the totals."""
    totals: dict[str, int] = defaultdict(int)
    rows: dict[str, dict[str, int]] = defaultdict(dict)
    for row in exact:
        key = repr(sorted((name, str(row[name])) for name in row if name in KEYS))
        rows[str(row.get(by, ""))][key] = int(row[people])
        totals[str(row.get(by, ""))] += int(row[people])
    seen = {repr(sorted((name, str(row[name])) for name in row if name in KEYS)) for row in shown}
    for group, cells in rows.items():
        hidden = {key: count for key, count in cells.items() if key not in seen}
        assert not {key for key, count in cells.items() if 0 < count < LEAST} & seen, group
        if hidden:
            assert len(hidden) > 1, f"the one hidden row of {group} is the total less the others"
            total = totals[group] - sum(cells[key] for key in cells if key in seen)
            assert total == 0 or total >= LEAST or len(hidden) == len(cells)


KEYS = {"attribute", "value", "client_shortname", "week_start", "campaign_id", "model"}


@pytest.mark.parametrize(
    "voters",
    [
        [*DANE, *GREEN, *HENNEPIN],
        [*DANE, *ROCK, *HENNEPIN[:3]],
        [*DANE, *GREEN, *ROCK],
        [*DANE[:12], *HENNEPIN[:12]],
        EVERYBODY,
        DANE,
    ],
)
def test_nothing_hidden_can_be_subtracted(ask: Any, voters: list[str]) -> None:
    shown = ask("analyze", voters, "--include", "demographics", form="json").object()
    exact = ask(
        *("analyze", voters, "--include", "demographics", "--allow-small-cells"), form="json"
    ).object()
    subtracted(shown["demographics"], exact["demographics"], "segment_people", "attribute")
    for command, people, by in (
        ("affinity", "unique_contacts", ""),
        ("health", "active_contacts", ""),
        ("attribution", "donors_attributed", "model"),
    ):
        subtracted(
            ask(command, voters).table(),
            ask(command, voters, "--allow-small-cells").table(),
            people,
            by,
        )


def test_counties_of_a_state_do_not_give_one_away(ask: Any) -> None:
    """Wisconsin minus Dane would be Green."""
    answer = ask("analyze", [*DANE, *GREEN, *HENNEPIN], "--include", "demographics", form="json")
    rows = answer.object()["demographics"]
    shown = {(row["attribute"], row["value"]) for row in rows}
    assert ("county", "Green") not in shown
    assert not {value for attribute, value in shown if attribute == "state"}
    one_state = ask("analyze", [*DANE, *GREEN, *ROCK], "--include", "demographics", form="json")
    shown = {(row["attribute"], row["value"]) for row in one_state.object()["demographics"]}
    assert ("state", "WI") in shown
    assert ("county", "Green") not in shown


def test_it_is_said_how_much_was_hidden(ask: Any) -> None:
    answer = ask("affinity", DANE)
    assert answer.table() == []  # the four of the small client, and the large one that gives them
    assert "affinity: 2 rows hidden" in answer.said
    assert "1 of them to keep the rest from being worked out" in answer.said
    assert ask("affinity", HENNEPIN).said == ""


def test_chosen_rows_are_those_of_the_whole_answer(ask: Any) -> None:
    """The last weeks are the last ones, hidden or not; the first clients likewise."""
    exact = ask("health", DANE, "--weeks", "3", "--allow-small-cells").table()
    shown = ask("health", DANE, "--weeks", "3").table()
    assert len(exact) == 3
    assert {row["week_start"] for row in shown} < {row["week_start"] for row in exact}


# ---------------------------------------------------------------------------- contact details


def test_nobody_suppressed_is_a_lookalike(ask: Any, database: Path) -> None:
    rows = ask("lookalike", DANE).table()
    found = {f"{row['state']}:{row['svid']}" for row in rows}
    left_out = {BY_MAIL, BY_PHONE, BY_ID, BARE, OPTED_OUT, FEC}
    assert found == set(EVERYBODY) - set(DANE) - left_out
    with opened(database) as con:
        profiles = con.execute("select count(*) from marts.lookalike_profiles").fetchone()
        baseline = con.execute("select max(voters) from marts.attribute_baseline").fetchone()
    assert profiles == baseline == (80,), "they stay in what others are compared with"


def test_addresses_of_lookalikes(ask: Any) -> None:
    answer = ask("lookalike", DANE, "--with-contact-details")
    rows = answer.table()
    found = {f"{row['state']}:{row['svid']}": (row["email"], row["phone"]) for row in rows}
    assert FEC not in found, "52 U.S.C. 30111(a)(4)"
    assert found[FEC_AND_OWN] == (mail(FEC_AND_OWN), phone(FEC_AND_OWN))
    assert found[NOT_YET] == (mail(NOT_YET), phone(NOT_YET))
    assert [row["rank"] for row in rows] == sorted((row["rank"] for row in rows), key=int)
    assert "left out, as they may not be contacted: 0 people\n" in answer.said
    assert stat.S_IMODE(answer.out.stat().st_mode) == 0o600


def test_addresses_of_the_likeliest_donors(ask: Any) -> None:
    answer = ask("propensity", [*ROCK, "nobody", BARE.partition(":")[2]], "--with-contact-details")
    rows = answer.table()
    found = {row["requested_svid"]: row["email"] for row in rows}
    assert set(found) == {*ROCK, "nobody"} - {BY_MAIL, BY_PHONE, BY_ID, BARE, OPTED_OUT, FEC}
    assert found["nobody"] == ""
    assert "6 people (opted_out 1, permitted_use 1, suppressed 4)" in answer.said


def test_a_federal_record_decides_nothing_about_whom_to_ask(ask: Any) -> None:
    rows = {row["requested_svid"]: row for row in ask("propensity", ROCK).table()}
    names = ("past_donations", "gifts_not_used", "score_base", "solicitation_blocked_by")
    assert [rows[FEC][name] for name in names] == ["0", "1", "0.1", "permitted_use"]
    assert [rows[FEC_AND_OWN][name] for name in names] == ["1", "1", "0.7", ""]
    assert rows[OPTED_OUT]["solicitation_blocked_by"] == "opted_out"
    counted = ask("analyze", ROCK, "--include", "donations")
    profiles = {row["requested_svid"]: row for row in counted.table()}
    assert (profiles[FEC]["donation_count"], profiles[FEC_AND_OWN]["donation_count"]) == ("1", "2")


def test_addresses_of_a_segment_for_another_purpose(ask: Any) -> None:
    answer = ask("analyze", ROCK, "--include", "demographics", "--with-contact-details")
    found = {row["requested_svid"]: row["phone"] for row in answer.table()}
    assert found[FEC] == phone(FEC), "the law bars asking for gifts"
    assert "5 people (opted_out 1, suppressed 4)" in answer.said
    nobody = ask("analyze", HENNEPIN, "--with-contact-details")
    assert "left out, as they may not be contacted: 0 people\n" in nobody.said


def test_addresses_go_into_a_file_only(ask: Any, capsys: Any) -> None:
    for command in ("lookalike", "propensity", "analyze"):
        refused = ask(command, DANE, "--with-contact-details", out=False)
        assert refused.code == 2
        assert "--out" in refused.said
        assert "@" not in refused.said + capsys.readouterr().out
    for form in ("json", "xlsx"):
        refused = ask("analyze", DANE, "--with-contact-details", form=form)
        assert refused.code == 2
        assert not refused.out.exists()


def test_the_audit_log_has_a_note_of_addresses(ask: Any, database: Path) -> None:
    ask("propensity", ROCK, "--with-contact-details")
    log = database.with_name(f"{database.name}.audit.jsonl")
    last = json.loads(log.read_text().splitlines()[-1])
    assert last["contact_details"] is True
    ask("propensity", ROCK)
    assert json.loads(log.read_text().splitlines()[-1])["contact_details"] is False
