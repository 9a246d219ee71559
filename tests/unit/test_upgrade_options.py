"""What the options of `hubtui upgrade` mean: the chart, its version, the files and their commit."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hubtui.config import Settings
from hubtui.errors import UsageError
from hubtui.model.deployment import ChartKind
from hubtui.model.release import Payload, RevisionHead, decode_payload
from hubtui.services import upgrade_options
from hubtui.services.actions.upgrade_facts import description
from hubtui.services.actions.upgrade_request import UpgradeRequest
from hubtui.services.session import Session
from hubtui.services.upgrade_options import Wanted
from hubtui.services.upgrade_sources import Z2JH, Source, Typed, request
from tests.git_folder import GitFolder
from tests.releases import packed, release, values
from tests.unit.test_repo import CHART
from tests.unit.test_rollback_checks import head

WANTED = Wanted(values_mode="reset")


@pytest.fixture
def hubploy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitFolder:
    """A folder of hubploy's with one hub and its chart."""
    folder = GitFolder(tmp_path / "hubs")
    folder.write("hub/Chart.yaml", CHART.format("hub"))
    folder.write("deployments/bio/hubploy.yaml", "{}\n")
    folder.write("deployments/bio/config/prod.yaml", "jupyterhub: {}\n")
    folder.commit("Start")
    context = {"contexts": [{"name": "here", "context": {"cluster": "c"}}]}
    (tmp_path / "kubeconfig").write_text(json.dumps(context))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    return folder


def meant(wanted: Wanted) -> UpgradeRequest:
    return asyncio.run(upgrade_options.meant(Settings(), wanted))[1]


def refused(wanted: Wanted) -> UsageError:
    with pytest.raises(UsageError) as raised:
        meant(wanted)
    return raised.value


def test_a_version_that_the_folders_chart_does_not_have_is_refused(hubploy: GitFolder) -> None:
    wanted = replace(WANTED, repo=str(hubploy.root), chart="hub")
    assert refused(replace(wanted, version="9.9.9")).what == "hub is version 1.0.0, not 9.9.9"
    assert meant(replace(wanted, version="1.0.0")).chart is None


def test_hubploy_hands_the_version_of_a_chart_elsewhere_to_helm(hubploy: GitFolder) -> None:
    wanted = replace(WANTED, repo=str(hubploy.root), chart="jupyterhub/jupyterhub", version="4.4.0")
    found = meant(wanted).chart
    assert found is not None
    assert (found.kind, found.version) == (ChartKind.REPOSITORY, "4.4.0")
    assert meant(replace(wanted, version="")).chart is None


def test_hubploy_knows_no_repository(hubploy: GitFolder) -> None:
    wanted = replace(WANTED, repo=str(hubploy.root), chart="hub", chart_repo=Z2JH)
    assert refused(wanted).what.startswith("--chart-repo does not go with a folder of hubploy's")


def test_files_of_a_work_tree_bring_its_commit(hubploy: GitFolder) -> None:
    file = hubploy.root / "deployments/bio/config/prod.yaml"
    commit = hubploy.git("rev-parse", "HEAD")[:12]
    found = meant(replace(WANTED, files=[str(file)]))
    assert description(found) == f"Commit {commit} (main) by Ada Operator"
    file.write_text("jupyterhub: {a: 1}\n")
    typed = Typed(source=Source.FILES, mode=found.mode, files=str(file))
    on_screen = asyncio.run(request(cast(Session, None), typed, cast(Any, None)))
    assert description(on_screen).endswith("by Ada Operator, 1 changed and not committed")


def test_files_of_no_work_tree_or_of_two_bring_none(hubploy: GitFolder, tmp_path: Path) -> None:
    loose = tmp_path / "values.yaml"
    loose.write_text("a: 1\n")
    other = GitFolder(tmp_path / "other")
    files = [hubploy.root / "hub/Chart.yaml", other.write("values.yaml", "a: 1\n")]
    for given in ([loose], [loose, files[0]], files):
        found = meant(replace(WANTED, files=[str(path) for path in given]))
        assert (found.work_tree, found.no_git) == (None, "")
        assert description(found).startswith("Upgrade by ")


def test_a_work_tree_that_git_does_not_look_at_stops_no_upgrade(tmp_path: Path) -> None:
    folder = GitFolder(tmp_path / "repo")
    file = folder.write("values.yaml", "a: 1\n")
    folder.write(".git/config", "[")
    found = meant(replace(WANTED, files=[str(file)]))
    assert found.work_tree is None
    assert found.no_git.startswith("git does not tell the state of")


@pytest.mark.parametrize("umbrella", [False, True])
def test_only_a_version_is_one_of_z2jh_where_its_chart_runs(umbrella: bool) -> None:
    session = running("basehub" if umbrella else "jupyterhub")
    wanted = replace(WANTED, version="4.4.0")
    assert wanted.only_version
    found = asyncio.run(upgrade_options.with_running_chart(session, wanted))
    assert found == (wanted if umbrella else replace(wanted, chart="jupyterhub", chart_repo=Z2JH))


def test_a_version_of_no_chart_names_what_would_do() -> None:
    remedy = refused(replace(WANTED, version="4.4.0")).remedy
    assert remedy.startswith(f"Name it: --chart jupyterhub --chart-repo {Z2JH}")


def running(chart: str) -> Session:
    """As much of a session as tells the chart of the one revision that runs."""
    stored = release(1, values())
    stored["chart"]["metadata"]["name"] = chart
    payload = decode_payload(packed(stored))

    async def refresh(_release: str) -> list[RevisionHead]:
        return [head(1)]

    async def stored_payload(_head: RevisionHead) -> Payload:
        return payload

    releases = SimpleNamespace(refresh=refresh, payload=stored_payload)
    return cast(Session, SimpleNamespace(release="hub", namespace="hub", releases=releases))
