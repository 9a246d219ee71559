"""The real hubtui in a real terminal, ended in the middle of a rollback; the next one goes on."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from hubtui.clients.detached import runs, start_ticks
from tests.bench.terminal import Terminal
from tests.cluster.clusters import Cluster
from tests.cluster.held_rollback import EITHER_HELM, FINISHES, left
from tests.cluster.small_release import NAME, SmallRelease
from tests.testbed.faults import FaultProxy
from tests.testbed.places import ROOT

TITLE = "Roll back small to revision 1"


def terminal(release: SmallRelease, kubeconfig: Path, state: Path) -> Terminal:
    """hubtui on the release, in a terminal of its own."""
    environment = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME")},
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "HUBTUI_STATE": str(state),
        "HUBTUI_HELM": str(release.helm),
    }
    where = ["--kubeconfig", str(kubeconfig), "-n", release.namespace, "--release", NAME]
    # Whoever started the tests may ignore a hang-up (nohup), and children inherit that.
    program = ["env", "--default-signal=HUP", sys.executable, "-m", "hubtui"]
    return Terminal([*program, *where], environment)


async def roll_back(screen: Terminal) -> None:
    """Down to the first revision, `r`, the name, enter."""
    await screen.seen_text(r"\b1 ○ superseded", 60)
    await screen.quiet(0.5, 10)  # the rows have come, and the cursor is on the first
    for _ in range(2):
        screen.send("j")
        await screen.quiet(0.3, 10)
    screen.send("r")
    await screen.seen_text(r"revision 3 → 1, which becomes revision 4", 60)
    await screen.seen_text(r"Type small", 60)
    screen.send(f"{NAME}\r")


@EITHER_HELM
@pytest.mark.parametrize("how", ["killed", "its terminal is closed"])
async def test_hubtui_is_ended_and_the_next_one_watches_helm_to_its_end(
    small: SmallRelease, proxy: FaultProxy, cluster: Cluster, state: Path, how: str
) -> None:
    kubeconfig = proxy.kubeconfig_from(cluster.kubeconfig)
    held = proxy.delay(FINISHES, 300)
    with terminal(small, kubeconfig, state) as first:
        await roll_back(first)
        await proxy.wait_for_request(FINISHES, timeout=60)
        if how == "killed":
            os.kill(first.pid, signal.SIGKILL)
        else:
            first.hang_up()
        assert await first.gone(20) != 0
    entry = left(state)
    assert entry.outcome is None
    assert entry.process is not None
    assert runs(entry.process.pid, entry.process.started)
    with terminal(small, kubeconfig, state) as second:
        await second.seen_text(rf"{TITLE} is still", 60)
        await second.seen_text(rf"{TITLE}: ", 60)  # on the status line
        second.send("\x05")
        await second.seen_text(r"WHO +WHERE +ACTION", 20)
        await second.quiet(0.5, 10)
        second.send("\r")
        await second.seen_text(r"helm was started by an earlier hubtui|ctrl\+e comes back here", 20)
        held.clear()
        await second.seen_text(r"Revision 4 is deployed with the content of 1", 90)
    assert start_ticks(entry.process.pid) is None
    assert small.statuses()[4] == "deployed"
    assert small.mark() == "one"
    ended = left(state)
    assert ended.outcome is not None
    assert ended.outcome.revision == 4
