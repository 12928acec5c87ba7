"""Experiments and personalisation rules as files: what is refused, and that a start is a start."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

import segment
from enrichment.definitions.experiments import check_started_in, frozen_terms
from enrichment.definitions.load import Definitions, check, load, rows
from enrichment.definitions.problems import DefinitionError

EXPERIMENT = """\
experiment: subject
hypothesis: A question brings more clicks.
owner: email
unit: address
audience: {did: email_send, within: 90 days}
arms: {control: 50%, question: 50%}
salt: subject
start: 2026-06-01
end: 2026-06-14
metrics:
  primary: {did: email_click, within: 7 days}
"""
TEST_OF_SEGMENTS = EXPERIMENT.replace(
    "audience: {did: email_send, within: 90 days}",
    "segments: {control: clickers, question: lapsed}",
)
RULE = """\
rule: hero
owner: email
slot: email.hero
template: hero_news
"""
SEGMENTS = {
    "segments/clickers.yml": (
        "segment: clickers\nname: Clickers\nowner: email\nwho: {did: email_click}\n"
    ),
    "segments/lapsed.yml": (
        "segment: lapsed\nname: Lapsed\nowner: email\n"
        "who: {last: donation, more_than_ago: 400 days}\n"
    ),
}


def written(folder: Path, files: dict[str, str]) -> Path:
    """A folder of definitions."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def messages(folder: Path, files: dict[str, str]) -> list[str]:
    """What is wrong, a line each."""
    return [str(problem) for problem in check(written(folder, files))[1]]


def test_the_examples_are_right_and_give_rows(tmp_path: Path) -> None:
    files = {"experiments/subject.yml": EXPERIMENT, "rules/hero.yml": RULE, **SEGMENTS}
    files["experiments/segments.yml"] = TEST_OF_SEGMENTS.replace("subject\n", "segments\n").replace(
        "email_click", "form_submit"
    )
    assert messages(tmp_path / "d", files) == []
    made = rows(load(tmp_path / "d"))
    arms = [row[:6] for row in made["arm_terms"] if row[0] == "subject"]
    assert arms == [
        ("subject", "control", 1, 0.5, 0.0, 0.5),
        ("subject", "question", 2, 0.5, 0.5, 1.0),
    ]
    assert [row[1:5] for row in made["rule_terms"]] == [("email.hero", 0, "active", True)]


THREE = EXPERIMENT.replace(
    "{control: 50%, question: 50%}", "{control: 33.4%, a: 33.3%, b: {share: 33.3%, campaign: '7'}}"
)


def test_shares_of_three_arms_end_at_one(tmp_path: Path) -> None:
    made = rows(load(written(tmp_path / "d", {"experiments/subject.yml": THREE})))
    assert [row[4:6] for row in made["arm_terms"]] == [
        (0.0, 0.334),
        (0.334, 0.667),
        (0.667, 1.0),
    ]
    assert [row[7] for row in made["arm_terms"]] == [None, None, "7"]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (EXPERIMENT.replace("question: 50%", "question: 40%"), 6, "the shares add up to 90 %"),
        (EXPERIMENT.replace("question: 50%", "question: 0%"), 6, "expected a share such as 50%"),
        (EXPERIMENT.replace("{control: 50%, question: 50%}", "{control: 100%}"), 6, "2 to 10 arms"),
        (EXPERIMENT.replace("end: 2026-06-14", "end: 2026-05-31"), 9, "is not after the start"),
        (EXPERIMENT.replace("unit: address", "unit: adress"), 4, "did you mean address?"),
        (
            EXPERIMENT.replace("did: email_click", "did: email_clik"),
            11,
            "did you mean email_click?",
        ),
        (EXPERIMENT.replace(", within: 7 days}", "}"), 11, "within is missing"),
        (EXPERIMENT.replace("7 days", "7 fortnights"), 11, "unknown unit 'fortnights'"),
        (
            EXPERIMENT.replace("did: email_click", "ratio_of: email_click"),
            11,
            "per belong together",
        ),
        (
            EXPERIMENT.replace("did: email_click", "did: email_click, count_of: donation"),
            11,
            "one of",
        ),
        (EXPERIMENT.replace("audience:", "audiense:"), 5, "did you mean audience?"),
        (EXPERIMENT + "  guardrails: [{did: email_click, within: 9 days}]\n", 10, "two metrics"),
        (EXPERIMENT + "alpha: 0.5\n", 12, "less than or equal to 0.2"),
        (TEST_OF_SEGMENTS, 11, "email_click decides who is in these segments"),
        (
            TEST_OF_SEGMENTS.replace("question: lapsed", "other: lapsed"),
            5,
            "a segment for each arm",
        ),
        (TEST_OF_SEGMENTS + "audience: {did: donation}\n", 1, "expected an audience, or segments"),
    ],
)
def test_an_experiment_that_is_wrong_is_refused(
    text: str, line: int, what: str, tmp_path: Path
) -> None:
    """One line that names the file, the line and what to write (F84, F85, F102, F103)."""
    found = messages(tmp_path / "d", {"experiments/subject.yml": text, **SEGMENTS})
    assert len(found) == 1, found
    assert found[0].startswith(f"d/experiments/subject.yml, line {line}: ")
    assert what in found[0]


