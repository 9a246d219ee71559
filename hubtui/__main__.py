"""`python -m hubtui` and the console script."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs hubtui and ends the process with its exit code."""
    from hubtui.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
