"""Runbooks: one for each incident, and the operator's own from a folder."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from hubtui.cli import cli
from hubtui.model.problem import Incident
from hubtui.services.problems.books import FILES_MOST, HEAD, LONGEST, shelf_of
from hubtui.tui.commands import COMMANDS

STUCK = Incident.PENDING_RELEASE


@pytest.mark.parametrize("incident", Incident)
def test_each_incident_has_a_runbook(incident: Incident) -> None:
    (book,) = shelf_of(incident, "").books
    assert book.path == ""
    assert book.text.startswith("# ")
    assert "## " in book.text
    assert "!" not in book.text


@pytest.mark.parametrize("incident", Incident)
def test_the_commands_and_keys_of_a_runbook_exist(incident: Incident) -> None:
    (book,) = shelf_of(incident, "").books
    lines = re.findall(r"^ +(hubtui .+)$|`(hubtui [^`]+)`", book.text, re.MULTILINE)
    for first, second in lines:
        _, name, *words = shlex.split(first or second)
        command = cli.commands[name]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("-")} <= known, words
    pressed = {key for command in COMMANDS for key in command.keys}
    assert set(re.findall(r"`([A-Za-z]|ctrl\+.|enter|esc)`", book.text)) <= pressed


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pending-release.md", "Call Ana."),
        ("ops/deep/Pending-Release.md", "Call Ana."),
        ("ops/stuck.md", "---\nhubtui: pending-release\n---\nCall Ana."),
        ("ops/stuck.md", "---\ntitle: x\nhubtui: [core, pending-release]\n---\nCall Ana."),
        ("ops/stuck.md", "---\r\nhubtui: pending-release\r\n---\r\nCall Ana."),
        ("ops/stuck.md", "# When helm hangs (pending-release)\n\nCall Ana."),
    ],
)
def test_ones_own_runbook_comes_first(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(text.encode())
    own, shipped = shelf_of(STUCK, str(tmp_path)).books
    assert own.path == name
    assert "Call Ana." in own.text
    assert "hubtui:" not in own.text
    assert shipped.path == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("_build/pending-release.md", "Call Ana."),
        (".git/pending-release.md", "Call Ana."),
        ("pending-release.txt", "Call Ana."),
        ("other.md", "# Other\n\n# pending-release"),
        ("other.md", "Something about a pending-release."),
        ("other.md", "---\nhubtui: [broken\n---\n# Other"),
        ("other.md", "---\nhubtui: 7\n---\n# Other"),
    ],
)
def test_what_is_about_something_else_is_not_shown(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(text)
    shelf = shelf_of(STUCK, str(tmp_path))
    assert (len(shelf.books), shelf.note) == (1, "")


def test_a_name_that_is_a_plain_word_is_taken_only_alone(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Core nodes and how we pay for them")
    (tmp_path / "b.md").write_text("# Core")
    assert [book.path for book in shelf_of(Incident.CORE, str(tmp_path)).books] == ["b.md", ""]


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    shelf = shelf_of(STUCK, str(tmp_path / "nowhere"))
    assert len(shelf.books) == 1
    assert "(the setting runbooks)" in shelf.note
    assert "No such file or directory" in shelf.note


@pytest.mark.parametrize("incident", [STUCK, Incident.CORE])
def test_the_folder_of_a_user_who_is_not_there_is_a_sentence(incident: Incident) -> None:
    shelf = shelf_of(incident, "~no-such-user/runbooks")
    (shipped,) = shelf.books
    assert shipped.path == ""
    assert shelf.note == (
        "Of your own runbooks in ~no-such-user/runbooks (the setting runbooks) not all can be "
        "read: no home folder of that user is known."
    )


def test_a_file_that_cannot_be_read_costs_only_itself(tmp_path: Path) -> None:
    (tmp_path / "broken.md").symlink_to(tmp_path / "gone")
    (tmp_path / "pending-release.md").write_text("Call Ana.")
    shelf = shelf_of(STUCK, str(tmp_path))
    assert [book.path for book in shelf.books] == ["pending-release.md", ""]
    assert "broken.md" in shelf.note


def test_text_from_outside_is_harmless_and_bounded(tmp_path: Path) -> None:
    (tmp_path / "pending-release.md").write_bytes(b"\x1b]52;c;aGk=\x07\xff" + b"x" * (LONGEST * 2))
    own, _ = shelf_of(STUCK, str(tmp_path)).books
    assert "\x1b" not in own.text
    assert len(own.text) < LONGEST + HEAD


def test_a_folder_of_very_many_files_is_cut_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert FILES_MOST > 100
    monkeypatch.setattr("hubtui.services.problems.books.FILES_MOST", 3)
    for n in range(5):
        (tmp_path / f"{n}.md").write_text("# x")
    assert "more than 3 files" in shelf_of(STUCK, str(tmp_path)).note