def test_two_experiments_have_two_salts(tmp_path: Path) -> None:
    other = EXPERIMENT.replace("experiment: subject", "experiment: twin")
    files = {"experiments/subject.yml": EXPERIMENT, "experiments/twin.yml": other}
    (found,) = messages(tmp_path / "d", files)
    assert "d/experiments/twin.yml, line 7: subject has the salt subject, too" in found


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (RULE + "audience: {did: donation}\n", 3, "the slot email.hero has no fallback"),
        (RULE + "until: 2026-12-31\n", 3, "the slot email.hero has no fallback"),
        (RULE.replace("email.hero", "E-Mail hero"), 3, "lower-case letters"),
        (RULE + "who: {did: donation}\nsegment: lapsed\n", 6, "say the same thing"),
        (RULE + "from: 2026-12-31\nuntil: 2026-12-01\n", 6, "is before from"),
        (RULE + "variables: {place: {field: county}}\n", 5, "give a fallback"),
        (RULE + "audience: {segment: clicker}\n", 5, "did you mean clickers?"),
    ],
)
def test_a_rule_that_is_wrong_is_refused(text: str, line: int, what: str, tmp_path: Path) -> None:
    """A slot or a variable without a fallback would be empty for somebody."""
    found = messages(tmp_path / "d", {"rules/hero.yml": text, **SEGMENTS})
    assert len(found) == 1, found
    assert found[0].startswith(f"d/rules/hero.yml, line {line}: ")
    assert what in found[0]


def test_a_misspelt_slot_has_no_fallback(tmp_path: Path) -> None:
    """Slots are named by their fallbacks, so a new name without one is an error."""
    other = RULE.replace("rule: hero", "rule: donors").replace("email.hero", "email.heros")
    files = {"rules/hero.yml": RULE, "rules/donors.yml": f"{other}who: {{did: donation}}\n"}
    (found,) = messages(tmp_path / "d", files)
    assert found.startswith("d/rules/donors.yml, line 3: the slot email.heros has no fallback")
    assert "did you mean email.hero?" in found


def test_an_audience_has_several_forms(tmp_path: Path) -> None:
    """`audience` with a condition, a segment or `who`; `who` and `segment` alone mean the same."""
    forms = [
        "audience: {did: email_click}",
        "audience: {who: {did: email_click}}",
        "audience: {segment: clickers}",
        "audience: {in_segment: clickers}",
        "who: {did: email_click}",
        "segment: clickers",
    ]
    files = {"rules/hero.yml": RULE, **SEGMENTS} | {
        f"rules/r{n}.yml": f"{RULE}{form}\n".replace("rule: hero", f"rule: r{n}")
        for n, form in enumerate(forms)
    }
    assert messages(tmp_path / "d", files) == []
    hashes = {row[1]: row[-1] for row in rows(load(tmp_path / "d"))["definitions"]}
    assert len({hashes[f"r{n}"] for n in range(len(forms))}) == 1
    assert hashes["hero"] is None


def test_more_than_fifty_active_rules_are_refused(tmp_path: Path) -> None:
    """The brief's limit; a paused rule does not count."""
    files = {f"rules/r{n:02}.yml": RULE.replace("rule: hero", f"rule: r{n:02}") for n in range(51)}
    assert [
        "more than 50 rules are active" in line for line in messages(tmp_path / "d", files)
    ] == [True]
    files["rules/r50.yml"] += "status: paused\n"
    assert messages(tmp_path / "e", files) == []


def built(folder: Path, found: Definitions, status: str = "running") -> Path:
    """A database whose last build found the experiments of the definitions so."""
    import json

    database = folder / "last.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("create schema marts")
        con.execute(
            "create table marts.experiments "
            "(experiment varchar, status varchar, starts_on date, frozen_terms varchar)"
        )
        for item in found.of("experiment"):
            terms = json.dumps(frozen_terms(item), default=str)
            con.execute(
                "insert into marts.experiments values (?, ?, ?, ?)",
                [item.name, status, item.model.start, terms],
            )
    return database


