"""What is written down stays written down, or the operation does not begin."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from hubtui.errors import RefusedError
from hubtui.model.plan import FailedObject, Outcome, Result, Step, StepState
from hubtui.services import journal as records
from hubtui.services.journal import Journal, Line, Process, who

OUTCOME = Outcome(
    Result.FAILED,
    "it failed",
    words="Error: no",
    failed=(FailedObject("Deployment", "hub", "no"),),
    steps=(Step("Deployment", "hub", 0, 1, state=StepState.STUCK, reason="no"),),
    revision=13,
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state" / "hubtui")


def started(id_: str = "one", **fields: object) -> Line:
    values = {
        "who": "me@here",
        "release": "hub",
        "rests_on": {"newest revision": "12"},
        "overrides": ("hub database",),
        **fields,
    }
    return Line(id=id_, event="started", at=records.now(), **values)  # type: ignore[arg-type]


async def test_an_operation_reads_back_from_its_lines(journal: Journal) -> None:
    process = Process(42, 4711, "boot", "/words")
    await journal.append(started())
    await journal.append(Line(id="one", event="process", at=records.now(), process=process))
    (entry,) = journal.read().entries
    assert (entry.outcome, entry.process) == (None, process)
    assert entry.rests_on == (("newest revision", "12"),)
    await journal.append(Line(id="one", event="finished", at=records.now(), outcome=OUTCOME))
    (entry,) = journal.read().entries
    assert entry.outcome == OUTCOME
    assert entry.steps == OUTCOME.steps
    assert entry.overrides == ("hub database",)
    assert entry.ended is not None
    assert entry.ended >= entry.at


async def test_the_parts_of_a_long_operation_are_kept_in_order(journal: Journal) -> None:
    await journal.append(started())
    for number, names in ((1, ("ana", "ben")), (2, ("carl",))):
        words = f"batch {number}"
        line = Line(id="one", event="step", at=records.now(), words=words, done=names)
        await journal.append(line)
    (entry,) = journal.read().entries
    assert [said.words for said in entry.said] == ["batch 1", "batch 2"]
    assert entry.done == ("ana", "ben", "carl")
    assert entry.outcome is None


async def test_only_its_owner_may_read_it(journal: Journal) -> None:
    await journal.append(started())
    assert modes(journal) == [0o600, 0o700, 0o700]


def modes(journal: Journal) -> list[int]:
    places = (journal.path, journal.folder, journal.folder.parent)
    return [path.stat().st_mode & 0o777 for path in places]


async def test_the_newest_comes_first_and_a_limit_cuts_the_oldest(journal: Journal) -> None:
    for number in range(5):
        await journal.append(started(f"op-{number}"))
    assert [entry.id for entry in journal.read(limit=2).entries] == ["op-4", "op-3"]


async def test_broken_lines_are_counted_and_skipped(journal: Journal) -> None:
    await journal.append(started("one"))
    spoil(journal, b'{"id": "two", "event": "started"\n\xff\xfe\n[1]\n')
    spoil(journal, b'{"id":"lost","event":"finished","at":"2026-01-01T00:00:00Z"}\n')
    spoil(journal, b'{"id":"cut o')  # the power went
    await journal.append(started("three"))
    record = journal.read()
    assert [entry.id for entry in record.entries] == ["three", "one"]
    assert record.broken == 5


def spoil(journal: Journal, data: bytes) -> None:
    with journal.path.open("ab") as file:
        file.write(data)


async def test_text_from_a_tampered_journal_is_harmless(journal: Journal) -> None:
    await journal.append(started())
    spoil(
        journal,
        b'{"id":"two","event":"started","at":"2026-01-01T00:00:00Z","title":"\\u001b]52;c;x"}\n',
    )
    assert "\x1b" not in str(journal.read())


def test_no_journal_is_an_empty_one(journal: Journal) -> None:
    assert journal.read().entries == ()


async def test_a_folder_that_cannot_be_made_refuses(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RefusedError, match=r"cannot be written: File exists.*HUBTUI_STATE"):
        await Journal(tmp_path / "file" / "state").append(started())


async def test_a_full_disk_refuses_and_leaves_no_half_line(journal: Journal) -> None:
    await journal.append(started("one"))
    before = journal.path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 20, hard))
    try:
        with pytest.raises(RefusedError, match=r"cannot be written.*not started"):
            await journal.append(started("two"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert journal.path.read_bytes() == before
    await journal.append(started("three"))
    assert [entry.id for entry in journal.read().entries] == ["three", "one"]


WRITER = """
import asyncio, sys
from pathlib import Path
from hubtui.services import journal as j

async def main(folder, name):
    for number in range(40):
        line = j.Line(id=f"{name}-{number}", event="started", at=j.now(), who="x" * 9000)
        await j.Journal(Path(folder)).append(line)

asyncio.run(main(*sys.argv[1:]))
"""


def test_two_processes_write_at_once(journal: Journal) -> None:
    argv = [sys.executable, "-c", WRITER, str(journal.folder)]
    running = [subprocess.Popen([*argv, name]) for name in ("a", "b")]
    assert [process.wait(60) for process in running] == [0, 0]
    record = journal.read()
    assert (len(record.entries), record.broken) == (80, 0)


def test_who_names_user_machine_and_where_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.7 51000 198.51.100.2 22")
    assert who().startswith("ada@")
    assert who().endswith(" from 192.0.2.7")
    monkeypatch.delenv("SSH_CONNECTION")
    assert " from " not in who()
