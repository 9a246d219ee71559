"""`hubtui image plan`: what the real repo2docker would build from a folder, without Docker."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from hubtui.clients import repo2docker
from tests.headless.conftest import Command

THERE = importlib.util.find_spec("repo2docker") or shutil.which(repo2docker.PROGRAM)
real = pytest.mark.skipif(not THERE, reason="needs repo2docker: pip install 'hubtui[images]'")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder; there is no Docker to ask."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    path = tmp_path / "image"
    path.mkdir()
    return path


@real
@pytest.mark.parametrize(
    ("files", "buildpack"),
    [
        ({"environment.yml": "dependencies: [python=3.11, numpy]"}, "CondaBuildPack"),
        ({"requirements.txt": "numpy", "apt.txt": "graphviz"}, "PythonBuildPack"),
        ({"binder/requirements.txt": "numpy", "environment.yml": "{}"}, "PythonBuildPack"),
        ({"Dockerfile": "FROM quay.io/jupyter/base-notebook:2026-04-01"}, "DockerBuildPack"),
    ],
)
def test_the_buildpack_the_base_and_the_files(
    hubtui: Command, folder: Path, files: dict[str, str], buildpack: str
) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    found = hubtui("image", "plan", str(folder), "--json")
    assert (found.code, found.err) == (0, "")
    document = found.document
    assert (document["kind"], document["notes"]) == ("image-plan", [])
    plan = document["value"]
    assert plan["buildpack"] == buildpack
    read = [each for each in files if "binder/requirements.txt" not in files or "binder" in each]
    assert sorted(plan["files"]) == sorted(read)
    assert plan["dockerfile"].lstrip().startswith(f"FROM {plan['base']}")
    assert ("graphviz" in plan["dockerfile"]) == ("apt.txt" in files)


@real
def test_the_plan_as_text(hubtui: Command, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM quay.io/jupyter/base-notebook:2026-04-01")
    text = hubtui("image", "plan", str(folder)).out
    assert "DockerBuildPack" in text
    assert "FROM quay.io/jupyter/base-notebook:2026-04-01" in text


@real
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("environment.yml", "dependencies: [numpy", 'in "environment.yml", line 1'),
        ("runtime.txt", "python-9.9", "Python version 9.9"),
    ],
)
def test_what_cannot_be_built_is_told_in_its_own_words(
    hubtui: Command, folder: Path, name: str, content: str, words: str
) -> None:
    (folder / name).write_text(content)
    found = hubtui("image", "plan", str(folder))
    assert (found.code, found.out) == (1, "")
    assert words in found.err


@real
def test_nothing_of_the_folder_is_run(
    hubtui: Command, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    for name in ("repo2docker_config.py", "json.py", "setup.py", "postBuild", "docker.py"):
        (folder / name).write_text(f"open({str(ran)!r}, 'a').write({name!r})\n")
    monkeypatch.chdir(folder)
    assert hubtui("image", "plan", ".").code == 0
    assert not ran.exists()


def test_without_repo2docker_it_says_what_mends_it(
    hubtui: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    found = hubtui("image", "plan", str(folder))
    assert found.code == 1
    assert "pip install 'hubtui[images]'" in found.err


def test_a_folder_that_does_not_exist(hubtui: Command, folder: Path) -> None:
    found = hubtui("image", "plan", str(folder / "gone"))
    assert (found.code, found.out) == (2, "")
    assert "is no folder on this machine" in found.err
