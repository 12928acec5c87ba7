"""The child that runs one job: `python child.py REQUEST ANSWER`, both files of JSON.

What an engine says about a failure may quote data: only the type of an exception is told, and
where it was raised.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from pathlib import Path


def main() -> int:
    """Runs the job; 0 if it ended well."""
    request, answer = (Path(argument) for argument in sys.argv[1:])
    asked = json.loads(request.read_text())
    module, _, function = asked["job"].partition(".")
    job = getattr(importlib.import_module(f"benchmarking.sections.{module}"), function)
    try:
        found = job(**asked["arguments"])
    except Exception as error:  # every failure becomes one line
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        print(f"{asked['job']}: {type(error).__name__} at {place}", file=sys.stderr)
        answer.write_text(json.dumps({"error": type(error).__name__}))
        return 1
    answer.write_text(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
