"""What all tests share: the testbed of this run, started once and ended with the run."""

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from subprocess import DEVNULL

import pytest
from hypothesis import settings
from textual import _wait
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet

from hubtui.clients import helm_seen
from hubtui.clients.helm_seen import Helms
from tests import no_skips
from tests.cluster.clusters import Cluster
from tests.cluster.demo_cluster import DemoCluster
from tests.testbed import MissingToolError, Testbed
from tests.testbed.build import locked
from tests.testbed.places import ROOT, runs

# How long an example takes says something of the machine, not of the code.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")

# A pilot looks whether the app rests after each key: in shorter steps, with the same share of rest.
_wait.SLEEP_GRANULARITY, _wait.SLEEP_IDLE = 1 / 100, 1 / 2000

# Every app reads the same CSS: what is parsed once is kept for the apps of the other tests.
_parsed: dict[object, list[RuleSet]] = {}
_parse_rules = Stylesheet._parse_rules


def _parse_once(stylesheet: Stylesheet, *given: object, **named: object) -> list[RuleSet]:
    known = (frozenset(stylesheet._variables.items()), given, frozenset(named.items()))
    if known not in _parsed:
        _parsed[known] = _parse_rules(stylesheet, *given, **named)  # type: ignore[arg-type]
    return _parsed[known]


Stylesheet._parse_rules = _parse_once  # type: ignore[method-assign, assignment]

# Every test builds an app and drops it: looked through less often, at a fifth of the cost.
gc.set_threshold(50_000, 20, 20)

# Set before xdist starts its workers, so that all of them mean the same testbed.
_RUN = "HUBTUI_TESTBED_RUN"
DEMO, REAL = "demo", "real"
REAL_ALONE = (
    *("test_recover", "test_upgrade_charts", "test_upgrade_faults", "test_upgrade_images"),
    *("test_upgrade_restart", "test_upgrade_timeout", "test_stop_followed"),
    # By keyboard and in the drills the demo is upgraded, too.
    *("test_upgrade", "test_upgrade_command"),
    "test_rollback_faults",
    "test_sync_routes",
    "test_maintenance",
    *("test_drain_ends", "test_drain_by_keyboard", "test_prepull_command"),
    *("test_delete_claim_ends", "test_leftovers"),
    # A driver's steps are taken one at a time, which that of the demo takes by itself.
    "test_expand",
    # Of the demo the drills tell the same.
    "test_storage_problems",
    # What scrapes kubelets is the real Prometheus; that of the demo makes its figures by itself.
    *("test_storage_prometheus", "test_trends", "test_homes"),
    "test_storage_sick_nodes",
    # What dashboards ask is computed by the real Prometheus.
    "test_dashboards",
    # Seats are held against the real scheduler; that of the demo is our own.
    "test_seats",
    # How hubtui and a terminal end is theirs alone, whatever the cluster is.
    "test_rollback_in_terminal",
)
BESIDE = (
    "test_hubploy",
    *("test_strvals", "test_merge"),
    "test_image_plan",
    "test_no_skips",
    # By keys the drills are solved in the fast half.
    "test_drill_commands",
    # Each key of each screen; the fast half presses those that its tests are about.
    "test_keys_of_screens",
)
"""One process after the other: those of others that hubtui is held against (hubploy, helm's reading
of values, repo2docker, pytest), and hubtui's own; and a long walk. They are no part of the fast
half, as the control plane's are not."""

HELM_MAJOR = ("helm_major", "major", "small")
"""What the parameter is called that says which helm."""


def pytest_configure(config: pytest.Config) -> None:
    """Names this run's testbed after the process that will end it."""
    config.pluginmanager.register(no_skips)
    if hasattr(config, "workerinput"):
        config.option.loadgroup = True  # a worker hears of no option that is set below
        return
    os.environ[_RUN] = f"pytest-{os.getpid()}"
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell's `&` has its commands deaf to ctrl+c, and with them all that tests start.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # A hundred of our processes start: none is to compile all of hubtui anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if config.getoption("dist", "no") == "load":
        # One worker has the testbed's tests: what one changes, another would see.
        config.option.dist = "loadgroup"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Compiles the tests of a clean clone, which else all workers would do at the same time."""
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if not whole or any((ROOT / "tests" / "unit" / "__pycache__").glob("*-pytest-*.pyc")):
        return
    halves = ("unit", "views"), ("cluster", "demo", "headless", "tui")
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n", "0"]
    started = [
        subprocess.Popen([*collect, *(f"tests/{each}" for each in half)], cwd=ROOT, stdout=DEVNULL)
        for half in halves
    ]
    for process in started:
        process.wait()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Ends the testbed, if a test has started it; with xdist, after the last worker."""
    if hasattr(session.config, "workerinput"):
        return
    found = Testbed.find(os.environ[_RUN])
    if found is not None:
        found.down()


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses the testbed is a cluster test, and all of these run in one worker; those of a
    file that use the demo share one, too, for they follow each other on the same release."""
    items[:] = [item for item in items if not _is_spared(item)]
    for item in items:
        names = getattr(item, "fixturenames", ())
        if item.path.stem in BESIDE:
            item.add_marker("cluster")
        elif "testbed" in names or _which(item) == REAL:
            item.add_marker("cluster")
            item.add_marker(pytest.mark.xdist_group("cluster"))
        elif _which(item) == DEMO:
            item.add_marker(pytest.mark.xdist_group(f"demo {item.path.stem}"))


def _is_spared(item: pytest.Item) -> bool:
    """What the demo is spared, so that its tests stay fast, and the real control plane is not: helm
    3, but for tests/demo/test_api_helm, and all ways in which an upgrade breaks.
    """
    if _which(item) != DEMO:
        return False
    return item.path.stem in REAL_ALONE or any(_params(item).get(name) == 3 for name in HELM_MAJOR)


def _which(item: pytest.Item) -> str:
    """The cluster that a parametrised test is to run against, if it is one."""
    return str(_params(item).get("cluster", ""))


def _params(item: pytest.Item) -> dict[str, object]:
    return item.callspec.params if hasattr(item, "callspec") else {}


@pytest.fixture
def no_helm_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which no helm runs: those of other tests are none of this one's."""
    monkeypatch.setattr(helm_seen, "at_work", lambda *_: Helms())


@pytest.fixture(scope="session", params=[DEMO, REAL])
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """The demo, then the real control plane: one behaviour, two clusters."""
    if request.param == REAL:
        # Asked for late, so that the demo's half starts no control plane and needs no Go.
        yield request.getfixturevalue("testbed")
        return
    with DemoCluster.running(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@pytest.fixture(scope="session")
def testbed() -> Iterator[Testbed]:
    """The control plane and the hub of this run; a test that breaks a part mends it again.

    HUBTUI_TESTBED_USE=NAME takes a running testbed, which is faster while one writes tests.
    """
    given = os.environ.get("HUBTUI_TESTBED_USE")
    if given:
        found = Testbed.find(given)
        if found is None:
            pytest.fail(f"HUBTUI_TESTBED_USE: there is no testbed {given}")
        yield found
        return
    _end_abandoned()
    try:
        yield Testbed.up(os.environ[_RUN])
    except MissingToolError as error:
        no_skips.missing(error)


def _end_abandoned() -> None:
    """Ends the testbeds of pytest runs that were killed before they could."""
    with locked(runs() / "abandoned.lock"):
        for folder in runs().glob("pytest-*"):
            pid = folder.name.partition("-")[2]
            found = Testbed.find(folder.name) if folder.is_dir() else None
            if found is not None and not os.path.exists(f"/proc/{pid}"):  # noqa: PTH110
                found.down()
