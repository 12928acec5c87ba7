"""From a definition to a message, over several builds: proposals, hand-overs, kills, erasure."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from conftest import build_environment
from extracts import Extracts, write_extracts
from sample_data.pairs import opened
from warm import Warm

MODELS = (
    *("+trigger_executions", "+trigger_effects", "+segment_contacts", "+build_info"),
    *("+input_files", "esp_formats", "stg_rights__erased_rows", "stg_rights__erased_svids"),
    *("+experiment_messages", "+personalization"),
)
TRIGGERS = {
    "abandon": """
priority: 80
enter: {event: form_abandon}
entry_key: event
cooldown: 7 days
holdout: 0%
exit: [form_submit, unsubscribe]
steps:
  - {do: send, channel: email, template: form_reminder}
""",
    "birthday": """
priority: 60
enter: {segment: viewers}
entry_key: once
holdout: 0%
steps:
  - {do: send, channel: email, template: thank_you}
""",
    "win_back": """
priority: 40
enter: {segment: downloaders}
entry_key: spell
cooldown: 30 days
holdout: 10%
salt: winback
exit: [donation, unsubscribe]
expires_after: 5 days
goal: {did: donation, within: 30 days}
steps:
  - {do: send, channel: email, template: birthday_back}
  - {wait: 24 hours, unless: email_click, do: send, channel: sms, template: birthday_text}
""",
}
RULES = {
    "hero": "slot: email.hero\ntemplate: hero_news\n",
    "thanks": """
slot: email.hero
priority: 10
audience: {did: download, within: 60 days}
template: hero_thanks
holdout: 50%
""",
}
EXPERIMENT = """
experiment: letter
hypothesis: A question in the subject brings more clicks.
audience: {in_segment: downloaders}
arms:
  control: {share: 50%, template: statement_letter}
  question: {share: 50%, template: question_letter}
salt: letter
start: 2026-06-30
end: 2026-07-10
metrics:
  primary: {did: email_click, within: 7 days}
