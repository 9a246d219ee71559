"""Dashboards drawn from what a real Prometheus answers: each panel drawn, or why not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hubtui.cli import run
from tests import no_skips
from tests.cluster.remembered import remembered_of
from tests.testbed import MissingToolError
from tests.testbed.prometheus import Prometheus, alone
from tests.testbed.users import NAMESPACE

pytestmark = pytest.mark.usefixtures("own_state")

DASHBOARDS = Path(__file__).parent.parent / "dashboards"
BOARDS = (
    "activity", "cluster", "group", "homedirs", "jupyterhub", "support", "usage-report", "user",
    "rows-of-2018", "panels-of-2020", "broken-panels",
)  # fmt: skip
SERVERS = 3
ALONE = "41"
"""Columns in which no panel stands beside another: each has lines of its own."""

Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def hub_of_two_hours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A real Prometheus that remembers the hub with some servers."""
    past = list(remembered_of(NAMESPACE, SERVERS, datetime.now(UTC)))
    try:
        with alone(tmp_path_factory.mktemp("remembered"), past) as found:
            yield found
    except MissingToolError as error:
        no_skips.missing(error)


@pytest.fixture
def ask(
    hub_of_two_hours: Prometheus,
    readonly_admin: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Ask:
    """Runs `hubtui dashboard`; its exit code, what it prints, and what it says beside that."""
    config = tmp_path / "config.toml"
    config.write_text(
        f'[metrics]\nprometheus = "{hub_of_two_hours.url}"\ndashboards = "{DASHBOARDS}"\n'
    )
    monkeypatch.setenv("HUBTUI_CONFIG", str(config))

    def asked(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["--kubeconfig", str(readonly_admin), "-n", NAMESPACE, "dashboard", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return asked


def panels(text: str) -> dict[str, list[str]]:
    """What stands below each title that has a line of its own."""
    found: dict[str, list[str]] = {}
    title = ""
    for line in text.splitlines():
        if begins := re.match(r"─ (.+?)(?: …)? ─+", line):
            title = begins[1]
            found[title] = []
        elif title and line.strip():
            found[title].append(line)
    return found


@pytest.mark.parametrize("name", BOARDS)
def test_each_board_is_drawn_and_each_panel_has_something_to_say(ask: Ask, name: str) -> None:
    code, out, err = ask(str(DASHBOARDS / f"{name}.json"), "--range", "2h", "--width", ALONE)
    assert code == 0
    shown = panels(out)
    assert shown
    assert [title for title, below in shown.items() if not below] == []
    assert "Traceback" not in out + err
    assert max(map(len, out.splitlines())) <= int(ALONE)


def test_the_hub_dashboard_shows_what_prometheus_has_and_says_what_is_missing(ask: Ask) -> None:
    code, out, err = ask("hub-dashboard", "--range", "2h", "--width", "99")
    assert code == 0
    shown = panels(out)
    old = shown["Very old user pods"]
    assert old[0].split() == ["User", "pod", "Age"]
    assert sorted(line.split()[0] for line in old[1:4]) == [
        f"{NAMESPACE}/jupyter-{number}" for number in range(SERVERS)
    ]
    assert old[1].endswith("9 h")
    spawned = "\n".join(shown["Server Start Times"])
    assert "5 s┤" in spawned
    assert "█" in spawned
    used = "\n".join(shown["User memory usage distribution"])
    assert re.search(r"[░▒▓█]", used)
    assert shown["Hub response latency"][0] == "Nothing in this time."
    assert "kube_pod_container_resource_limits_memory_bytes" in err


def test_the_numbers_of_home_directories_are_those_of_the_table(ask: Ask) -> None:
    code, out, _ = ask("Home Directory Usage Dashboard", "--width", "99")
    assert code == 0
    rows = panels(out)["Home directory usage"]
    assert [row.split()[0] for row in rows] == ["Directory", "ana", "ben"]
    assert "75%" in rows[1]
    code, out, _ = ask("Home Directory Usage Dashboard", "--json")
    assert code == 0
    document = json.loads(out)
    assert document["kind"] == "dashboard"
    (panel,) = document["items"]
    (table,) = panel["tables"]
    sizes = dict(zip(*(column(table, name) for name in ("Directory", "Size")), strict=True))
    assert sizes == {"ana": 3 * 2**30, "ben": 2**30}


def column(table: dict[str, list[object]], name: str) -> list[object]:
    place = table["columns"].index(name)
    return [row[place] for row in table["rows"] if isinstance(row, list)]


def test_variables_and_time_are_chosen(ask: Ask) -> None:
    code, out, _ = ask("hub-dashboard", "--json", "--range", "1h", "--var", "hub=elsewhere")
    assert code == 0
    document = json.loads(out)
    start, end = (datetime.fromisoformat(document[name]) for name in ("start", "end"))
    assert (end - start).total_seconds() == 3600
    old = next(each for each in document["items"] if each["title"] == "Very old user pods")
    assert old["series"] == []


def test_a_broken_query_costs_its_own_panel_and_its_place_is_marked(ask: Ask) -> None:
    code, out, _ = ask(str(DASHBOARDS / "broken-panels.json"), "--width", ALONE)
    assert code == 0
    below = panels(out)["Broken"]
    at = next(index for index, line in enumerate(below) if line.endswith("^"))
    assert below[at - 1].startswith("sum(rate(up[5m])")
    assert "'heatmap' is left out" in panels(out)["esc \\x1b[31m"][-1]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nobody-has-it"], 1, "There is no dashboard 'nobody-has-it'"),
        (["nowhere.json"], 2, "There is no file nowhere.json"),
        ([str(DASHBOARDS / "cut.json")], 1, "is no JSON"),
        ([str(DASHBOARDS / "schema-v2.json")], 1, "schema v2"),
        (["hub-dashboard", "--range", "long"], 2, "no length of time"),
        (["hub-dashboard", "--var", "nobody=x"], 2, "the dashboard has PROMETHEUS_DS, hub"),
        ([], 2, "No dashboard is named"),
    ],
)
def test_what_cannot_be_shown_is_told(ask: Ask, words: list[str], code: int, said: str) -> None:
    found, out, err = ask(*words)
    assert (found, out) == (code, "")
    assert said in err


def test_the_dashboards_there_are_are_listed(ask: Ask) -> None:
    code, out, _ = ask("--list", "--json")
    assert code == 0
    items = {each["title"]: each for each in json.loads(out)["items"]}
    assert items["JupyterHub Dashboard"]["uid"] == "hub-dashboard"
    assert "truncated" in items["cut.json"]["fault"]
