"""What the checks of a rollback say, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from hubtui.clients.helm import Version
from hubtui.model.diff_content import content
from hubtui.model.plan import Check, Level
from hubtui.model.release import Chart, Payload, RevisionHead, Status
from hubtui.services.actions import release_checks as checks
from hubtui.services.actions.release_facts import Facts, Side
from hubtui.services.actions.release_pending import Pending, nothing_is_running
from hubtui.services.actions.release_rights import needs, resource_of
from hubtui.services.actions.rollback_checks import target_is_complete

NOW = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)
DEPLOYED, PENDING = Status.DEPLOYED, Status.PENDING_UPGRADE


def head(revision: int = 12, status: Status = DEPLOYED, minutes: float = 60) -> RevisionHead:
    return RevisionHead(
        release="hub",
        revision=revision,
        status=status,
        namespace="hub",
        created=NOW - timedelta(minutes=minutes),
        modified=None,
        object_name=f"sh.helm.release.v1.hub.v{revision}",
        uid=f"uid-{revision}",
        resource_version="1",
    )


def hub_secret(database: str) -> dict[str, Any]:
    values = {"hub": {"db": {"type": database}}, "Chart": {"AppVersion": "0"}}
    import base64

    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "hub", "labels": {"component": "hub", "app": "jupyterhub"}},
        "data": {"values.yaml": base64.b64encode(yaml.safe_dump(values).encode()).decode()},
    }


def side(
    revision: int,
    *,
    app: str = "5.5.0",
    chart: str = "jupyterhub",
    database: str = "sqlite-pvc",
    method: str = "",
    status: Status = DEPLOYED,
    objects: tuple[dict[str, Any], ...] = (),
    error: str = "",
) -> Side:
    at = head(revision, status)
    if error:
        return Side(at, error=error)
    documents = [hub_secret(database), *objects]
    payload = Payload(
        name="hub",
        namespace="hub",
        revision=revision,
        status=status,
        description="",
        chart=Chart(chart, "4.4.0", app),
        manifest="---\n".join(yaml.safe_dump(item) for item in documents),
        apply_method=method,
    )
    return Side(at, payload, content(payload))


def facts(current: Side, target: Side, helm: str = "4.3.1") -> Facts:
    major, minor, _ = helm.split(".")
    return Facts(
        heads=(current.head, target.head),
        current=current,
        target=target,
        changes=None,
        helm=None,
        version=Version(int(major), int(minor), helm),
        helm_error="",
        server="https://example.org",
        authority="ca",
    )


@pytest.mark.parametrize(
    ("before", "after", "database", "level", "says"),
    [
        ("5.5.0", "5.5.0", "sqlite-pvc", Level.OK, "5.5.0 in both: the schema stays"),
        ("5.5.1", "5.5.0", "sqlite-pvc", Level.OK, "5.5.1 → 5.5.0: the schema stays"),
        ("6.1.1", "5.5.0", "sqlite-pvc", Level.STOP, "jupyterhub.sqlite.YYYY-MM-DD-HHMMSS"),
        ("5.5.0", "5.4.3", "sqlite-pvc", Level.STOP, "/srv/jupyterhub"),
        ("6.1.1", "5.5.0", "postgres", Level.STOP, "a backup of the postgres database"),
        ("6.1.1", "5.5.0", "sqlite-memory", Level.OK, "nothing is kept"),
        ("5.5.0", "6.1.1", "sqlite-pvc", Level.OK, "upgrades the schema itself"),
        ("", "5.5.0", "sqlite-pvc", Level.WARN, "revision 12 runs is unknown"),
        ("5.5.0", "HEAD", "sqlite-pvc", Level.WARN, "revision 11 runs is unknown"),
    ],
)
def test_hub_database(before: str, after: str, database: str, level: Level, says: str) -> None:
    found = checks.hub_database(
        side(12, app=before, database=database), side(11, app=after, database=database)
    )
    assert found is not None
    assert (found.level, found.overridable) == (level, level is Level.STOP)
    assert says in found.evidence


def test_a_release_without_a_hub_has_no_hub_database() -> None:
    assert checks.hub_database(side(12, chart="support"), side(11, chart="support")) is None


def running(newest: RevisionHead, **look: Any) -> Check:
    return nothing_is_running(newest, Pending(**look), NOW)


def test_no_pending_revision() -> None:
    found = running(head())
    assert (found.level, found.evidence) == (
        Level.OK,
        "no pending revision, no helm seen from here",
    )


@pytest.mark.parametrize(
    ("minutes", "level"), [(4, Level.STOP), (10, Level.STOP), (11, Level.WARN)]
)
def test_a_pending_revision_is_a_way_out_once_it_is_older_than_the_timeout(
    minutes: float, level: Level
) -> None:
    newest = head(13, PENDING, minutes)
    found = running(newest, later=newest)
    assert found.level is level
    assert found.overridable == (level is Level.STOP)
    assert f"revision 13 is pending-upgrade for {minutes} m" in found.evidence


def test_a_pending_revision_that_changes_belongs_to_a_helm_at_work() -> None:
    newest = head(13, PENDING, 600)
    for later in (head(13, Status.FAILED, 600), head(14, PENDING, 0), None):
        found = running(newest, later=later)
        assert found.level is Level.STOP
        assert "has just changed" in found.evidence


def test_a_helm_of_this_machine() -> None:
    live = running(head(), live_here="Roll back hub, by ada@here")
    assert (live.level, live.overridable) == (Level.STOP, False)
    newest = head(13, PENDING, 1)
    ended = running(newest, later=newest, left_by="rollback by ada@here")
    assert ended.level is Level.WARN
    assert "whose helm has ended on this machine" in ended.evidence


@pytest.mark.parametrize(
    ("target", "level", "overridable", "says"),
    [
        (side(11), Level.OK, False, "revision 11 decodes: 1 objects, 0 hooks"),
        (side(11, error="cut off"), Level.STOP, False, "revision 11 cannot be read: cut off"),
        (side(11, status=Status.FAILED), Level.WARN, False, "it failed"),
        (side(11, status=PENDING), Level.STOP, True, "it is pending-upgrade"),
        (side(11, objects=({"kind": "Role"},)), Level.STOP, False, "has no kind or no name"),
    ],
    ids=["whole", "broken", "failed", "pending", "nameless"],
)
def test_target_is_complete(target: Side, level: Level, overridable: bool, says: str) -> None:
    found = target_is_complete(facts(side(12), target))
    assert (found.level, found.overridable) == (level, overridable)
    assert says in found.evidence


def test_a_key_that_the_target_has_twice_is_told() -> None:
    at = side(11)
    assert at.payload is not None
    text = "\n---\nkind: Service\nmetadata: {name: web}\nspec: {a: 1, a: 2}\n"
    payload = replace(at.payload, manifest=at.payload.manifest + text)
    found = target_is_complete(facts(side(12), Side(at.head, payload, content(payload))))
    assert found.level is Level.WARN
    assert "Service/web has a twice (line 4): helm takes the last one" in found.evidence


def test_a_current_revision_that_cannot_be_read_stops_too() -> None:
    found = target_is_complete(facts(side(12, error="empty"), side(11)))
    assert found.level is Level.STOP
    assert "revision 12 cannot be read: empty" in found.evidence


def test_the_newest_revision_itself() -> None:
    current = side(12)
    found = target_is_complete(facts(current, current))
    assert found.level is Level.WARN
    assert "only edits by hand are undone" in found.evidence


@pytest.mark.parametrize(
    ("helm", "method", "level"),
    [
        ("4.3.1", "ssa", Level.OK),
        ("4.3.1", "", Level.OK),
        ("3.17.3", "", Level.OK),
        ("3.17.3", "ssa", Level.STOP),
        ("3.17.3", "csa", Level.STOP),
    ],
)
def test_helm_fits_what_wrote_the_revisions(helm: str, method: str, level: Level) -> None:
    found = checks.helm_fits(facts(side(12), side(11, method=method), helm))
    assert (found.level, found.overridable) == (level, False)
    assert checks.helm_fits(facts(side(12, method=method), side(11), helm)).level is level


def test_how_a_revision_is_applied_is_not_said_of_one_that_is_not_there() -> None:
    found = checks.helm_fits(facts(side(12, method="ssa"), side(13, error="not rendered")))
    assert (found.level, found.evidence) == (Level.OK, "helm 4.3.1")


def thing(kind: str, api: str = "v1", name: str = "one") -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}}


def test_needs_are_patch_create_and_delete() -> None:
    before = side(12, objects=(thing("ConfigMap"), thing("Service")))
    after = side(11, objects=(thing("ConfigMap"), thing("Deployment", "apps/v1")))
    found = {
        (need.verb, need.resource, need.name)
        for need in needs(facts(before, after), "hub", "secrets")
    }
    assert found == {
        ("patch", "secrets", "hub"),
        ("patch", "configmaps", "one"),
        ("create", "deployments.apps", "one"),
        ("delete", "services", "one"),
        ("create", "secrets", ""),
        ("update", "secrets", ""),
    }


@pytest.mark.parametrize(
    ("kind", "api", "resource", "guessed"),
    [
        ("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies.networking.k8s.io", False),
        ("PriorityClass", "scheduling.k8s.io/v1", "priorityclasses.scheduling.k8s.io", False),
        ("PodDisruptionBudget", "policy/v1", "poddisruptionbudgets.policy", False),
        (
            "ClusterRole",
            "rbac.authorization.k8s.io/v1",
            "clusterroles.rbac.authorization.k8s.io",
            False,
        ),
        ("Certificate", "cert-manager.io/v1", "certificates.cert-manager.io", True),
        ("ServiceAccount", "v1", "serviceaccounts", False),
    ],
)
def test_resources_of_kinds(kind: str, api: str, resource: str, guessed: bool) -> None:
    made = side(12, objects=(thing(kind, api),)).resources[-1]
    assert resource_of(made) == (resource, guessed)
