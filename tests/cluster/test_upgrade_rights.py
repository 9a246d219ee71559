"""An upgrade by somebody who may not write what a hook takes.

On the real control plane only: the demo has no roles.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from hubtui.errors import CheckStopsError
from hubtui.model.plan import Level, Result
from tests.cluster.held_rollback import EITHER_HELM
from tests.cluster.small_release import NAME, SmallRelease, installed
from tests.cluster.upgrading import check, folder, planned, upgraded
from tests.testbed import Testbed

USER: Final = "nobody"
CHANGE: Final = "create update patch delete"
RELEASE: Final = (("", "secrets configmaps", CHANGE), ("apps", "deployments", CHANGE))
"""What the release takes without its hooks."""

JOBS: Final = ("batch", "jobs")
ACCOUNTS: Final = ("", "serviceaccounts")
ROLES: Final = ("rbac.authorization.k8s.io", "roles rolebindings")

HOOKS: Final = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: awaiter, annotations: {HOOK, helm.sh/hook-weight: "0"}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: awaiter, annotations: {HOOK, helm.sh/hook-weight: "0"}}
rules: [{apiGroups: [apps], resources: [daemonsets], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: awaiter, annotations: {HOOK, helm.sh/hook-weight: "0"}}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: awaiter}
subjects: [{kind: ServiceAccount, name: awaiter}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: awaiter, annotations: {HOOK, helm.sh/hook-weight: "10"}}
spec:
  template:
    spec:
      restartPolicy: Never
      serviceAccountName: awaiter
      containers: [{name: awaiter, image: "registry.k8s.io/pause:3.10"}]
""".replace(
    "HOOK",
    'helm.sh/hook: "pre-install,pre-upgrade", '
    "helm.sh/hook-delete-policy: 'before-hook-creation,hook-succeeded'",
)
"""The kinds of the image puller's hook (facts.md §1.4)."""

pytestmark = [EITHER_HELM, pytest.mark.usefixtures("state")]


@pytest.fixture
def small(testbed: Testbed, tmp_path: Path, helm_major: int) -> Iterator[SmallRelease]:
    with installed(testbed, tmp_path, helm_major) as release:
        (release.chart / "templates" / "hooks.yaml").write_text(HOOKS)
        release.let_look(USER)
        yield release


@pytest.fixture
def kubeconfig(testbed: Testbed) -> Path:
    """Of somebody with just the rights that a test gives."""
    return testbed.kubeconfig_for(USER)


def makes(small: SmallRelease) -> str:
    """The verbs that a hook's object takes: helm 4 has the server apply it."""
    return "create patch delete" if small.major == 4 else "create delete"


@pytest.mark.parametrize(
    ("may", "rules"),
    [
        (
            (ACCOUNTS, ROLES),
            ["jobs.batch in {} for the pre-upgrade hook Job/awaiter"],
        ),
        (
            (JOBS,),
            [
                "serviceaccounts in {} for the pre-upgrade hook ServiceAccount/awaiter",
                "roles.rbac.authorization.k8s.io in {} for the pre-upgrade hook Role/awaiter",
                "rolebindings.rbac.authorization.k8s.io in {} for the pre-upgrade "
                "hook RoleBinding/awaiter",
            ],
        ),
    ],
    ids=["job", "account"],
)
async def test_the_plan_stops_and_names_the_hook_and_the_missing_rule(
    small: SmallRelease,
    kubeconfig: Path,
    may: tuple[tuple[str, str], ...],
    rules: list[str],
) -> None:
    small.allow(USER, "write", *RELEASE, *((*each, makes(small)) for each in may))
    async with small.session(kubeconfig) as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        rights = check(plan, "rights")
        assert (rights.level, rights.overridable) == (Level.STOP, False)
        assert list(rights.details) == [
            f"{makes(small).replace(' ', '/')} {rule.format(small.namespace)}" for rule in rules
        ]
        assert all(rule in rights.evidence for rule in rights.details)
        with pytest.raises(CheckStopsError, match="cannot be overridden"):
            await session.operations.start(plan, NAME)
    assert max(small.statuses()) == 3


async def test_a_hook_that_may_not_be_watched_is_named_too(
    small: SmallRelease, kubeconfig: Path
) -> None:
    groups = ("", "apps", ROLES[0])
    small.allow(USER, "look", *((group, "*", "get list watch") for group in groups))
    hooks = ((*each, makes(small)) for each in (JOBS, ACCOUNTS, ROLES))
    small.allow(USER, "write", *RELEASE, *hooks)
    async with small.session(kubeconfig) as session:
        rights = check(await planned(session, "mark=four", chart=folder(small)), "rights")
    assert (rights.level, rights.details) == (
        Level.STOP,
        (f"list/watch jobs.batch in {small.namespace} for the pre-upgrade hook Job/awaiter",),
    )


async def test_with_the_rules_that_are_asked_for_it_comes(
    small: SmallRelease, kubeconfig: Path
) -> None:
    hooks = ((*each, makes(small)) for each in (JOBS, ACCOUNTS, ROLES))
    small.allow(USER, "write", *RELEASE, *hooks)
    async with small.session(kubeconfig) as session:
        plan = await planned(session, "mark=four", chart=folder(small))
        assert check(plan, "rights").level is Level.OK
        outcome = await upgraded(session, plan)
    assert outcome.result is Result.OK, outcome
    assert small.mark() == "four"
