"""Where a test may be skipped, and where that is a failure."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import no_skips
from tests.testbed.places import CACHE_VARIABLE, ROOT

TESTS = """
import pytest

@pytest.mark.skipif(True, reason="no such thing here")
def test_one(): ...

def test_two(): pass
"""


def run(*argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """pytest in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *argv],
        cwd=ROOT,
        env={**kept, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def run_bare(*argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same with the plugin alone, whatever this project's pytest has besides."""
    bare = ("-c", os.devnull, "-p", "xdist", "-p", "tests.no_skips")
    return run(*bare, *argv, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", **environment)


@pytest.fixture
def tests(tmp_path: Path) -> str:
    """One test that is skipped and one that passes."""
    path = tmp_path / "test_some.py"
    path.write_text(TESTS)
    return str(path)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_skip_fails_in_ci(tests: str, workers: str) -> None:
    found = run_bare("-n", workers, tests, CI="true")
    assert "1 passed, 1 skipped" in found.stdout
    assert re.search(r"nothing may be skipped, and this was: \S*test_one", found.stdout)
    assert found.returncode == pytest.ExitCode.TESTS_FAILED


def test_a_skip_is_fine_elsewhere_and_so_is_ci_without_one(tests: str) -> None:
    assert run_bare(tests).returncode == pytest.ExitCode.OK
    only = run_bare(tests, "-k", "two", CI="true")
    assert only.returncode == pytest.ExitCode.OK


def test_our_own_tests_are_under_that_rule(pytestconfig: pytest.Config) -> None:
    """The plugin is registered for this very run, by tests/conftest.py."""
    assert pytestconfig.pluginmanager.is_registered(no_skips)


def without_go(folder: Path) -> str:
    """A PATH with all that python and pytest may need, and without go."""
    paths = os.environ["PATH"].split(os.pathsep)
    kept = [path for path in paths if not (Path(path) / "go").exists()]
    assert shutil.which("go", path=os.pathsep.join(kept)) is None
    return os.pathsep.join(kept)


@pytest.mark.parametrize("ci", [False, True], ids=["elsewhere", "in CI"])
def test_without_go_the_cluster_tests_are_skipped_and_say_so(tmp_path: Path, ci: bool) -> None:
    found = run(
        *("-n", "0", "tests/cluster/test_forward.py::test_the_hubs_health[real]"),
        PATH=without_go(tmp_path),
        **{CACHE_VARIABLE: str(tmp_path / "cache"), **({"CI": "true"} if ci else {})},
    )
    assert "go is not on PATH" in found.stdout
    assert "Install Go" in found.stdout
    outcome = pytest.ExitCode.TESTS_FAILED if ci else pytest.ExitCode.OK
    assert found.returncode == outcome
    assert ("SKIPPED" in found.stdout) is not ci