"""
SEGMENTS = {"viewers": "page_view", "downloaders": "download"}
# A and B fall below .1 by the salt winback, C and E do not.
A, B, C, D, E = "0000001", "0000003", "0000002", "0000004", "0000006"


class World:
    """Extracts, definitions and a published database in one folder."""

    def __init__(self, folder: Path, warm: Warm) -> None:
        """Writes the extracts and the definitions; nothing is built yet."""
        self.folder, self.warm = folder, warm
        self.extracts = folder / "extracts"
        self.database = folder / "warehouse" / "behavioral.duckdb"
        self.database.parent.mkdir(parents=True, exist_ok=True)
        self.definitions = folder / "definitions"

    def define(self) -> None:
        """Writes the definitions."""
        for name, event in SEGMENTS.items():
            file = self.definitions / "segments" / f"{name}.yml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"segment: {name}\nwho: {{did: {event}, within: 60 days}}\n")
        for name, text in TRIGGERS.items():
            file = self.definitions / "triggers" / f"{name}.yml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"trigger: {name}\nactive_from: 2026-06-01\n{text.lstrip()}")
        for name, text in RULES.items():
            file = self.definitions / "rules" / f"{name}.yml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"rule: {name}\n{text.lstrip()}")
        file = self.definitions / "experiments" / "letter.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(EXPERIMENT.lstrip())

    def environment(self) -> dict[str, str]:
        """The environment of all commands."""
        return build_environment(self.extracts, self.database, self.folder) | {
            "BEHAVIORAL_DEFINITIONS_DIR": str(self.definitions)
        }

    def build(self, as_of: str) -> None:
        """Builds what triggers need."""
        plants: list[Any] = [["only", [*MODELS]], ["small_build", []]]
        run = self.warm.run(
            *("build", "--as-of", as_of),
            env=self.environment(),
            first=("plant", "several", [plants]),
        )
        assert run.returncode == 0, run.stderr

    def run(self, *arguments: str, plants: Sequence[Any] = ()) -> subprocess.CompletedProcess[str]:
        """Runs a command."""
        return self.warm.run(
            *arguments, env=self.environment(), first=("plant", "several", [[*plants]])
        )

    def hand_over(
        self, channel: str, *options: str, plants: Sequence[Any] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Hands over a channel."""
        return self.run(
            "hand-over", "--channel", channel, "--format", "generic", *options, plants=plants
        )

    def asked(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query on the published database."""
        with opened(self.database) as con:
            return con.execute(sql).fetchall()

    def decisions(self) -> dict[tuple[str, str, str, int], str]:
        """The decision or reason of each message, by trigger, voter, entry and step."""
        return {
            (trigger, svid, entry, step): reason or decision
            for trigger, svid, entry, step, decision, reason in self.asked(
                "select trigger, svid, entry_key, step, decision, reason "
                "from marts.trigger_executions"
            )
        }

    def ledger(self) -> list[dict[str, str]]:
        """The rows of all files of the ledger, each of which has the name of its content."""
        rows = []
        for file in sorted((self.extracts / "handovers").glob("*.csv")):
            assert sha256(file.read_bytes()).hexdigest()[:16] == file.stem[-16:]
            assert file.stat().st_mode & 0o777 == 0o600
            rows += list(csv.DictReader(file.read_text().splitlines()))
        return rows

    def lists(self) -> list[Path]:
        """The lists that can be seen."""
        return sorted((self.database.parent / "handed_over").glob("*/list.csv"))

    def listed(self) -> Counter[str]:
        """How often each message stands in a list."""
        return Counter(
            row["message_key"]
            for file in self.lists()
            for row in csv.DictReader(file.read_text().splitlines())
        )


def people() -> Extracts:
    """A abandoned a form twice, and is in both segments; B, C and E are in one; D is suppressed."""
    made = Extracts()
    made.campaign(1, "common")
    made.mapped("6082345699", "stranger@x.org")
    made.gift("2025-01-01", "stranger@x.org")
    for number, svid in enumerate((A, B, C, D, E)):
        made.person(svid, f"{'abcde'[number]}@x.org", cell_phone=f"608234567{number}")
        made.event(f"{'abcde'[number]}@x.org", "2026-05-01 10:00:00", send=1)
    made.act("2026-06-27T10:00:00Z", "form_abandon", svid=f"WI:{A}")
    made.act("2026-06-29T10:00:00Z", "form_abandon", svid=f"WI:{A}")
    made.act("2026-06-29T10:00:00Z", "form_abandon", svid=f"WI:{D}")
    made.act("2026-06-20T10:00:00Z", "page_view", svid=f"WI:{A}")
    for svid in (A, B, C, E):
        made.act("2026-06-20T10:00:00Z", "download", svid=f"WI:{svid}")
    made.suppress(f"WI:{D}", "email")
    return made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> World:
    """The world after its first build."""
    world = World(tmp_path_factory.mktemp("handover"), warm)
    world.define()
    write_extracts(world.extracts, people().tables)
    world.build("2026-06-30")
    return world


@pytest.fixture
def world(built: World, tmp_path: Path) -> Iterator[World]:
    """A copy of that world, with nothing handed over."""
    shutil.rmtree(tmp_path)
    shutil.copytree(built.folder, tmp_path)
    yield World(tmp_path, built.warm)


PROPOSED = {
    ("abandon", A, "2026-06-27 10:00:00", 1): "superseded",
    ("abandon", A, "2026-06-29 10:00:00", 1): "proposed",
    ("abandon", D, "2026-06-29 10:00:00", 1): "no_permission",
    ("birthday", A, "once", 1): "proposed",
    ("win_back", A, "2026-06-30", 1): "holdout",
    ("win_back", B, "2026-06-30", 1): "holdout",
    ("win_back", C, "2026-06-30", 1): "proposed",
    ("win_back", E, "2026-06-30", 1): "proposed",
}


def test_a_build_proposes(built: World) -> None:
    """The scenario of the design: who gets what, and why not."""
    assert built.decisions() == PROPOSED
    assert built.asked("select distinct known_through from marts.trigger_executions") == [
        (built.asked("select timestamp '2026-06-30 23:59:59'")[0][0],)
    ]
    effects = built.asked("select trigger, verdict from marts.trigger_effects order by trigger")
    assert effects == [
        ("abandon", "no_goal"),
        ("birthday", "no_goal"),
        ("win_back", "insufficient"),
    ]


def test_a_hand_over_once(world: World) -> None:
    """The list, its manifest and the ledger agree, and the same build hands over nothing again."""
    run = world.hand_over("email")
    assert run.returncode == 0, run.stderr
    (file,) = world.lists()
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert [(row["trigger"], row["svid"], row["email"]) for row in rows] == [
        ("abandon", A, "a@x.org"),
        ("birthday", A, "a@x.org"),
        ("win_back", C, "c@x.org"),
        ("win_back", E, "e@x.org"),
    ]
    assert {row["phone"] for row in rows} == {""}
    # A viewer sees what the download rule shows, E is held out of it.
    assert [row["slots"] for row in rows] == [
        *["email.hero=hero_thanks"] * 3,
        "email.hero=hero_news",
    ]
    assert [row["rules"] for row in world.ledger()] == [*["thanks"] * 3, "hero,-thanks"]
    manifest = json.loads(file.with_name("manifest.json").read_text())
    assert manifest["list"]["sha256"] == sha256(file.read_bytes()).hexdigest()
    assert manifest["list"]["rows"] == 4
    assert manifest["messages"]["win_back"] == {"birthday_back": 2}
    assert manifest["left_out"]["win_back"] == {"holdout": 2}
    assert manifest["left_out"]["abandon"] == {"no_permission": 1, "superseded": 1}
    assert {path.stat().st_mode & 0o777 for path in file.parent.iterdir()} == {0o600}
    assert [row["message_key"] for row in world.ledger()] == [row["message_key"] for row in rows]
    before = sorted(path.name for path in world.folder.rglob("*"))
    again = world.hand_over("email")
    assert again.returncode == 2
    assert "handed over already" in again.stderr
    assert len(again.stderr.splitlines()) == 1
    resumed = world.hand_over("email", "--resume")
    assert (resumed.returncode, "is whole" in resumed.stderr) == (2, True)
    file.unlink()
    assert world.hand_over("email", "--resume").returncode == 0
    assert manifest["list"]["sha256"] == sha256(file.read_bytes()).hexdigest()
    assert sorted(path.name for path in world.folder.rglob("*")) == before


def arms(world: World) -> dict[str, tuple[str, str]]:
    """The arm and the decision of each voter of the experiment."""
    return {
        svid: (arm, reason or decision)
        for svid, arm, decision, reason in world.asked(
            "select svid, arm, decision, reason from marts.experiment_messages"
        )
    }


def test_the_arms_of_an_experiment(world: World) -> None:
    """One list with the arm of each mailbox, its ledger and manifest; twice gives nothing new."""
    assert arms(world) == {
        # Two messages of triggers are proposed to A, who has no room left.
        A: ("question", "channel_cap"),
        B: ("question", "proposed"),
        C: ("control", "proposed"),
        E: ("control", "proposed"),
    }
    run = world.run("hand-over", "--experiment", "letter")
    assert run.returncode == 0, run.stderr
    assert "3 messages of the experiment letter handed over by email" in run.stderr
    (file,) = world.lists()
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert [
        (row["experiment"], row["arm"], row["template"], row["svid"], row["email"], row["trigger"])
        for row in rows
    ] == [
        ("letter", "control", "statement_letter", C, "c@x.org", ""),
        ("letter", "question", "question_letter", B, "b@x.org", ""),
        ("letter", "control", "statement_letter", E, "e@x.org", ""),
    ]
    manifest = json.loads(file.with_name("manifest.json").read_text())
    assert (manifest["experiment"], manifest["channel"]) == ("letter", "email")
    assert manifest["messages"] == {
        "control": {"statement_letter": 2},
        "question": {"question_letter": 1},
    }
    assert manifest["left_out"] == {"question": {"channel_cap": 1}}
    assert [(row["experiment"], row["arm"], row["svid"]) for row in world.ledger()] == [
        (row["experiment"], row["arm"], row["svid"]) for row in rows
    ]
    assert [row["rules"] for row in world.ledger()] == ["thanks", "hero,-thanks", "hero,-thanks"]
    again = world.run("hand-over", "--experiment", "letter")
    assert "handed over already" in again.stderr
    assert again.returncode == 2
    whole = world.run("hand-over", "--experiment", "letter", "--resume")
    assert (whole.returncode, "is whole" in whole.stderr) == (2, True)
    file.unlink()
    assert world.run("hand-over", "--experiment", "letter", "--resume").returncode == 0
    assert manifest["list"]["sha256"] == sha256(file.read_bytes()).hexdigest()
    # The triggers' messages of the same build are another hand-over.
    assert world.hand_over("email").returncode == 0
    assert set(world.listed().values()) == {1}
    definition = world.definitions / "experiments" / "letter.yml"
    definition.write_text(f"{definition.read_text()}status: paused\n")
    run = world.run("hand-over", "--experiment", "letter")
    assert (run.returncode, "experiments have changed since" in run.stderr) == (2, True)


def test_formats_and_bad_input(world: World) -> None:
    """Known headers only; a mistake is one line and exit code 2, and nothing is written."""
    for options in (
        ("hand-over", "--channel", "pigeon"),
        ("hand-over",),
        ("hand-over", "--channel", "email", "--experiment", "letter"),
        ("hand-over", "--experiment", "lettre"),
        ("hand-over", "--channel", "email", "--format", "twilio"),
        ("hand-over", "--channel", "email", "--resume"),
        ("hand-over", "--channel", "email", "--out", str(world.extracts / "list.csv")),
    ):
        run = world.run(*options)
        assert (run.returncode, len(run.stderr.splitlines())) == (2, 1), run.stderr
    assert not (world.extracts / "handovers").exists()
    run = world.run(
        *("hand-over", "--channel", "email", "--format", "mailchimp"),
        *("--out", str(world.folder / "mail.csv")),
    )
    assert run.returncode == 0, run.stderr
    header = (world.folder / "mail.csv").read_text().splitlines()[0]
    assert header == "Email Address,Tags,MESSAGEKEY"
    assert json.loads((world.folder / "manifest.json").read_text())["list"]["file"] == "mail.csv"


def test_a_ledger_that_was_cut_or_edited(world: World) -> None:
    """A broken last line, an edited file and a foreign one stop hand-over and build: exit 2."""
    assert world.hand_over("email").returncode == 0
    (file,) = (world.extracts / "handovers").glob("*.csv")
    whole = file.read_bytes()
    for broken in (whole[:-20], whole.replace(b"WI", b"MN")):
        file.write_bytes(broken)
        run = world.hand_over("sms")
        assert (run.returncode, "was cut short or edited" in run.stderr) == (2, True)
    run = world.run("build", "--as-of", "2026-06-30")
    assert (run.returncode, "was cut short or edited" in run.stderr) == (2, True)
    file.write_bytes(whole)
    foreign = file.with_name("handovers.csv")
    foreign.write_bytes(whole)
    assert world.hand_over("sms").returncode == 2


def test_newer_requests_and_ledgers_need_a_build(world: World) -> None:
    """A suppression, a hand-over or a pause that the build does not know stops a hand-over."""
    late = world.extracts / "suppressions" / "late.csv"
    late.write_text(f"identifier,channel\nWI:{C},email\n")
    run = world.hand_over("email")
    assert (run.returncode, "newer than the published build" in run.stderr) == (2, True)
    late.unlink()
    text = "message_key,build_id\nanother,another\n"
    (world.extracts / "handovers").mkdir()
    name = f"20260630T000000Z-sms-{sha256(text.encode()).hexdigest()[:16]}.csv"
    (world.extracts / "handovers" / name).write_text(text)
    run = world.hand_over("email")
    assert (run.returncode, "after the published build" in run.stderr) == (2, True)
    (world.extracts / "handovers" / name).unlink()
    trigger = world.definitions / "triggers" / "birthday.yml"
    trigger.write_text(f"{trigger.read_text()}status: paused\n")
    run = world.hand_over("email")
    assert (run.returncode, "have changed since" in run.stderr) == (2, True)
    assert world.lists() == []


def killed_at(where: str, when: str, place: str = "") -> Sequence[Any]:
    """A kill before or after a call of a function."""
    return [["signalled_at_call", [signal.SIGKILL, where, when, place]]]


STEPS = {
    "before the audit line": killed_at("enrichment.audit:before_handing_out", "before"),
    "after the audit line": killed_at("enrichment.audit:before_handing_out", "after"),
    "while the ledger is a part": killed_at("os:replace", "before", ".part"),
    "after the ledger has its name": killed_at("os:replace", "after", ".part"),
    "before the list appears": killed_at("os:replace", "before", "handed over"),
    "after the list appears": killed_at("os:replace", "after", "handed over"),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_each_step(step: str, world: World) -> None:
    """Each message is handed over at most once, and with --resume exactly once."""
    run = world.hand_over("email", plants=STEPS[step])
    assert run.returncode == -signal.SIGKILL, run.stderr
    ledger, listed = world.ledger(), world.listed()
    # No list without the ledger.
    assert set(listed) <= {row["message_key"] for row in ledger}
    again = world.hand_over("email")
    assert again.returncode == (2 if ledger else 0), again.stderr
    if ledger and not listed:
        assert world.hand_over("email", "--resume").returncode == 0
    assert sorted(world.listed().values()) == [1, 1, 1, 1]
    assert sorted(Counter(row["message_key"] for row in world.ledger()).values()) == [1, 1, 1, 1]
    assert not list((world.extracts / "handovers").glob(".*"))
    assert not list((world.database.parent / "handed_over").glob(".*"))


def test_what_follows(world: World) -> None:
    """The next builds know what was sent; late data changes nothing; a text follows; an erasure."""
    assert world.hand_over("email").returncode == 0
    sent = {row["message_key"] for row in world.ledger()}
    # Handed over on the clock's day, not on the day of this test.
    (file,) = (world.extracts / "handovers").glob("*.csv")
    rows = file.read_text().splitlines()
    moment = next(csv.DictReader(rows))["handed_over_at"]
    text = "\n".join(rows).replace(moment, "2026-06-30 15:00:00") + "\n"
    file.rename(file.with_name(f"{file.stem[:-16]}{sha256(text.encode()).hexdigest()[:16]}.csv"))
    (file,) = (world.extracts / "handovers").glob("*.csv")
    file.write_text(text)

    # The same clock, and a late click of A: nothing is proposed.
    world.build("2026-06-30")
    after = world.decisions()
    assert {key for key, value in after.items() if value == "proposed"} == set()
    assert {key for key, value in after.items() if value == "handed_over"} == {
        key for key, value in PROPOSED.items() if value == "proposed"
    }

    # The experiment's letter comes on top: the next build knows it.
    assert arms(world)[A] == ("question", "channel_cap")
    assert world.run("hand-over", "--experiment", "letter").returncode == 0

    # A late event takes the place of the entry; E clicked, C did not: the text is for C.
    late = Extracts()
    late.act("2026-06-26T10:00:00Z", "form_abandon", svid=f"WI:{A}")
    late.act("2026-06-30T09:00:00Z", "form_abandon", svid=f"WI:{A}")
    rows_of = {
        "behavior_events": [
            row | {"event_id": f"late-{row['event_id']}"} for row in late.tables["behavior_events"]
        ]
    }
    clicks = Extracts()
    for email in ("a@x.org", "e@x.org"):
        clicks.event(email, "2026-06-30 18:00:00", click=1, event_id=f"click-{email}")
    rows_of["email_clickers"] = clicks.tables["email_clickers"]
    scratch = write_extracts(world.folder / "scratch", Extracts().tables | rows_of)
    for table in rows_of:
        shutil.move(scratch / table / "part-0.parquet", world.extracts / table / "part-1.parquet")
    world.build("2026-07-01")
    later = world.decisions()
    assert later["win_back", C, "2026-06-30", 2] == "proposed"
    assert later["win_back", E, "2026-06-30", 2] == "guard"
    assert later["abandon", A, "2026-06-30 09:00:00", 1] == "cooldown"
    assert later["abandon", A, "2026-06-29 10:00:00", 1] == "handed_over"
    assert not sent & {
        key
        for (key,) in world.asked(
            "select message_key from marts.trigger_executions where decision = 'proposed'"
        )
    }
    assert arms(world) == {
        A: ("question", "channel_cap"),
        B: ("question", "handed_over"),
        C: ("control", "handed_over"),
        E: ("control", "handed_over"),
    }
    run = world.run("hand-over", "--experiment", "letter")
    assert (run.returncode, "0 messages" in run.stderr) == (0, True)
    run = world.hand_over("sms")
    assert run.returncode == 0, run.stderr
    (row,) = csv.DictReader(world.lists()[-1].read_text().splitlines())
    assert (row["svid"], row["phone"]) == (C, "+16082345672")
    assert (row["send_from_utc"], row["send_until_utc"]) == ("13", "2")
    everything = {row["message_key"] for row in world.ledger()}

    # C asks to be erased: the key of the message is all that stays.
    request = world.extracts / "erasure_requests" / "request.csv"
    request.parent.mkdir()
    request.write_text(f"identifier\nWI:{C}\n")
    world.build("2026-07-01")
    kept = world.ledger()
    assert {row["message_key"] for row in kept} == everything
    assert C not in {row["svid"] for row in kept}
    assert len([row for row in kept if not row["svid"]]) == 3
    assert C not in arms(world)
    # Only the empty list is left.
    assert [len(file.read_text().splitlines()) for file in world.lists()] == [1]
    assert C not in {svid for _, svid, _, _ in world.decisions()}
    proof = world.run("prove-erased", "--format", "csv")
    assert proof.returncode == 0, proof.stdout
    assert {line.split(",")[0] for line in proof.stdout.splitlines()} >= {"published", "ledger"}
    # The next build finds the file under its new name.
    world.build("2026-07-01")
