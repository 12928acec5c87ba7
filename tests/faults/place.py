"""A published database for tests of faults, and the assertions after each fault."""

from __future__ import annotations

import csv
import shutil
import signal
import subprocess
from collections.abc import Sequence
from hashlib import file_digest
from pathlib import Path
from typing import Any

from conftest import SmallWorld, build_environment
from enrichment.paths import private_half
from sample_data.pairs import copy_pair, halves
from warm import Run, Warm

Plants = Sequence[tuple[str, list[Any]]]
KILLED, INTERRUPTED = -signal.SIGKILL, 130

MODELS = (
    *("+build_info", "build_tables", "+enriched_profiles", "+donor_propensity"),
    *("+client_affinity", "+campaign_attribution", "+segment_profile"),
)
"""The models of a build with a fault: what publishing needs, and what readers ask meanwhile.

They are less than half of all, with seeds, views, tables, carried rows and a table function.
"""


def sha256(file: Path) -> str:
    """The SHA-256 of a file."""
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


class Place:
    """A folder with a published database, copied from the small world, and its extracts."""

    def __init__(self, folder: Path, world: SmallWorld, warm: Warm) -> None:
        """Publishes the small world in a new folder below `folder`."""
        self._warm = warm
        self.folder = folder
        self.extracts = folder / "extracts"
        shutil.copytree(world.extracts, self.extracts)
        self.database = folder / "warehouse" / "behavioral.duckdb"
        self.database.parent.mkdir()
        copy_pair(world.database, self.database)
        self._old = self._digests()

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a user of this database."""
        return build_environment(self.extracts, self.database, self.folder) | more

    def start(
        self,
        plants: Plants = (),
        *options: str,
        tests: bool = False,
        whole: bool = False,
        **more: str,
    ) -> Run:
        """Starts a build with planted faults, without data tests unless ``tests`` is set.

        Without ``tests`` and ``whole``, only some models are built.
        """
        planted = [*plants] if tests else [("small_build", []), *plants]
        if not (tests or whole):
            planted.insert(0, ("only", [*MODELS]))
        return self._warm.start(
            *("build", *options),
            env=self.environment(**more),
            first=("plant", "several", [planted]),
        )

    def build(
        self,
        plants: Plants = (),
        *options: str,
        tests: bool = False,
        whole: bool = False,
        **more: str,
    ) -> subprocess.CompletedProcess[str]:
        """Builds with planted faults."""
        run = self.start(plants, *options, tests=tests, whole=whole, **more)
        code = run.wait()
        return subprocess.CompletedProcess(["build"], code, run.stdout, run.stderr)

    def ask(self, *arguments: str, plants: Plants = ()) -> subprocess.CompletedProcess[str]:
        """Runs a command on the published database."""
        return self._warm.run(
            *arguments, env=self.environment(), first=("plant", "several", [[*plants]])
        )

    def build_id(self) -> str:
        """The id of the published build, as the runner exports it."""
        run = self.ask("export", "build_info", "--format", "csv")
        assert (run.returncode, run.stderr) == (0, "")
        (row,) = csv.DictReader(run.stdout.splitlines())
        return row["build_id"]

    def assert_untouched(self) -> None:
        """Both published files are byte for byte the old ones, and the runner answers."""
        assert self._digests() == self._old
        assert self.build_id()

    def _digests(self) -> list[str]:
        """The SHA-256 of the published file and of the private half that it names."""
        digests = [sha256(half) for half in halves(self.database)]
        assert len(digests) == 2
        return digests

    def assert_one_line(self, run: subprocess.CompletedProcess[str], code: int) -> str:
        """The runner reports the failure in one line; returns it."""
        assert run.returncode == code, run.stderr
        lines = [line for line in run.stderr.splitlines() if line.startswith("segment.py: ")]
        assert len(lines) == 1, run.stderr
        assert "Traceback" not in run.stderr
        return lines[0]

    def assert_works_again(self) -> None:
        """The next build publishes, and leaves no files behind."""
        before = self.build_id()
        run = self.build()
        assert run.returncode == 0, run.stderr
        assert self.build_id() != before
        self.assert_nothing_left()
        self._old = self._digests()

    def assert_nothing_left(self) -> None:
        """No work file, no write-ahead log and no spilled data are left beside the database."""
        found = list(self.database.parent.rglob("*"))
        assert [file for file in found if file.suffix in (".wal", ".tmp")] == []
        kept = {file.parent.name for file in self.database.parent.glob(".history/*/*.duckdb")}
        named = {private_half(self.database, name) for name in {self.build_id(), *kept}}
        assert {*self.database.parent.glob("*.private*")} == named
        work = self.database.parent / ".build"
        assert [file for file in work.iterdir() if file.suffix not in (".lock", ".parsed")] == []
