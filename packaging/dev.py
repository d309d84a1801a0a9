"""Sets up, runs, tests and builds Grokdesk: the tool behind make, and its stand-in on Windows.

This file stays readable to very old Pythons, so that they can say what is wrong.
"""

import sys

OLDEST = (3, 11)


def main():
    if sys.version_info < OLDEST:
        return (
            "Grokdesk needs Python 3.11 or newer, and this is Python "
            + sys.version.split()[0]
            + ".\nName a newer one: make PYTHON=python3.12 run, or python3.12 packaging/dev.py run"
        )
    from devtool.cli import main as run_command

    return run_command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
