"""The state of a work tree, told by the real git."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hubtui.clients import git
from hubtui.errors import ToolError
from hubtui.model.deployment import GitState
from tests.git_folder import GitFolder


@pytest.fixture
def folder(tmp_path: Path) -> GitFolder:
    made = GitFolder(tmp_path / "repo")
    made.write("config/common.yaml", "a: 1\n")
    made.commit("Start")
    return made


def state(path: Path) -> GitState:
    found = asyncio.run(git.state(path))
    assert found is not None
    return found


def test_a_clean_tree_tells_branch_commit_and_author(folder: GitFolder) -> None:
    commit = folder.commit("More memory for bio")
    found = state(folder.root / "config")
    assert found == GitState(
        root=str(folder.root),
        branch="main",
        commit=commit,
        author="Ada Operator",
        subject="More memory for bio",
    )


def test_every_changed_path_is_named(folder: GitFolder) -> None:
    folder.write("old name.yaml", "b: 1\n" * 9)
    folder.commit("Another")
    folder.write("config/common.yaml", "a: 2\n")
    folder.git("mv", "old name.yaml", "new name.yaml")
    folder.write("untracked.yaml", "")
    folder.write("staged ü.yaml", "")
    folder.git("add", "staged ü.yaml")
    assert set(state(folder.root).dirty) == {
        "config/common.yaml",
        "new name.yaml",
        "untracked.yaml",
        "staged ü.yaml",
    }


def test_ahead_and_behind_are_counted_against_the_upstream(
    folder: GitFolder, tmp_path: Path
) -> None:
    folder.git("clone", "--quiet", str(folder.root), str(tmp_path / "clone"))
    clone = GitFolder(tmp_path / "clone")
    folder.commit("Theirs")
    clone.commit("Ours")
    clone.commit("Ours too")
    clone.git("fetch", "--quiet")
    found = state(clone.root)
    assert (found.upstream, found.ahead, found.behind) == ("origin/main", 2, 1)
    assert (state(folder.root).ahead, state(folder.root).behind) == (None, None)


def test_a_merge_with_conflicts_names_them(folder: GitFolder) -> None:
    folder.git("checkout", "--quiet", "-b", "other")
    folder.write("config/common.yaml", "a: 2\n")
    folder.commit("Two")
    folder.git("checkout", "--quiet", "main")
    folder.write("config/common.yaml", "a: 3\n")
    folder.commit("Three")
    folder.git("merge", "other", fails=True)
    found = state(folder.root)
    assert found.conflicts == ("config/common.yaml",)
    assert found.dirty == ("config/common.yaml",)
    assert found.unfinished == "merge"
    folder.write("config/common.yaml", "a: 4\n")
    folder.git("add", "config/common.yaml")
    assert (state(folder.root).conflicts, state(folder.root).unfinished) == ((), "merge")
    folder.commit("Merged")
    assert state(folder.root).unfinished == ""


@pytest.mark.parametrize("what", ["rebase", "cherry-pick", "revert"])
def test_whatever_else_git_is_in_the_middle_of_is_named(folder: GitFolder, what: str) -> None:
    folder.write("config/common.yaml", "a: 2\n")
    folder.commit("Two")
    folder.git("checkout", "--quiet", "-b", "other", "HEAD~1")
    folder.write("config/common.yaml", "a: 3\n")
    folder.commit("Three")
    folder.write("config/common.yaml", "a: 4\n")
    folder.commit("Four")
    folder.git(what, {"revert": "HEAD~1"}.get(what, "main"), fails=True)
    assert (state(folder.root).unfinished, state(folder.root).conflicts) == (
        what,
        ("config/common.yaml",),
    )
    folder.git(what, "--abort")
    assert state(folder.root).unfinished == ""


def test_a_detached_head_is_on_no_branch(folder: GitFolder) -> None:
    folder.git("checkout", "--quiet", "--detach")
    found = state(folder.root)
    assert found.branch == ""
    assert found.commit == folder.git("rev-parse", "HEAD")


def test_before_the_first_commit_there_is_none(tmp_path: Path) -> None:
    found = state(GitFolder(tmp_path / "new").root)
    assert (found.branch, found.commit, found.author) == ("main", "", "")


def test_outside_of_a_work_tree_there_is_no_state(tmp_path: Path) -> None:
    assert asyncio.run(git.state(tmp_path)) is None


def test_without_git_there_is_no_state(folder: GitFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder.root))
    assert asyncio.run(git.state(folder.root)) is None


def test_a_refusal_of_git_is_told_in_its_words(folder: GitFolder) -> None:
    (folder.root / ".git" / "config").write_text("[core\n")
    with pytest.raises(ToolError) as caught:
        asyncio.run(git.state(folder.root))
    assert "bad config line 1" in caught.value.what
    assert "git status" in caught.value.remedy


def test_the_variables_of_a_hook_lead_to_no_other_repository(
    folder: GitFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = GitFolder(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))
    assert state(folder.root).subject == "Start"


def test_looking_writes_nothing_and_runs_no_program_of_the_repository(folder: GitFolder) -> None:
    ran = folder.root.parent / "ran"
    folder.git("config", "core.fsmonitor", f"touch {ran}; false")
    index = folder.root / ".git" / "index"
    folder.write("config/common.yaml", "a: 1\n")  # as it was, but newer than the index says
    before = index.read_bytes()
    state(folder.root)
    assert index.read_bytes() == before
    assert not ran.exists()


def test_a_signature_is_not_checked_by_the_repositorys_own_program(
    folder: GitFolder, tmp_path: Path
) -> None:
    ran, program = tmp_path / "ran", tmp_path / "gpg"
    signature = "-----BEGIN PGP SIGNATURE-----\\n\\nx\\n-----END PGP SIGNATURE-----\\n"
    program.write_text(
        f"""#!/bin/sh
case "$*" in *--verify*) touch {ran}; exit 1 ;; esac
cat > /dev/null
printf -- '{signature}'
printf '\\n[GNUPG:] SIG_CREATED \\n' >&2
"""
    )
    program.chmod(0o700)
    folder.git("config", "gpg.program", str(program))
    folder.git("config", "log.showSignature", "true")
    folder.git("commit", "-S", "--allow-empty", "-qm", "Signed")
    assert "gpgsig" in folder.git("cat-file", "-p", "HEAD")
    found = state(folder.root)
    assert found.subject == "Signed"
    assert not ran.exists()


def test_hostile_text_is_made_harmless(folder: GitFolder) -> None:
    folder.commit("Evil \x1b[31m subject \u202e")
    found = state(folder.root)
    assert found.subject == r"Evil \x1b[31m subject \u202e"


def test_the_last_commit_of_a_folder_is_found(folder: GitFolder) -> None:
    folder.write("image/Dockerfile", "FROM x\n")
    image = folder.commit("Image")
    folder.commit("Later")
    last = asyncio.run(git.last_commit(folder.root, folder.root / "image"))
    assert last == image
    assert asyncio.run(git.last_commit(folder.root, folder.root / "none")) == ""
