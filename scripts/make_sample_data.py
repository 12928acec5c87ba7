"""Make sample extracts: the door to `tools/make_sample_data.py`, with the same arguments."""

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    packages = os.pathsep.join([str(PROJECT / "scripts"), str(PROJECT / "tools")])
    maker = str(PROJECT / "tools" / "make_sample_data.py")
    os.execve(  # noqa: S606 - the same interpreter, on a file of ours
        sys.executable,
        [sys.executable, maker, *sys.argv[1:]],
        {**os.environ, "PYTHONPATH": packages},
    )
