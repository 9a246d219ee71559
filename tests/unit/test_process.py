"""Programs that end with us, and programs that outlive us."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from hubtui.clients import detached, process
from hubtui.clients.detached import Detached, last_words, runs, spawn_held
from hubtui.errors import ToolError

ENV = {"PATH": os.environ["PATH"]}


def spawn(tmp_path: Path, script: str, lock: int | None = None) -> Detached:
    argv = ["/bin/sh", "-c", script]
    return spawn_held(argv, env=ENV, errors=tmp_path / "words", lock=lock)


async def test_a_run_gives_what_was_said() -> None:
    finished = await process.run(["/bin/sh", "-c", "cat; echo oops >&2; exit 3"], stdin=b"in")
    assert (finished.returncode, finished.stdout, finished.words) == (3, b"in", "oops")


async def test_a_run_that_takes_too_long_ends_with_its_children(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = f"sleep 60 & echo $! > {note}; wait"
    with pytest.raises(ToolError, match=r"did not end within 0.5 s"):
        await process.run(["/bin/sh", "-c", script], timeout=0.5)
    child = int(note.read_text())
    deadline = time.monotonic() + 5
    while detached.start_ticks(child) is not None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_a_program_that_is_not_there() -> None:
    with pytest.raises(ToolError, match="cannot be started"):
        await process.run(["/no/such/program"])


async def test_it_does_nothing_before_it_may_begin(tmp_path: Path) -> None:
    done = tmp_path / "done"
    started = spawn(tmp_path, f"touch {done}; echo hello >&2; exit 7")
    assert runs(started.pid, started.started)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(started.wait(), 0.2)
    assert not done.exists()
    started.begin()
    assert await started.wait() == 7
    assert done.exists()
    assert last_words(tmp_path / "words") == "hello"
    assert (tmp_path / "words").stat().st_mode & 0o777 == 0o600
    assert not runs(started.pid, started.started)


async def test_what_it_reads_is_in_memory_and_there_for_as_long_as_it_wants(
    tmp_path: Path,
) -> None:
    given = b'{"secret": "kanarienvogel"}' * 20_000  # more than a pipe holds
    script = f"cat > {tmp_path}/read; readlink /proc/$$/fd/0; ls /proc/$$/fd | tr '\\n' ' '"
    with (tmp_path / "lock").open("w") as lock:
        started = spawn_held(
            ["/bin/sh", "-c", f"({script}) > {tmp_path}/said"],
            env=ENV,
            errors=tmp_path / "words",
            lock=lock.fileno(),
            stdin=given,
        )
    started.begin()
    assert await started.wait() == 0
    assert (tmp_path / "read").read_bytes() == given
    where, descriptors = (tmp_path / "said").read_text().splitlines()
    assert where.startswith("/memfd:")
    assert "4" not in descriptors.split()


async def test_it_never_begins_when_it_is_abandoned(tmp_path: Path) -> None:
    done = tmp_path / "done"
    started = spawn(tmp_path, f"touch {done}")
    started.abandon()
    assert await started.wait() == 125
    assert not done.exists()


async def test_it_has_a_session_of_its_own_and_no_terminal(tmp_path: Path) -> None:
    started = spawn(
        tmp_path, f"ps -o sid= -p $$ > {tmp_path}/sid; readlink /proc/$$/fd/0 > {tmp_path}/stdin"
    )
    started.begin()
    assert await started.wait() == 0
    assert int((tmp_path / "sid").read_text()) == started.pid
    assert (tmp_path / "stdin").read_text().strip() == "/dev/null"


async def test_waiting_can_be_cancelled_and_the_program_goes_on(tmp_path: Path) -> None:
    started = spawn(tmp_path, f"read line < {tmp_path}/go; exit 5")
    os.mkfifo(tmp_path / "go")
    started.begin()
    waiting = asyncio.create_task(started.wait())
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    found = Detached.find(started.pid, started.started)
    assert found is not None
    (tmp_path / "go").write_text("now\n")
    assert await found.wait() == 5
    assert Detached.find(started.pid, started.started) is None


async def test_the_signal_that_killed_it_is_told(tmp_path: Path) -> None:
    started = spawn(tmp_path, "kill -KILL $$")
    started.begin()
    assert await started.wait() == -signal.SIGKILL


def test_another_process_with_the_same_pid_is_not_it() -> None:
    mine = detached.start_ticks(os.getpid())
    assert mine is not None
    assert runs(os.getpid(), mine)
    assert not runs(os.getpid(), mine + 1)
    assert Detached.find(os.getpid(), mine + 1) is None


async def test_a_program_that_cannot_be_executed_says_so(tmp_path: Path) -> None:
    started = spawn_held(["/no/such/helm"], env=ENV, errors=tmp_path / "words")
    started.begin()
    assert await started.wait() == 1
    assert "/no/such/helm cannot be started" in last_words(tmp_path / "words")


def test_only_the_end_of_long_words_is_read(tmp_path: Path) -> None:
    (tmp_path / "words").write_bytes(b"x" * 200_000 + b"\nError: the end")
    words = last_words(tmp_path / "words")
    assert len(words) <= detached.WORDS_MOST
    assert words.endswith("Error: the end")
    assert last_words(tmp_path / "none") == ""
