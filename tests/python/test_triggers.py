"""Triggers as files: what one means, and what is wrong with one (F65, F103)."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import PROJECT
from enrichment.definitions.catalog import seed_rows
from enrichment.definitions.load import check, load, rows

GOOD = """trigger: win_back
active_from: 2026-06-01
enter: {segment: quiet}
entry_key: year
priority: 40
cooldown: 30 days
holdout: 10%
exit: [donation, unsubscribe]
expires_after: 5 days
goal: {did: donation, within: 30 days}
steps:
  - {do: send, channel: email, template: birthday_back}
  - wait: 24 hours
    unless: email_click
    do: send
    channel: sms
    template: birthday_text
"""

BAD = {
    "an open decides": ("unless: email_click", "unless: email_open", 14, "use email_click"),
    "an open ends it": ("[donation, unsubscribe]", "email_open", 8, "use email_click"),
    "unknown segment": ("segment: quiet", "segment: quite", 3, "did you mean quiet?"),
    "unknown event": ("[donation, unsubscribe]", "[donatoin]", 8, "did you mean donation?"),
    "unknown template": ("birthday_text", "birthday_txt", 17, "did you mean birthday_text?"),
    "another channel's template": ("channel: sms", "channel: email", 17, "is for sms"),
    "unknown action": ("do: send\n", "do: sned\n", 15, "did you mean send?"),
    "unknown key": ("cooldown:", "coldown:", 6, "did you mean cooldown?"),
    "unknown unit": ("24 hours", "24 fortnights", 13, "unknown unit 'fortnights'"),
    "a holdout of all": ("10%", "110%", 7, "a share such as 10%"),
    "a holdout that is no share": ("10%", "many", 7, "a share such as 10%"),
    "a goal without an end": (", within: 30 days", "", 10, "a goal needs within"),
    "a goal to avoid": ("within: 30 days}", "within: 30 days, at_most: 3}", 10, "has no at_most"),
    "a word for a number": ("priority: 40", "priority: high", 5, "a whole number"),
    "two ways in": ("quiet}", "quiet, event: donation}", 3, "either segment or event"),
    "no way in": ("{segment: quiet}", "{}", 3, "either segment or event"),
    "an event's key of a segment": ("key: year", "key: event", 4, "a segment has no event"),
    "conditions beside a segment": ("quiet}", "quiet, where: {topic: x}}", 3, "where is about"),
    "no day": ("2026-06-01", "soon", 2, "a date such as"),
    "no steps": (GOOD[GOOD.index("steps:") :], "steps: []\n", 11, "more entries"),
    "no template": (", template: birthday_back", "", 12, "a channel and a template"),
    "a tag with a channel": ("do: send, channel", "do: add_tag, channel", 12, "is no message"),
    "nothing to wait for": ("do: send, ", "unless: donation, do: send, ", 11, "needs a wait"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a segment and a good trigger."""
    segment = tmp_path / "definitions" / "segments" / "quiet.yml"
    segment.parent.mkdir(parents=True)
    segment.write_text("segment: quiet\nwho: {did: donation}\n")
    trigger = tmp_path / "definitions" / "triggers" / "win_back.yml"
    trigger.parent.mkdir()
    trigger.write_text(GOOD)
    return tmp_path / "definitions"


@pytest.mark.parametrize("what", BAD)
def test_bad_triggers(what: str, folder: Path) -> None:
    """Each mistake is one problem, with its line and what to write instead."""
    old, new, line, expected = BAD[what]
    assert old in GOOD
    (folder / "triggers" / "win_back.yml").write_text(GOOD.replace(old, new, 1))
    _, problems = check(folder)
    assert len(problems) == 1, problems
    assert problems[0].line == line, problems
    assert expected in problems[0].what


def test_an_active_trigger_needs_an_active_segment(folder: Path) -> None:
    """Nobody enters a paused segment, so that a trigger on it would wait without a word."""
    file = folder / "segments" / "quiet.yml"
    file.write_text(file.read_text() + "status: paused\n")
    _, problems = check(folder)
    assert [(problem.line, problem.what) for problem in problems] == [
        (3, "the segment quiet is paused: nobody enters it")
    ]


def test_a_trigger_as_rows(folder: Path) -> None:
    """What a build reads: words for events become the types that the facts record."""
    made = rows(load(folder))
    assert [row[0] for row in made["triggers"]] == ["win_back"]
    assert made["trigger_steps"] == [
        ("win_back", 1, "send", "email", "birthday_back", 0),
        ("win_back", 2, "send", "sms", "birthday_text", 1440),
    ]
    assert set(made["trigger_events"]) == {
        ("win_back", "exit", 0, "call_refused"),
        ("win_back", "exit", 0, "donation"),
        ("win_back", "exit", 0, "email_complaint"),
        ("win_back", "exit", 0, "email_unsubscribe"),
        ("win_back", "exit", 0, "sms_opt_out"),
        ("win_back", "goal", 0, "donation"),
        ("win_back", "unless", 2, "email_click"),
    }


def test_the_shipped_triggers_use_the_templates_and_formats_that_there_are() -> None:
    """Four examples are right, and every header of a format comes from a field that lists have."""
    from enrichment.handover import _FIELDS, _RULES

    shipped = load(PROJECT / "definitions").of("trigger")
    assert len(shipped) >= 4
    for row in seed_rows("esp_formats"):
        assert row["from_field"] in _FIELDS
        assert row["rule"] in _RULES
