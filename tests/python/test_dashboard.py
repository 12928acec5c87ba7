"""The starter dashboard loads without a click, and shows no group of too few people."""

from __future__ import annotations

import json
import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from enrichment import paths

PROJECT = Path(__file__).resolve().parents[2]
DASHBOARD = PROJECT / "dashboards" / "overview.py"


@pytest.fixture(scope="module")
def loaded(
    sample_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Any], dict[str, Any], list[dict[str, Any]]]:
    """What the cells show, what they define, and the audit log, on the sample's database."""
    folder = tmp_path_factory.mktemp("dashboard")
    file = folder / sample_database.name
    os.link(sample_database, file)
    spec = spec_from_file_location("overview", DASHBOARD)
    assert spec is not None
    assert spec.loader is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEHAVIORAL_DB", str(file))
        patch.setenv("BEHAVIORAL_HASH_KEY", "a key for tests only")
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        outputs, defined = module.app.run()
        log = [json.loads(line) for line in paths.audit_file().read_text().splitlines()]
    return list(outputs), dict(defined), log


def test_every_part_of_the_dashboard_is_there(
    loaded: tuple[list[Any], dict[str, Any], list[dict[str, Any]]],
) -> None:
    outputs, defined, log = loaded
    text = "\n".join(str(output.text) for output in outputs if output is not None)
    assert "As of" in text
    assert text.count("<svg") >= 3
    for name in ("coverage", "weeks", "clients", "funnels", "segments", "goals"):
        assert defined[name], name
    assert [(line["command"], line["exit_code"]) for line in log] == [("dashboard", 0)]
    assert log[0]["rows"] > 100


def test_the_dashboard_hides_small_groups(
    loaded: tuple[list[Any], dict[str, Any], list[dict[str, Any]]],
) -> None:
    outputs, defined, _ = loaded
    assert min(row["unique_contacts"] for row in defined["clients"]) >= 11
    assert "@example" not in "\n".join(str(output.text) for output in outputs if output is not None)
