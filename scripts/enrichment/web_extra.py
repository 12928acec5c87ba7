"""Whether the packages of the extra ``web`` are installed: the core does without them."""

from __future__ import annotations

from importlib.util import find_spec

from enrichment.errors import InputError

_NEEDED = {
    "report": ("jinja2", "markupsafe"),
    "serve": ("fastapi", "uvicorn", "multipart", "jinja2", "markupsafe"),
}


def check(command: str) -> None:
    """Raises InputError if a package is missing that the command needs."""
    missing = [name for name in _NEEDED[command] if find_spec(name) is None]
    if missing:
        raise InputError(
            f"{command} needs packages that are not installed ({', '.join(missing)}): "
            "pip install '.[web]' --constraint requirements-dev.lock"
        )
