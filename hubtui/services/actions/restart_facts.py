"""What a restart is planned from: one Deployment of the hub, and what depends on its pods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hubtui.clients.gate import Call
from hubtui.errors import NotFoundError, UsageError
from hubtui.model.kinds import DEPLOYMENTS, PODS, RESTARTED_DEPLOYMENTS
from hubtui.model.kube_changes import RestartedDeployment
from hubtui.model.plan import Basis, Check, Step, StepState
from hubtui.model.release import RevisionHead
from hubtui.model.roles import RESTARTABLE
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import counted, newest_revision, ok, stop, warn, who_answers
from hubtui.services.actions.release_notices import count_servers
from hubtui.services.hub_health import DEFAULT_PORT, HubAddress
from hubtui.services.rollouts import Target, step_of

COMPONENTS: Final = tuple(role.value for role in RESTARTABLE)

NOTICES: Final = {
    "hub": (
        "The hub restarts: no log-in and no new server for about a minute.",
        "Servers that are just starting or stopping may have to be asked for once more.",
    ),
    "proxy": (
        "The proxy restarts: every open connection drops for some seconds; notebooks reconnect by "
        "themselves.",
        "The hub hands the proxy its routes again; until then servers answer with 404.",
    ),
    "autohttps": (
        "autohttps restarts: every HTTPS connection drops for some seconds; notebooks reconnect by "
        "themselves.",
        "Certificates are kept in their Secret: none is asked for anew.",
    ),
    "user-scheduler": (
        "While no user-scheduler is ready, new servers wait as Pending; with several replicas "
        "another one takes over.",
    ),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was read for one plan. `servers` is None where they cannot be counted."""

    component: str
    deployment: RestartedDeployment
    newest: RevisionHead | None
    servers: int | None
    step: Step
    basis: Basis

    @property
    def name(self) -> str:
        return self.deployment.metadata.name


async def read(session: ActionSession, component: str) -> Facts:
    """Reads everything anew. Raises UsageError, NotFoundError, DeniedError, UnreachableError."""
    if component not in COMPONENTS:
        raise UsageError(
            f"{component!r} cannot be restarted", remedy=f"Choose one of: {', '.join(COMPONENTS)}."
        )
    deployment = await find(session, component)
    pods = await session.client.list(PODS, session.namespace, labels=f"component={component}")
    newest = await newest_revision(session)
    return Facts(
        component=component,
        deployment=deployment,
        newest=newest,
        servers=await count_servers(session.client, session.namespace, session.release),
        step=step_of(target_of(deployment, component), deployment, pods),
        basis=await basis_of(session, deployment, newest),
    )


async def find(session: ActionSession, component: str) -> RestartedDeployment:
    """The Deployment of a component. Raises NotFoundError, which names those that there are."""
    found = await session.client.list(
        RESTARTED_DEPLOYMENTS, session.namespace, labels="app=jupyterhub"
    )
    ours = [
        each
        for each in found
        if each.metadata.labels.get("release", session.release) == session.release
    ]
    for each in ours:
        if each.metadata.labels.get("component") == component:
            return each
    there = sorted({each.metadata.labels.get("component", "") for each in ours} & set(COMPONENTS))
    raise NotFoundError(
        f"This hub has no {component}",
        status=404,
        remedy=f"What it has: {', '.join(there) or 'nothing that can be restarted'}.",
    )


async def get(session: ActionSession, name: str) -> RestartedDeployment:
    """The Deployment as it is now. Raises NotFoundError."""
    return await session.client.get(RESTARTED_DEPLOYMENTS, session.namespace, name)


async def basis_of(
    session: ActionSession, deployment: RestartedDeployment, newest: RevisionHead | None
) -> Basis:
    """What a restart rests on: which Deployment, its specification, and the release."""
    meta = deployment.metadata
    return Basis.of(
        {
            **await who_answers(session),
            "deployment": f"{meta.name} ({meta.uid})",
            "generation": str(meta.generation),
            "newest revision": f"{newest.revision} ({newest.status})" if newest else "unknown",
        }
    )


def target_of(deployment: RestartedDeployment, component: str) -> Target:
    """What is followed while it restarts."""
    meta = deployment.metadata
    return Target("Deployment", meta.namespace, meta.name, component)


def can_restart(facts: Facts) -> Check:
    """Whether a new template makes new pods at all."""
    spec = facts.deployment.spec
    if spec.paused:
        return stop("deployment", f"{facts.name} is paused: no new pod would be made")
    if spec.replicas == 0:
        return stop("deployment", f"{facts.name} has 0 replicas: there is nothing to restart")
    restarted = facts.deployment.restarted_at
    when = f", last restarted by hand at {restarted}" if restarted else ""
    return ok("deployment", f"{facts.name}: {counted(spec.replicas, 'replica')}{when}")


def rollout_is_over(facts: Facts) -> Check:
    """Whether a rollout is under way already."""
    step = facts.step
    if step.state is StepState.DONE:
        return ok("rollout", f"{step.ready}/{step.desired} ready, none is under way")
    words = f"{step.ready}/{step.desired} ready" + (f": {step.reason}" if step.reason else "")
    if step.state is StepState.STUCK:
        return warn("rollout", f"{words}; new pods are made alike: see what is behind it first")
    return stop("rollout", f"{words}: a rollout is under way", overridable=True)


def notices(facts: Facts) -> tuple[str, ...]:
    """What people notice."""
    found = list(NOTICES[facts.component])
    if facts.servers is None:
        found.append("Running servers stay.")
    elif facts.servers:
        many = facts.servers != 1
        found.append(f"{facts.servers} running server{'s stay' if many else ' stays'}.")
    return tuple(found)


def address_of(session: ActionSession, deployment: RestartedDeployment) -> HubAddress:
    """Where the restarted hub answers."""
    return HubAddress(
        session.namespace,
        session.release,
        port=deployment.port or DEFAULT_PORT,
        path=deployment.health_path or "/hub/health",
        deployment=deployment.metadata.name,
    )


def call_of(namespace: str, name: str) -> Call:
    """The one write."""
    query = {"fieldManager": "hubtui"}
    return Call("patch", DEPLOYMENTS.resource, namespace, name, query=query)
