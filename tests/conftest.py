"""What all tests share: the testbed of this run, started once and ended with the run."""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from textual import _wait

from hubtui.clients import helm_seen
from hubtui.clients.helm_seen import Helms
from tests import no_skips
from tests.cluster.clusters import Cluster
from tests.cluster.demo_cluster import DemoCluster
from tests.testbed import MissingToolError, Testbed
from tests.testbed.build import locked
from tests.testbed.places import runs

# How long an example takes says something of the machine, not of the code.
settings.register_profile("untimed", parent=settings(), deadline=None)
settings.load_profile("untimed")

# A pilot looks whether the app rests after each key: in shorter steps, with the same share of rest.
_wait.SLEEP_GRANULARITY, _wait.SLEEP_IDLE = 1 / 100, 1 / 2000

# Every test builds an app and drops it: looked through less often, at a fifth of the cost.
gc.set_threshold(50_000, 20, 20)

# Set before xdist starts its workers, so that all of them mean the same testbed.
_RUN = "HUBTUI_TESTBED_RUN"
DEMO, REAL = "demo", "real"
REAL_ALONE = (
    *("test_recover", "test_upgrade_charts", "test_upgrade_faults", "test_upgrade_images"),
    *("test_upgrade_restart", "test_upgrade_timeout", "test_stop_followed"),
    "test_sync_routes",
    "test_maintenance",
)
HELM_MAJOR = ("helm_major", "major", "small")
"""What the parameter is called that says which helm."""


def pytest_configure(config: pytest.Config) -> None:
    """Names this run's testbed after the process that will end it."""
    config.pluginmanager.register(no_skips)
    if hasattr(config, "workerinput"):
        config.option.loadgroup = True  # a worker hears of no option that is set below
        return
    os.environ[_RUN] = f"pytest-{os.getpid()}"
    if config.getoption("dist", "no") == "load":
        # One worker has the testbed's tests: what one changes, another would see.
        config.option.dist = "loadgroup"


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
        if "testbed" in names or _which(item) == REAL:
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
        # In CI nothing may be skipped (design.md §8).
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


def _end_abandoned() -> None:
    """Ends the testbeds of pytest runs that were killed before they could."""
    with locked(runs() / "abandoned.lock"):
        for folder in runs().glob("pytest-*"):
            pid = folder.name.partition("-")[2]
            found = Testbed.find(folder.name) if folder.is_dir() else None
            if found is not None and not os.path.exists(f"/proc/{pid}"):  # noqa: PTH110
                found.down()
