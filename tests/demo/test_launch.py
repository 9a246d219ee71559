"""A demo as a process: what it leaves on the machine while it runs, and that nothing stays."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml
from aiohttp import web

from hubtui.clients import helm_binary
from hubtui.clients.detached import boot_id, start_ticks
from hubtui.config import Settings
from hubtui.demo import helms, launch, process
from hubtui.demo.scenarios import build
from hubtui.errors import HubtuiError, UsageError
from hubtui.services.journal import Journal, Line, Process, now

EMPTY = launch.Wanted(scenario="empty")
PROGRAM = """
import sys, time
from hubtui.demo import launch
demo = launch.Demo(launch.Wanted(scenario="empty"))
demo.wait()
print(demo.folder, demo.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files that only this test uses."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def demo() -> Iterator[launch.Demo]:
    """A demo that runs."""
    demo = launch.Demo(EMPTY)
    demo.wait()
    yield demo
    demo.close()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def until_gone(pid: int) -> None:
    """Waits for the end of a process that is not ours."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    ended = select.poll()
    ended.register(descriptor, select.POLLIN)
    assert ended.poll(20_000), f"{pid} still runs"
    os.close(descriptor)


def test_it_answers_who_has_its_kubeconfig_and_nobody_else(demo: launch.Demo) -> None:
    assert (mode(demo.folder), mode(demo.kubeconfig)) == (0o700, 0o600)
    config = yaml.safe_load(demo.kubeconfig.read_text())
    assert config["current-context"] == "demo"
    assert config["contexts"][0]["context"]["namespace"] == "hub"
    server = config["clusters"][0]["cluster"]["server"]
    assert httpx.get(f"{server}/version").json()["major"] == "1"
    assert httpx.get(server.rpartition("/")[0] + "/version").status_code == 401


def test_nothing_is_left_when_it_is_closed(temporary: Path) -> None:
    demo = launch.Demo(EMPTY)
    demo.wait()
    demo.close()
    until_gone(demo.pid)
    assert list(temporary.iterdir()) == []


def test_it_can_be_closed_while_it_starts(temporary: Path) -> None:
    demo = launch.Demo(EMPTY)
    demo.close()
    until_gone(demo.pid)
    assert list(temporary.iterdir()) == []


def test_it_ends_with_a_program_that_is_killed(temporary: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    assert program.stdin is not None
    folder, pid = program.stdout.readline().split()
    assert launch.running() == [Path(folder)]
    program.send_signal(signal.SIGKILL)
    program.wait()
    program.stdout.close()
    program.stdin.close()
    until_gone(int(pid))
    assert list(temporary.iterdir()) == []


@contextmanager
def at_work(folder: Path, kubeconfig: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A helm that waits for the pods of a rollback, in the journal of a demo."""
    helm = subprocess.Popen(
        [
            *(helm_binary.find(Settings()), "rollback", "hub", "3", "--namespace", "hub"),
            *("--wait", "--kubeconfig", str(kubeconfig)),
        ],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    named(folder, helm.pid, start_ticks(helm.pid) or 0)
    try:
        yield helm
    finally:
        helm.kill()
        helm.wait()


def named(folder: Path, pid: int, started: int) -> None:
    """Names a process in the journal of a demo, as hubtui does before it lets it begin."""
    lines = [
        Line(id=f"{pid}", event="started", at=now()),
        Line(id=f"{pid}", event="process", at=now(), process=Process(pid, started, boot_id())),
    ]
    for line in lines:
        asyncio.run(Journal(folder / launch.STATE).append(line))


def test_a_helm_of_a_demo_ends_with_a_program_that_is_killed(temporary: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.replace('scenario="empty"', "speed=0.1")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert program.stdout is not None
    assert program.stdin is not None
    folder, pid = program.stdout.readline().split()
    with at_work(Path(folder), Path(folder) / launch.KUBECONFIG) as helm:
        with pytest.raises(subprocess.TimeoutExpired):
            helm.wait(1)
        program.kill()
        program.wait()
        assert helm.wait(10) == -signal.SIGKILL
        until_gone(int(pid))
    program.stdout.close()
    program.stdin.close()
    assert list(temporary.iterdir()) == []


def test_a_helm_of_a_demo_that_was_killed_ends_when_it_is_closed() -> None:
    demo = launch.Demo(launch.Wanted(speed=0.1))
    demo.wait()
    os.kill(demo.pid, signal.SIGSTOP)  # so that helm waits
    with at_work(demo.folder, demo.kubeconfig) as helm:
        os.kill(demo.pid, signal.SIGKILL)
        demo.close()
        assert helm.wait(10) == -signal.SIGKILL


def test_what_is_not_a_helm_of_the_demo_goes_on(demo: launch.Demo, temporary: Path) -> None:
    other = temporary / "other" / launch.KUBECONFIG
    sleep = ["sh", "-c", "sleep 60; :"]
    elsewhere = subprocess.Popen([*sleep, "helm", f"--kubeconfig={other}"], start_new_session=True)
    later = subprocess.Popen([*sleep, "helm", f"--kubeconfig={demo.kubeconfig}"],
                             start_new_session=True)  # fmt: skip
    named(demo.folder, elsewhere.pid, start_ticks(elsewhere.pid) or 0)
    named(demo.folder, later.pid, (start_ticks(later.pid) or 0) - 1)
    helms.end(demo.folder / launch.STATE, demo.kubeconfig)
    for program in (elsewhere, later):
        assert program.poll() is None
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()


def test_a_killed_demo_is_swept_away_at_the_next_start_and_a_running_one_is_not(
    demo: launch.Demo, temporary: Path
) -> None:
    left = temporary / f"{launch.PREFIX}left"
    left.mkdir()
    (left / "kubeconfig").write_text("of a demo that was killed")
    foreign = temporary / "of-something-else"
    foreign.mkdir()
    other = launch.Demo(EMPTY)
    other.wait()
    assert sorted(temporary.iterdir()) == sorted([demo.folder, other.folder, foreign])
    assert set(launch.running()) == {demo.folder, other.folder}
    other.close()


def test_a_demo_that_is_terminated_takes_its_folder_with_it(demo: launch.Demo) -> None:
    os.kill(demo.pid, signal.SIGTERM)
    until_gone(demo.pid)
    assert not demo.folder.exists()


def test_a_temporary_folder_that_cannot_be_written_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc/self/nowhere")
    with pytest.raises(HubtuiError, match=r"needs a folder .* Set TMPDIR"):
        launch.Demo(EMPTY)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (launch.Wanted(scenario="sunday"), r"no scenario 'sunday'.*calm, monday, empty"),
        (launch.Wanted(drill="nothing"), r"no drill 'nothing'.*pending-release, db-schema"),
        (launch.Wanted(scenario="empty", drill="core"), r"no history.*calm or monday"),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(wanted: launch.Wanted, words: str) -> None:
    demo = launch.Demo(wanted)
    with pytest.raises(UsageError, match=words):
        demo.wait()
    demo.close()


def test_a_demo_that_breaks_at_its_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    demo = launch.Demo(EMPTY)
    with pytest.raises(HubtuiError, match=r"The demo cannot start: .+"):
        demo.wait()
    demo.close()


async def test_a_port_that_cannot_be_opened_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(site: web.TCPSite) -> None:
        raise OSError(98, "Address already in use")

    monkeypatch.setattr(web.TCPSite, "start", refuse)
    monkeypatch.chdir(tmp_path)
    told, tell = os.pipe()
    cluster = await asyncio.to_thread(build, "empty")
    await process.serve(cluster, tmp_path, os.fdopen(tell, "wb"), None)
    with os.fdopen(told, "rb") as answer:
        said = json.loads(answer.readline())
    assert said == {"error": "No port on 127.0.0.1 can be opened: Address already in use"}


def with_a_folder_in_the_way(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    own_folder = launch._own_folder

    def taken() -> tuple[Path, int]:
        folder, lock = own_folder()
        (folder / name).mkdir()
        return folder, lock

    monkeypatch.setattr(launch, "_own_folder", taken)


def test_a_demo_whose_server_fails_says_why_and_leaves_nothing(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_a_folder_in_the_way(monkeypatch, launch.KUBECONFIG)
    demo = launch.Demo(EMPTY)
    with pytest.raises(HubtuiError, match=r"The demo cannot start: .*kubeconfig: File exists"):
        demo.wait()
    until_gone(demo.pid)
    assert list(temporary.iterdir()) == []
    demo.close()


def test_a_demo_that_ends_without_a_word_is_told(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = temporary / "program"
    program.write_text('#!/bin/sh\nrm -rf "$PWD"\n')
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    demo = launch.Demo(EMPTY)
    with pytest.raises(HubtuiError, match="The demo cannot start: it ended at once"):
        demo.wait()
    demo.close()


def test_a_log_that_cannot_be_opened_is_said_and_nothing_is_left(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_a_folder_in_the_way(monkeypatch, launch.LOG)
    with pytest.raises(HubtuiError, match="The demo cannot start: Is a directory"):
        launch.Demo(EMPTY)
    assert list(temporary.iterdir()) == []


def test_a_process_that_cannot_be_started_is_said_and_nothing_is_left(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    files = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(HubtuiError, match="The demo cannot start: No such file or directory"):
        launch.Demo(EMPTY)
    assert list(temporary.iterdir()) == []
    assert len(list(Path("/proc/self/fd").iterdir())) == files


def test_the_pager_is_heard(temporary: Path) -> None:
    demo = launch.Demo(launch.Wanted(drill="core"))
    assert demo.wait().startswith("hub: 503")
    demo.close()
