"""The commit that runs beside the folder's own: the real git counts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from hubtui.clients import git
from hubtui.model.deployment import Distance
from hubtui.model.plan import Check, Level
from hubtui.services.actions import upgrade_git
from hubtui.services.actions.upgrade_facts import commit_of, description
from hubtui.services.actions.upgrade_request import UpgradeRequest
from tests.git_folder import GitFolder
from tests.unit.test_upgrade_checks import DEPLOYMENT, planned


@pytest.fixture
def folder(tmp_path: Path) -> GitFolder:
    """What two operators have cloned."""
    made = GitFolder(tmp_path / "repo")
    made.write("config/common.yaml", "a: 1\n")
    made.commit("Start")
    return made


def runs(folder: GitFolder, described: str) -> Check:
    """What the plan says of the commit that runs, as the folder is now."""
    state = asyncio.run(git.state(folder.root))
    assert state is not None
    facts = planned(replace(DEPLOYMENT, git=state), described=described)
    named = commit_of(described)
    distance = asyncio.run(git.distance(state.root, state.commit, named)) if named else None
    found = upgrade_git.checks(replace(facts, distance=distance))
    return next(check for check in found if check.name == "commit that runs")


def deployed(folder: GitFolder) -> str:
    """How hubtui describes an upgrade from the folder as it is now."""
    state = asyncio.run(git.state(folder.root))
    request = planned(replace(DEPLOYMENT, git=state)).request
    return description(request)


def test_the_same_commit_runs(folder: GitFolder) -> None:
    found = runs(folder, deployed(folder))
    commit = folder.git("rev-parse", "HEAD")[:12]
    assert found.level is Level.OK
    assert found.evidence == f"revision 12 was deployed from {commit}, the commit of this folder"


def test_the_folder_has_come_further_since(folder: GitFolder) -> None:
    described = deployed(folder)
    folder.commit("Second")
    folder.commit("Third")
    found = runs(folder, described)
    assert found.level is Level.OK
    assert found.evidence.endswith("; this folder is 2 commits ahead of it")


def test_an_old_clone_would_take_back_what_runs(folder: GitFolder) -> None:
    folder.commit("Second")
    described = deployed(folder)
    folder.git("checkout", "--quiet", "HEAD~1")
    found = runs(folder, described)
    assert found.level is Level.WARN
    assert found.evidence.endswith(
        "; this folder is 1 commit behind it, and takes what it brought back"
    )
    folder.git("checkout", "--quiet", "main")
    folder.commit("Third")
    described = deployed(folder)
    folder.git("checkout", "--quiet", "-b", "mine", "HEAD~2")
    folder.commit("Mine")
    found = runs(folder, described)
    assert found.level is Level.WARN
    assert found.evidence.endswith(
        "; this folder is 1 commit ahead of it and 2 commits behind it, and takes what they "
        "brought back"
    )


def test_a_commit_that_was_never_fetched_is_not_known(folder: GitFolder, tmp_path: Path) -> None:
    folder.git("clone", "--quiet", str(folder.root), str(tmp_path / "clone"))
    clone = GitFolder(tmp_path / "clone")
    folder.commit("Somebody else's")
    described = deployed(folder)
    found = runs(clone, described)
    assert found.level is Level.WARN
    assert "which this clone does not know: git fetch" in found.evidence
    clone.git("fetch", "--quiet")
    assert "1 commit behind it" in runs(clone, described).evidence


def test_a_pipeline_s_shallow_clone_does_not_know_it_either(
    folder: GitFolder, tmp_path: Path
) -> None:
    described = deployed(folder)
    folder.commit("Second")
    url = f"file://{folder.root}"
    folder.git("clone", "--quiet", "--depth", "1", url, str(tmp_path / "clone"))
    found = runs(GitFolder(tmp_path / "clone"), described)
    assert found.level is Level.WARN
    assert "or clone it whole" in found.evidence


def test_what_was_not_committed_when_it_was_deployed_is_told(folder: GitFolder) -> None:
    folder.write("config/common.yaml", "a: 2\n")
    found = runs(folder, deployed(folder))
    assert found.level is Level.WARN
    assert found.evidence.endswith("the commit of this folder, with 1 changed and not committed")


def test_a_revision_of_somebody_s_own_hand_names_no_commit(folder: GitFolder) -> None:
    found = runs(folder, "Upgrade complete")
    assert found.level is Level.OK
    assert found.evidence == "revision 12 does not say from which commit it was deployed"


def test_words_that_look_like_a_commit_are_asked_for_as_one(folder: GitFolder) -> None:
    assert asyncio.run(git.distance(str(folder.root), "HEAD", "deadbeef")) is None
    folder.git("branch", "deadbeef")
    head = folder.git("rev-parse", "HEAD")
    assert asyncio.run(git.distance(str(folder.root), head, head)) == Distance(0, 0)


def state_of(request: UpgradeRequest, *, git_here: bool = True) -> Check:
    facts = replace(planned(request.deployment), request=request, git_here=git_here)
    return upgrade_git.checks(facts)[0]


def test_without_git_it_is_not_said_that_there_is_no_commit() -> None:
    request = planned(replace(DEPLOYMENT, git=None)).request
    missing = state_of(request, git_here=False)
    assert missing.level is Level.WARN
    assert missing.evidence == "? not looked at: git is not on this machine; install it"
    assert state_of(request).evidence.startswith("no commit")


def test_files_without_a_deployment_folder_have_a_commit_too(folder: GitFolder) -> None:
    state = asyncio.run(git.holding([folder.root / "config", folder.root]))
    request = replace(planned(None).request, git=state)
    assert state_of(request).evidence.endswith("by Ada Operator: Start")
    folder.write("config/common.yaml", "a: 2\n")
    state = asyncio.run(git.holding([folder.root / "config"]))
    changed = state_of(replace(request, git=state))
    assert changed.level is Level.WARN
    assert changed.evidence.endswith("not committed: config/common.yaml")
    refused = state_of(replace(request, git=None, no_git="git does not tell"))
    assert refused.evidence == "? not looked at: git does not tell"
    facts = planned(None)
    assert upgrade_git.checks(facts) == ()
