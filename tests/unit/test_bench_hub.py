"""What the benchmark of a large hub reads: the hub's access log, and the pulse of an event loop."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.bench import figures, hub_log, pulse

SECONDS = "2026-11-27 11:49:{:06.3f}"


def line(
    ended: float, took: float, *, user: str = "hubtui", call: str = "GET /hub/api/users"
) -> str:
    """As JupyterHub writes it; `took` in seconds."""
    at = SECONDS.format(ended)
    return f"[I {at} JupyterHub log:192] 200 {call} ({user}@127.0.0.1) {took * 1000:.2f}ms"


def test_a_request_is_read_with_its_begin_and_whose_it_is() -> None:
    call = "GET /hub/api/users?offset=200&limit=200&state=[secret]"
    found = hub_log.parse(line(7.5, 0.25, call=call) + "\n")
    assert found is not None
    assert (found.status, found.method, found.user) == (200, "GET", "hubtui")
    assert found.is_page
    assert found.ended - found.began == pytest.approx(0.25)
    assert time.localtime(found.ended)[:6] == (2026, 11, 27, 11, 49, 7)


def test_a_name_may_be_an_address_and_one_user_is_no_page() -> None:
    call = "DELETE /hub/api/users/dan@example.org/server"
    found = hub_log.parse(line(7.5, 1.25, user="dan@example.org", call=call))
    assert found is not None
    assert (found.user, found.method, found.is_page) == ("dan@example.org", "DELETE", False)


def test_other_lines_tell_of_no_request() -> None:
    said = (
        "[I 2026-11-27 11:46:23.103 JupyterHub proxy:335] Adding user alice to proxy /user/alice/"
    )
    assert hub_log.parse(said) is None
    assert hub_log.parse("Traceback (most recent call last):") is None


def test_requests_are_of_one_service_in_a_span(tmp_path: Path) -> None:
    log = tmp_path / "hub.log"
    log.write_text("\n".join([line(1, 0.1), line(2, 0.1, user="culler"), line(3, 0.1), line(9, 1)]))
    first = hub_log.parse(line(1, 0.1))
    assert first is not None
    found = hub_log.read(log, "hubtui", first.ended, first.ended + 5)
    assert [one.ended - first.ended for one in found] == [0, 2]
    assert hub_log.busy(found) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("spans", "most"),
    [
        ([], 0),
        ([(1.0, 2.0), (2.0, 3.0)], 1),
        ([(1.0, 2.0), (1.9995, 3.0)], 1),
        ([(1.0, 2.0), (1.5, 3.0), (1.6, 1.7)], 3),
        ([(1.0, 1.0005)], 0),
    ],
    ids=["none", "in turn", "within the grain of the log", "three", "shorter than its grain"],
)
def test_requests_under_way_at_once_are_counted(
    spans: list[tuple[float, float]], most: int
) -> None:
    requests = [
        hub_log.Request(ended, ended - began, 204, "DELETE", "/", "hubtui")
        for began, ended in spans
    ]
    assert hub_log.most_at_once(requests) == most


def test_a_step_that_keeps_the_loop_is_noted_and_one_that_waits_is_not(tmp_path: Path) -> None:
    notes = tmp_path / "pauses"

    async def work() -> None:
        await asyncio.sleep(0.02)
        end = time.thread_time() + 0.1
        while time.thread_time() < end:
            pass
        await asyncio.sleep(0.02)

    with notes.open("a") as file, asyncio.Runner(loop_factory=lambda: pulse.PulseLoop(file)) as run:
        run.run(work())
    longest = max(pulse.pauses(notes), key=lambda pause: pause.worked)
    assert longest.worked >= 0.1
    assert longest.late >= 0.1 - pulse.EVERY
    assert pulse.pauses(notes, time.time() + 1) == []
    assert pulse.pauses(tmp_path / "none") == []


def test_the_figures_of_a_hub_have_names_of_their_own() -> None:
    keys = [measure.key for measure in (*figures.MEASURES, *figures.OF_A_HUB)]
    assert len(keys) == len(set(keys))
