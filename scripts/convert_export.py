"""Turn an export of another product into a file of an extract: `convert_export.py PLATFORM FILE…`.

Analytics (ga4, segment, mixpanel, amplitude) go into `behavior_events`; e-mail platforms
(mailchimp, sendgrid, mailgun, postmark, amazon_ses) into `email_clickers`, or with `--into
email_openers` their opens alone. docs/interface.md says what is read. Exit codes: 0 done; 2 bad
arguments or input, with one line.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from enrichment import exports
from enrichment.errors import RunnerError
from enrichment.paths import data_folder


def main(arguments: list[str]) -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Turn an export into a file of an extract.")
    parser.add_argument("platform", choices=exports.platforms(), metavar="PLATFORM")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--client", metavar="NAME", help="the client whose mail it is")
    parser.add_argument("--into", metavar="EXTRACT", help="default: what the product's map says")
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="the extracts; default: BEHAVIORAL_DATA_DIR"
    )
    given = parser.parse_args(arguments)
    try:
        folder = given.out or data_folder()
        for file in given.files:
            done = exports.convert(given.platform, file, folder, given.client, given.into)
            for line in exports.report(done):
                print(line)
    except RunnerError as error:
        print(f"convert_export.py: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
