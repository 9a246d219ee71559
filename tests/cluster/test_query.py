"""Queries of an operator's own, put to a real Prometheus: by the command and by keys."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hubtui.cli import run
from hubtui.config import MetricsSource
from hubtui.model.promql_completion import place_of
from hubtui.services.promql_names import PromqlNames
from tests.cluster.opened import session_of
from tests.testbed.faults import FaultProxy, Match
from tests.testbed.prometheus import Prometheus

pytestmark = pytest.mark.usefixtures("own_state")

Ask = Callable[..., tuple[int, str, str]]

SERVERS = 'jupyterhub_running_servers{namespace="$namespace"}'


@pytest.fixture
def asked(prometheus: Prometheus, readonly_admin: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Asks by the command; gives its exit code, what it answers and what it says beside that."""
    prometheus.until("jupyterhub_running_servers")

    def ask(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["--kubeconfig", str(readonly_admin), "-n", "hub", "query", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return ask


def test_a_query_is_answered_with_its_labels_and_the_hubs_own_names(asked: Ask) -> None:
    code, out, _ = asked(SERVERS, "--json")
    assert code == 0
    document = json.loads(out)
    assert document["type"] == "vector"
    assert document["query"] == 'jupyterhub_running_servers{namespace="hub"}'
    (item,) = document["items"]
    assert item["labels"]["namespace"] == "hub"
    assert item["value"] >= 0
    code, out, _ = asked(SERVERS)
    assert code == 0
    assert "jupyterhub_running_servers" in out


def test_a_range_has_points_on_its_steps(asked: Ask) -> None:
    code, out, _ = asked("vector(7)", "--range", "1h", "--step", "10m", "--json")
    assert code == 0
    document = json.loads(out)
    (item,) = document["items"]
    assert [value for _, value in item["points"]] == [7.0] * 7
    assert {at % 600 for at, _ in item["points"]} == {0.0}
    code, out, _ = asked("vector(7)", "--range", "1h", "--step", "10m", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert len(rows) == 7
    assert {row["value"] for row in rows} == {"7"}


@pytest.mark.parametrize(
    ("promql", "kind", "shown"),
    [
        ("2 / 0", "scalar", "+Inf"),
        ('"a text"', "string", "a text"),
        ("up[1m]", "matrix", "SAMPLES"),
        ("no_such_metric", "vector", "No series"),
    ],
)
def test_every_kind_of_answer_can_be_read(asked: Ask, promql: str, kind: str, shown: str) -> None:
    code, out, _ = asked(promql)
    assert code == 0
    assert shown in out
    assert json.loads(asked(promql, "--json")[1])["type"] == kind


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sum(up",), "parse error"),
        (("up{job='x}",), "unterminated quoted string"),
        (("up[5m]", "--range", "1h"), "must be Scalar or instant Vector"),
        (("up", "--step", "1m"), "--step goes with --range"),
        (("up", "--range", "x"), "no length of time"),
        (("up", "--range", "7d", "--step", "1s"), "more than 11,000 points"),
        (("up", "--at", "yesterday"), "no moment"),
    ],
)
def test_a_query_that_is_wrong_ends_with_2(asked: Ask, words: tuple[str, ...], said: str) -> None:
    code, out, err = asked(*words)
    assert (code, out) == (2, "")
    assert said in err


def test_the_place_of_a_fault_is_marked(asked: Ask) -> None:
    query = "sum(rate(up[5m])) foo"
    _, _, err = asked(query)
    line, sign, *_ = err.split("\n")
    assert line == query
    assert sign.index("^") == query.index("foo")


async def test_what_fits_is_what_prometheus_has(
    prometheus: Prometheus, readonly_admin: Path
) -> None:
    prometheus.until("jupyterhub_running_servers")
    async with session_of(readonly_admin, namespace="hub") as session:
        times = iter(range(0, 1000, 10))
        names = PromqlNames(session.prometheus, clock=lambda: float(next(times)))

        async def fitting(query: str) -> list[str]:
            place = place_of(query, len(query))
            await names.read(place)
            return [offer.text for offer in names.offers(place)]

        assert "jupyterhub_running_servers" in await fitting("jupyterhub_run")
        assert await fitting("jupyterhub_running_servers{names") == ["namespace"]
        assert await fitting('jupyterhub_running_servers{namespace="h') == ["hub"]
        assert await fitting("sum by (names") == ["namespace"]
        assert (await fitting("histogram_quant"))[0] == "histogram_quantile"
        assert names.missing == ""


async def test_names_that_cannot_be_asked_for_are_told(
    between: FaultProxy, readonly_admin: Path
) -> None:
    source = MetricsSource(prometheus=between.url, ca_file=str(between.ca_file))
    between.answer(Match(r"/values$"), 503)
    async with session_of(readonly_admin, namespace="hub", metrics=source) as session:
        names = PromqlNames(session.prometheus)
        place = place_of("up", 2)
        await names.read(place)
        assert names.missing
        assert names.offers(place_of("rat", 3))[0].text == "rate"


async def test_a_prometheus_that_cannot_be_asked_is_told_in_words(
    between: FaultProxy, readonly_admin: Path, own_state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def asked(prometheus: str) -> tuple[int, str]:
        lines = ("[metrics]", f'prometheus = "{prometheus}"', f'ca_file = "{between.ca_file}"')
        (own_state / "config.toml").write_text("\n".join(lines))
        line = ["--kubeconfig", str(readonly_admin), "-n", "hub", "query", "up"]
        code = await asyncio.to_thread(run, line)
        return code, capsys.readouterr().err

    between.answer(Match(r"/query$"), 401)
    code, said = await asked(between.url)
    assert (code, "does not accept the credentials" in said) == (1, True)
    assert "HUBTUI_PROMETHEUS_TOKEN" in said
    code, said = await asked("hub/no-prometheus")
    assert (code, "no-prometheus" in said) == (2, True)
    code, said = await asked("http://127.0.0.1:1")
    assert (code, "127.0.0.1:1" in said) == (4, True)
