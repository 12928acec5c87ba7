"""A manifest of hashes beside the extracts: a bit that flipped on the way is found."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from conftest import SmallWorld
from place import Place, sha256
from warm import Warm

SEED, FLIPS = 9, 8


@pytest.fixture(scope="module")
def place(small_world: SmallWorld, warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A published database."""
    return Place(tmp_path_factory.mktemp("manifest"), small_world, warm)


@pytest.fixture
def extracts(place: Place, tmp_path: Path) -> Path:
    """A copy of the extracts with the manifest of their sender."""
    folder = shutil.copytree(place.extracts, tmp_path / "extracts")
    files = {
        str(file.relative_to(folder)): sha256(file)
        for file in sorted(folder.glob("*/*.parquet"))
        if file.parent.name != "truth"
    }
    (folder / "manifest.json").write_text(json.dumps({"files": files}))
    return folder


def test_files_as_they_were_sent_are_built(extracts: Path, place: Place) -> None:
    """Exit code 0."""
    before = place.build_id()
    run = place.build(BEHAVIORAL_DATA_DIR=str(extracts))
    assert run.returncode == 0, run.stderr
    assert place.build_id() != before


@pytest.mark.parametrize("number", range(FLIPS))
def test_a_flipped_bit_is_found(
    number: int, extracts: Path, small_world: SmallWorld, warm: Warm, tmp_path: Path
) -> None:
    """Anywhere in a file: exit code 2, one line that names the file; published file untouched.

    The size and the time of change stay the same, so that only the hash shows it.
    """
    (tmp_path / "own").mkdir()
    place = Place(tmp_path / "own", small_world, warm)
    chance = random.Random(SEED + number)  # noqa: S311 (no secret)
    table = ("email_clickers", "person", "donations", "list_link_phone_email_map")[number % 4]
    file = chance.choice(sorted((extracts / table).glob("*.parquet")))
    content = bytearray(file.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    run = place.build(BEHAVIORAL_DATA_DIR=str(extracts))
    assert file.name in place.assert_one_line(run, 2)
    place.assert_untouched()
    place.assert_nothing_left()


def test_a_file_that_never_came_is_found(extracts: Path, place: Place) -> None:
    """The manifest names it: exit code 2 and one line that names the file."""
    shutil.copy(
        extracts / "donations" / "part-0000.parquet", extracts / "donations" / "late.parquet"
    )
    manifest = json.loads((extracts / "manifest.json").read_text())
    manifest["files"]["donations/late.parquet"] = sha256(extracts / "donations" / "late.parquet")
    (extracts / "manifest.json").write_text(json.dumps(manifest))
    (extracts / "donations" / "late.parquet").unlink()
    run = place.build(BEHAVIORAL_DATA_DIR=str(extracts))
    assert "late.parquet" in place.assert_one_line(run, 2)


@pytest.mark.parametrize(
    "text", ["", "not JSON", "[]", '{"files": ["person"]}', '{"files": {"a": 1}}']
)
def test_a_manifest_that_cannot_be_read_is_told(text: str, extracts: Path, place: Place) -> None:
    """Exit code 2 and one line that names it."""
    (extracts / "manifest.json").write_text(text)
    run = place.build(BEHAVIORAL_DATA_DIR=str(extracts))
    assert "manifest.json" in place.assert_one_line(run, 2)
