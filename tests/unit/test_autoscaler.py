"""The Cluster Autoscaler's own ConfigMap, as it is written today and as it was."""

from __future__ import annotations

import pytest

from hubtui.model.autoscaler import Autoscaler, NodeGroup, autoscaler_of

YAML = """
time: 2026-11-23 14:03:00 +0000 UTC
autoscalerStatus: Running
clusterWide:
  health: {status: Healthy}
  scaleDown: {status: CandidatesPresent, candidates: 1}
nodeGroups:
- name: gke-hub-users-1a2b-grp
  health: {status: Healthy, cloudProviderTarget: 3, minSize: 0, maxSize: 8}
- name: gke-hub-core-77aa-grp
  health: {status: Healthy, cloudProviderTarget: 1, minSize: 1, maxSize: 1}
- name: odd
  health: {cloudProviderTarget: many}
"""
PROSE = """Cluster-autoscaler status at 2022-08-17 14:03:00 +0000 UTC:
Cluster-wide:
  Health:      Healthy (ready=4 unready=0 notStarted=0 registered=4)
  ScaleDown:   NoCandidates (candidates=0)

NodeGroups:
  Name:        https://c/zones/b/instanceGroups/gke-hub-users-1a2b-grp
  Health:      Healthy (ready=3 registered=3 cloudProviderTarget=3 (minSize=0, maxSize=8))
  ScaleDown:   CandidatesPresent (candidates=1)

  Name:        core
  Health:      Healthy (ready=1 registered=1 cloudProviderTarget=1 (minSize=1, maxSize=1))
"""


def test_the_yaml_of_today() -> None:
    assert autoscaler_of(YAML) == Autoscaler(
        "CandidatesPresent",
        (
            NodeGroup("gke-hub-users-1a2b-grp", 3, 0, 8),
            NodeGroup("gke-hub-core-77aa-grp", 1, 1, 1),
        ),
    )


def test_the_prose_of_before() -> None:
    name = "https://c/zones/b/instanceGroups/gke-hub-users-1a2b-grp"
    groups = (NodeGroup(name, 3, 0, 8), NodeGroup("core", 1, 1, 1))
    assert autoscaler_of(PROSE) == Autoscaler("NoCandidates", groups)


@pytest.mark.parametrize("text", ["", "[]", "{", "autoscalerStatus: Running", "nodeGroups: 3"])
def test_what_tells_nothing(text: str) -> None:
    assert autoscaler_of(text) == Autoscaler()


@pytest.mark.parametrize(
    ("pool", "found"),
    [("users", True), ("core", True), ("user", False), ("hub", False), ("", False)],
)
def test_the_group_of_a_pool_by_its_name(pool: str, found: bool) -> None:
    assert (autoscaler_of(YAML).group_of(pool) is not None) == found
