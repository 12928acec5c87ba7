"""The script that measures how the project reads: its counts on made-up texts, and its goals."""

from __future__ import annotations

from pathlib import Path

import pytest

import readability

PROJECT = Path(__file__).resolve().parents[2]


def test_a_column_listed_again_is_counted() -> None:
    model = "with a as (\n    select\n        x,\n        t.y\n),\n\n-- x\nselect\n    x,\n    y\n"
    assert readability.relisted_share([model]) == pytest.approx(100 * 2 / 8)


def test_ctes_are_counted() -> None:
    assert readability.ctes(["with a as (\n),\nb as {{ inlined() }} (\n)\n", "select 1"]) == [0, 2]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Rows are told apart by their key.", 0),
        ("Nothing is told of few people.", 1),
        ("Whoever is barred is of nobody.", 3),
        ("The slowest part.", 0),
    ],
)
def test_old_fashioned_phrases_are_counted(text: str, found: int) -> None:
    assert readability.archaisms([text]) == 10_000 * found


@pytest.mark.parametrize(
    ("comment", "is_inverted"),
    [
        ("Of strangers nothing is kept.", True),
        ("Who opted out is on no list.", True),
        ("Who opted out?", False),
        ("What is new is read.", True),
        ("What changed?", False),
        ("Trim after filtering: trimming is slow.", False),
        ("People who opted out are on no list.", False),
    ],
)
def test_inverted_sentences_are_counted(comment: str, is_inverted: bool) -> None:
    texts = [(f"-- {comment}\nselect 1\n", ".sql"), (f"# {comment}\n", ".py")]
    assert readability.inverted_share(texts) == 100 * is_inverted


def test_sentences_are_those_of_comments() -> None:
    sql = "{#- One. Two\n   lines. -#}\n-- Three\n-- and more.\nselect 'Of no comment.'\n"
    assert readability.sentences(sql, ".sql") == ["One.", "Two lines.", "Three and more."]
    assert readability.sentences('"""One."""\n# Two.\nx = 1  # Three.\n', ".py") == ["One.", "Two."]


def test_a_code_is_explained_by_the_first_cell_of_a_line() -> None:
    assert readability.explained_codes("| F01 | as F02 |\nF03\n| code | F04 |\n") == {"F01"}


@pytest.mark.parametrize("figure", readability.figures(PROJECT), ids=lambda figure: figure.name)
def test_the_project_reads_well(figure: readability.Figure) -> None:
    assert figure.value <= figure.most
