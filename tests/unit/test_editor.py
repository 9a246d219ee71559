"""The editor gets a file that nobody else can read and that is gone afterwards."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hubtui.clients import editor
from hubtui.errors import ToolError


def program(path: Path, script: str) -> list[str]:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return [str(path)]


def left(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "memory"
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


async def test_what_the_user_leaves_comes_back_and_the_file_goes(
    tmp_path: Path, memory: Path
) -> None:
    seen = tmp_path / "seen"
    script = f'stat -c "%a %n" "$1" "$(dirname "$1")" > {seen}; echo "b: 2" >> "$1"; touch "$1~"'
    text = await editor.edit(program(tmp_path / "ed", script), "a: 1\n", "hub.yaml")
    assert text == "a: 1\nb: 2\n"
    file, folder = (line.split() for line in seen.read_text().splitlines())
    assert (file[0], folder[0]) == ("600", "700")
    assert Path(folder[1]).parent == memory
    assert left(memory) == []


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 3", "ended with 3. Nothing is taken over."),
        ('rm "$1"', "cannot be read: No such file or directory"),
        ("printf '\\377' > \"$1\"", "it is not UTF-8"),
    ],
)
async def test_an_editor_that_fails_changes_nothing(
    tmp_path: Path, memory: Path, script: str, words: str
) -> None:
    with pytest.raises(ToolError) as error:
        await editor.edit(program(tmp_path / "ed", script), "a: 1\n", "hub.yaml")
    assert words in str(error.value)
    assert left(memory) == []


async def test_an_editor_that_is_not_there_is_named(memory: Path) -> None:
    with pytest.raises(ToolError, match="/nowhere/ed cannot be started"):
        await editor.edit(["/nowhere/ed"], "", "hub.yaml")
    assert left(memory) == []


@pytest.mark.parametrize(
    ("environment", "argv"),
    [
        ({"VISUAL": "code --wait", "EDITOR": "vi"}, ["code", "--wait"]),
        ({"VISUAL": " ", "EDITOR": "'my editor' -n"}, ["my editor", "-n"]),
    ],
)
def test_visual_comes_before_editor(environment: dict[str, str], argv: list[str]) -> None:
    assert editor.command(environment) == argv


@pytest.mark.parametrize("environment", [{}, {"EDITOR": "'vi"}])
def test_without_an_editor_it_is_said_how_to_set_one(environment: dict[str, str]) -> None:
    with pytest.raises(ToolError) as error:
        editor.command(environment)
    assert "EDITOR" in str(error.value)


def test_the_file_is_readable_for_its_owner_alone(tmp_path: Path) -> None:
    editor._write(tmp_path / "file", "x")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