RAMPED = EXPERIMENT + "ramp: 20%\n"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        (
            RAMPED.replace("{control: 50%, question: 50%}", "{control: 40%, question: 60%}"),
            6,
            "arms",
        ),
        (
            RAMPED.replace("{control: 50%, question: 50%}", "{question: 50%, control: 50%}"),
            6,
            "arms",
        ),
        (RAMPED.replace("salt: subject", "salt: other"), 7, "salt"),
        (RAMPED.replace("end: 2026-06-14", "end: 2026-06-30"), 9, "end"),
        (RAMPED.replace("within: 7 days", "within: 14 days"), 10, "metrics"),
        (RAMPED.replace("unit: address", "unit: voter"), 4, "unit"),
        (RAMPED.replace("ramp: 20%", "ramp: 10%"), 12, "the ramp can only grow"),
        (RAMPED + "status: draft\n", 13, "cannot be a draft again"),
        (RAMPED.replace("ramp: 20%", "ramp: 50%"), 0, ""),
        (RAMPED + "status: paused\ndescription: Stopped, because the letter was wrong.\n", 0, ""),
    ],
)
def test_an_experiment_keeps_its_terms_from_its_start_on(
    text: str, line: int, what: str, tmp_path: Path
) -> None:
    """Shares, salt, unit, metrics and end stay; a ramp may grow, and a pause is no change (F85)."""
    before = load(written(tmp_path / "before", {"experiments/subject.yml": RAMPED}))
    now = load(written(tmp_path / "d", {"experiments/subject.yml": text}))
    database = built(tmp_path, before)
    if not line:
        check_started_in(now.items, database)
        return
    with pytest.raises(DefinitionError) as refused:
        check_started_in(now.items, database)
    assert str(refused.value).startswith(f"d/experiments/subject.yml, line {line}: ")
    assert what in str(refused.value)


def test_an_experiment_may_change_before_its_start(tmp_path: Path) -> None:
    before = load(written(tmp_path / "before", {"experiments/subject.yml": EXPERIMENT}))
    now = load(written(tmp_path / "d", {"experiments/subject.yml": THREE}))
    check_started_in(now.items, built(tmp_path, before, "draft"))
    check_started_in(now.items, None)


def test_a_build_with_a_changed_experiment_stops_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and one line; neither the extracts nor dbt are read (F85)."""
    before = load(written(tmp_path / "before", {"experiments/subject.yml": EXPERIMENT}))
    database = built(tmp_path, before)
    changed = written(tmp_path / "d", {"experiments/subject.yml": THREE})
    monkeypatch.setenv("BEHAVIORAL_DEFINITIONS_DIR", str(changed))
    monkeypatch.setenv("BEHAVIORAL_DB", str(tmp_path / "none" / "published.duckdb"))
    monkeypatch.setenv("BEHAVIORAL_DATA_DIR", str(tmp_path / "no_extracts"))
    monkeypatch.setattr("enrichment.publish.last_database", lambda: database)
    assert segment.run(["build"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "d/experiments/subject.yml, line 6: arms cannot change" in error


VERDICTS = {
    "subject_question": "better",
    "same_letter": "no_difference_shown",
    "sender_name": "sample_ratio_mismatch",
}


def test_what_was_planted_is_found(sample_extracts: Path, sample_database: Path) -> None:
    """Who got which arm is what the sample planted, and so are the verdicts of arms of 100 or more.

    Of 5,000 voters all three verdicts are as planted; a smaller sample has too few units.
    """
    truth = sample_extracts / "truth" / "programs.parquet"
    if not truth.is_file():
        pytest.skip("this sample has no experiments")
    with duckdb.connect() as con:
        con.execute(f"attach '{sample_database}' as built (read_only)")
        planted = con.execute(
            "select assignments.exposed_arm = programs.arm, "
            "count(case when assignments.arm <> programs.arm then 1 end) / count(*), count(*) "
            f"from read_parquet('{truth}') as programs "
            "inner join built.marts.experiment_assignments as assignments "
            "on programs.program = assignments.experiment "
            "and programs.state = assignments.state and programs.svid = assignments.svid "
            "where programs.kind = 'experiment' group by 1"
        ).fetchall()
        found = con.execute(
            "select experiment, verdict, min(arms.exposed) from built.marts.experiments "
            "inner join built.marts.experiment_arms as arms using (experiment) group by all"
        ).fetchall()
    ((is_same, other_arm, people),) = planted
    # A letter may go to another address than the first one, whose arm may be another one.
    assert is_same and other_arm < 0.05 and people > 50
    assert {name for name, _, _ in found} == set(VERDICTS)
    assert [
        (name, verdict)
        for name, verdict, smallest in found
        if verdict
        not in ({VERDICTS[name]} if smallest >= 100 else {VERDICTS[name], "insufficient"})
    ] == []


def test_the_export_has_one_row_a_voter(
    sample_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`export intelligence`: every voter once, with scores, stage and segments (001-22)."""
    database = tmp_path / "warehouse" / "behavioral.duckdb"
    database.parent.mkdir()
    shutil.copy(sample_database, database)
    monkeypatch.setenv("BEHAVIORAL_DB", str(database))
    out = tmp_path / "final_intelligence_output.csv"
    assert segment.run(["export", "intelligence", "--out", str(out)]) == 0
    with duckdb.connect() as con:
        con.execute(f"attach '{database}' as built (read_only)")
        (exported,) = con.execute(
            "select count(*) = count(distinct state || ':' || svid) "
            "and count(*) = (select count(*) from built.marts.enriched_profiles) "
            "and count(engagement_score) > 0 and count(lifecycle_stage) > 0 "
            "and count(segments) > 0 "
            f"from read_csv('{out}', all_varchar = true)"
        ).fetchall()[0]
    assert exported
