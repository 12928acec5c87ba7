"""The parsed project that the runner keeps: read when it is this code's, else parsed again."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from enrichment import parsed_project

DAY, MOMENT = date(2024, 2, 29), datetime(2024, 2, 29, 12, 30)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one model that has been parsed, and the file in which that is kept."""
    for folder in ("models", "macros", "seeds", "tests", "warehouse/.build"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "models" / "model.sql").write_text("select 1 as one")
    monkeypatch.setattr(parsed_project, "PROJECT", tmp_path)
    monkeypatch.setenv("BEHAVIORAL_DB", str(tmp_path / "warehouse" / "behavioral.duckdb"))
    assert not is_kept()
    return parsed_project.parsed_file()


def parsed() -> Any:
    """What dbt makes of a project, with dates as the rows of unit tests have them."""
    from dbt.artifacts.resources import UnitTestInputFixture, UnitTestOutputFixture
    from dbt.contracts.graph.manifest import Manifest
    from dbt.contracts.graph.nodes import UnitTestDefinition
    from dbt.node_types import NodeType

    manifest = Manifest()
    manifest.unit_tests["unit_test.one"] = UnitTestDefinition(
        model="model",
        given=[UnitTestInputFixture(input="ref('model')", rows=[{"day": DAY, "at": MOMENT}])],
        expect=UnitTestOutputFixture(rows=[{"text": "o'clock", "nothing": None}]),
        name="one",
        resource_type=NodeType.Unit,
        package_name="project",
        path="one.yml",
        original_file_path="one.yml",
        unique_id="unit_test.one",
        fqn=["one"],
    )
    return manifest


def is_kept() -> bool:
    """Whether the runner need not parse."""
    calls = []

    def parse() -> Any:
        calls.append(1)
        return parsed()

    manifest = parsed_project.parsed_project(parse)
    (test,) = manifest.unit_tests.values()
    assert test.to_dict() == parsed().unit_tests["unit_test.one"].to_dict() | {
        "created_at": test.created_at
    }
    assert test.given[0].rows == [{"day": DAY, "at": MOMENT}]
    return not calls


def test_it_is_read_again(kept: Path) -> None:
    assert is_kept()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in kept.parent.iterdir()] == ["behavioral.duckdb.parsed"]


def other_code(kept: Path) -> None:
    (kept.parents[2] / "models" / "model.sql").write_text("select 2 as one")


def one_more_model(kept: Path) -> None:
    (kept.parents[2] / "models" / "other.sql").write_text("select 1 as one")


def another_name(kept: Path) -> None:
    """The database's name is part of each relation's."""
    os.environ["BEHAVIORAL_DB"] = str(kept.parents[1] / "other.duckdb")
    kept.rename(parsed_project.parsed_file())


def another_dbt(kept: Path) -> None:
    """Written by another version."""
    content = kept.read_bytes()
    kept.write_bytes(hashlib.sha256(content).digest() + content[32:])


def damaged(kept: Path) -> None:
    content = bytearray(kept.read_bytes())
    content[len(content) // 2] ^= 1
    kept.write_bytes(content)


def cut_off(kept: Path) -> None:
    os.truncate(kept, 40)


def emptied(kept: Path) -> None:
    os.truncate(kept, 0)


def writable_by_others(kept: Path) -> None:
    kept.chmod(0o620)


def a_link(kept: Path) -> None:
    kept.symlink_to(kept.rename(kept.with_name("elsewhere")))


def a_pipe(kept: Path) -> None:
    kept.unlink()
    os.mkfifo(kept, 0o600)


@pytest.mark.parametrize(
    "change",
    [
        *(other_code, one_more_model, another_name, another_dbt, damaged, cut_off, emptied),
        *(writable_by_others, a_link, a_pipe),
    ],
    ids=lambda f: f.__name__,
)
def test_another_is_ignored(change: Callable[[Path], None], kept: Path) -> None:
    change(kept)
    assert not is_kept()
    assert is_kept()


def test_nothing_is_kept_of_another_format(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The digest is right, and still dbt cannot read it."""
    key = parsed_project._key()
    payload = zlib.compress(b"\x93not a manifest")
    kept.write_bytes(hashlib.sha256(key + payload).digest() + payload)
    assert not is_kept()


def test_a_folder_without_room_is_no_error(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    kept.unlink()
    monkeypatch.setattr(zlib, "compress", full)
    assert not is_kept()
    assert list(kept.parent.iterdir()) == []


def test_a_project_that_cannot_be_parsed_is_not_kept(kept: Path) -> None:
    kept.unlink()
    assert parsed_project.parsed_project(lambda: None) is None
    assert list(kept.parent.iterdir()) == []
