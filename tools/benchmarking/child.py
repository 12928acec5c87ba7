"""The child that runs one job: `python child.py REQUEST ANSWER`, both files of JSON.

An engine's message about a failure may quote data: print only the type of an exception, and
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
    job_request = json.loads(request.read_text())
    module, _, function = job_request["job"].partition(".")
    job = getattr(importlib.import_module(f"benchmarking.sections.{module}"), function)
    try:
        found = job(**job_request["arguments"])
    except Exception as error:  # every failure becomes one line
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        print(f"{job_request['job']}: {type(error).__name__} at {place}", file=sys.stderr)
        answer.write_text(json.dumps({"error": type(error).__name__}))
        return 1
    answer.write_text(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
