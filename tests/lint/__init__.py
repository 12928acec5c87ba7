"""What sqlfluff sees in place of dbt: the project's macros, and stand-ins for dbt's own names.

`.sqlfluff` names this package as `library_path`: its attributes are the names that a model may use.
sqlfluff could load the macros itself (`load_macros_from_path`), but compiles all of them twice for
each file that it lints, which takes longer than the linting. Here Jinja keeps what it compiled in
its bytecode cache, and a process keeps the macros: sqlfluff executes this package for each file.

The garbage collector is off: it looks through the syntax tree of a file again and again, a quarter
of the time of linting.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader

from lint import adapter, exceptions, modules, run_started_at


class Returned(Exception):  # noqa: N818 (it is no error)
    """The value that a macro hands to dbt's `return`."""


def _return(value: Any) -> None:
    raise Returned(value)


def _call(macros: dict[str, Callable[..., Any]], name: str, *given: Any, **named: Any) -> Any:
    """Calls a macro by name, so that macros of one file can call those of another."""
    try:
        return macros[name](*given, **named)
    except Returned as returned:
        return returned.args[0]


def _last(*names: str) -> str:
    return names[-1]


def _both(source: str, table: str) -> str:
    return f"{source}_{table}"


def _item(name: str, default: object = "") -> str:
    return "item"


def _macros() -> dict[str, Callable[..., Any]]:
    """Every macro of the project, by name."""
    environment = Environment(  # noqa: S701 (it renders SQL, no page)
        loader=FileSystemLoader("macros"),
        bytecode_cache=FileSystemBytecodeCache(),
        extensions=["jinja2.ext.do"],
        keep_trailing_newline=True,
    )
    names = environment.globals
    names.update(
        {
            "ref": _last,
            "source": _both,
            "var": _item,
            "return": _return,
            "is_incremental": lambda: True,
            "this": "this_model",
            "execute": False,
            "invocation_id": "an-invocation",
            "dbt_version": "1.11",
            "adapter": adapter,
            "exceptions": exceptions,
            "modules": modules,
            "run_started_at": run_started_at,
        }
    )
    # Jinja does not know dbt's tag, and no model calls a materialization.
    files = [
        file
        for file in environment.list_templates(extensions=["sql"])
        if "{% materialization " not in Path("macros", file).read_text()
    ]
    found: dict[str, Callable[..., Any]] = {}
    # Twice: a macro sees the names that are there when its file is loaded.
    for file in (*files, *files):
        for name, macro in vars(environment.get_template(file).make_module()).items():
            if callable(macro) and not name.startswith("_"):
                found[name] = macro
                names[name] = partial(_call, found, name)
    callables = {name: partial(_call, found, name) for name in found}
    # One Newton step stands for eight: they are the same SQL, and sqlfluff refuses so large
    # a query.
    return callables | {"newton_steps": partial(callables["newton_steps"], steps=1)}


gc.disable()
# sqlfluff replaces the modules of this package, and leaves others alone.
_kept = vars(sys.modules.setdefault("macros_of_the_linter", ModuleType("kept")))
if "macros" not in _kept:
    _kept["macros"] = _macros()
globals().update(_kept["macros"])
