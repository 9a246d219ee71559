"""In CI nothing may be skipped (design §8): a run with a skip fails, and says which.

A plugin of pytest; `tests/conftest.py` registers it.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

from tests.testbed.errors import MissingToolError


def missing(error: MissingToolError) -> NoReturn:
    """A program that a test needs is not on this machine: skips the test, but fails it in CI."""
    if os.environ.get("CI"):
        pytest.fail(str(error))
    pytest.skip(str(error))


def _skipped(config: pytest.Config) -> list[str]:
    """What was skipped in CI; with xdist the reports of all workers are the terminal's."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if not os.environ.get("CI") or not isinstance(reporter, pytest.TerminalReporter):
        return []
    return [report.nodeid for report in reporter.stats.get("skipped", [])]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turns a good run with skips into a failed one."""
    if session.exitstatus == pytest.ExitCode.OK and _skipped(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Says why a run without a failed test has failed."""
    for name in _skipped(config):
        terminalreporter.write_line(f"CI: nothing may be skipped, and this was: {name}", red=True)
