"""What another number of placeholders is planned from, and what is checked of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hubtui.errors import HubtuiError, NotFoundError
from hubtui.model.kinds import PODS, STATEFULSETS
from hubtui.model.kube import Pod, StatefulSet
from hubtui.model.placeholders import Simulation
from hubtui.model.plan import Basis, Check, Text
from hubtui.model.release import RevisionHead
from hubtui.model.roles import Role, component_of, role_of
from hubtui.model.values_path import at, dotted
from hubtui.model.yaml_text import dump
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import counted, newest_revision, ok, stop, warn, who_answers

VALUE: Final = ("scheduling", "userPlaceholder", "replicas")
PRIORITY: Final = "scheduling.podPriority.enabled"
_ENABLED: Final = "scheduling.userPlaceholder.enabled"


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was read for one plan. `values` are those of the hub's chart, which stand
    below `path` in the release's; empty with `unread` where they cannot be read. `simulation` is
    None where `no_room` says why it is not known what fits."""

    workload: StatefulSet
    pods: tuple[Pod, ...]
    newest: RevisionHead | None
    values: Mapping[str, Any]
    path: tuple[str, ...]
    unread: str
    simulation: Simulation | None
    no_room: str
    basis: Basis

    @property
    def name(self) -> str:
        return self.workload.metadata.name

    @property
    def replicas(self) -> int:
        """How many there should be now."""
        return self.workload.spec.replicas

    @property
    def gives_way(self) -> bool:
        """Whether they have a priority below that of users."""
        return bool(at(self.workload.spec.template, ("spec", "priorityClassName")))


async def read(session: ActionSession, number: int) -> Facts:
    """Reads everything anew. Raises NotFoundError, DeniedError, UnreachableError."""
    workload = await find(session)
    newest = await newest_revision(session)
    values: Mapping[str, Any] = {}
    path: tuple[str, ...] = ()
    unread = ""
    try:
        values, path = await session.hub_link.values(), await session.hub_link.chart_path()
    except HubtuiError as error:
        unread = error.what
    simulation, no_room = await _simulated(session, number)
    return Facts(
        workload=workload,
        pods=await pods_of(session),
        newest=newest,
        values=values,
        path=path,
        unread=unread,
        simulation=simulation,
        no_room=no_room,
        basis=await basis_of(session, workload, newest),
    )


async def find(session: ActionSession) -> StatefulSet:
    """The chart's StatefulSet, whatever it is called. Raises NotFoundError."""
    role = Role.USER_PLACEHOLDER.value
    found = await session.client.list(
        STATEFULSETS, session.namespace, labels=f"component={role},app=jupyterhub"
    )
    for each in found:
        labels = each.metadata.labels
        ours = labels.get("release", session.release) == session.release
        if component_of(labels) == role and ours:
            return each
    raise NotFoundError(
        "This hub has no placeholders",
        status=404,
        meaning="Its chart made no StatefulSet for them.",
        remedy=f"Set {_ENABLED} to true in the values and upgrade.",
    )


async def pods_of(session: ActionSession) -> tuple[Pod, ...]:
    """The placeholders there are."""
    labels = f"component={Role.USER_PLACEHOLDER.value}"
    found = await session.client.list(PODS, session.namespace, labels=labels)
    return tuple(pod for pod in found if role_of(pod, session.release) is Role.USER_PLACEHOLDER)


async def basis_of(
    session: ActionSession, workload: StatefulSet, newest: RevisionHead | None
) -> Basis:
    """What it rests on: which StatefulSet, how many it has, and the release."""
    meta = workload.metadata
    return Basis.of(
        {
            **await who_answers(session),
            "statefulset": f"{meta.name} ({meta.uid})",
            "replicas": str(workload.spec.replicas),
            "newest revision": f"{newest.revision} ({newest.status})" if newest else "unknown",
        }
    )


async def _simulated(session: ActionSession, number: int) -> tuple[Simulation | None, str]:
    try:
        await session.seats.fill()
    except HubtuiError as error:
        return None, error.what
    session.seats.update()
    return session.seats.simulate(number), session.seats.missing


# -- what is checked


def there(facts: Facts, number: int) -> Check:
    """How many there are, and whether there is anything to do."""
    placed = sum(1 for pod in facts.pods if pod.spec.node_name)
    words = f"{facts.name} has {counted(facts.replicas, 'replica')}, {placed} of them on nodes"
    if number == facts.replicas:
        return stop("placeholders", f"{words}: there is nothing to change")
    return ok("placeholders", words)


def priority(facts: Facts, number: int) -> Check | None:
    """Whether users can take their seats."""
    name = "pod priority"
    if not number:
        return None
    if facts.gives_way:
        return ok(name, "a user who finds no room takes the place of a placeholder")
    return warn(
        name,
        f"{PRIORITY} is off: a placeholder is never pushed out, so it keeps room from users "
        "for as long as it runs",
    )


def room(facts: Facts, number: int) -> Check:
    """Whether all find a node, and when the next one is asked for."""
    found = facts.simulation
    if found is None:
        return warn("room", f"how many fit is not known: {facts.no_room}")
    if found.waiting:
        return warn(
            "room",
            f"{found.waiting} of {number} find no node now: they wait, and an autoscaler adds "
            "nodes for them",
        )
    head = f"all {number} find a node" if number else "their room is free"
    if found.bound and found.at > found.at_once:
        return warn("room", f"{head}; {found.bound} refuses servers before a scale-up comes")
    return ok("room", f"{head}; the next scale-up comes with user {found.at} from now")


def quota(session: ActionSession, facts: Facts, number: int) -> Check | None:
    """Whether a quota lets them through."""
    more = number - facts.replicas
    tight = session.seats.quota_for(more) if more > 0 else None
    if tight is None:
        return None
    words = f"{tight.words} lets {tight.left} more through, {more} are needed; then it refuses"
    return stop("quota", f"{words} users' servers, too", overridable=True)


def values(facts: Facts, number: int) -> Check:
    """Whether it lasts."""
    name = "values"
    if facts.unread or not facts.values:
        why = facts.unread or "they are empty"
        return warn(name, f"the release's values cannot be read ({why}): an upgrade may reset it")
    written = at(facts.values, VALUE)
    if written == number:
        return ok(name, f"{'.'.join(VALUE)} is {number} in the release: an upgrade leaves it")
    return warn(
        name,
        f"{'.'.join(VALUE)} is {written if written is not None else 'not set'} in the release: "
        "the next helm upgrade or rollback resets it",
    )


def lasting(facts: Facts, number: int) -> Text:
    """What to put into the values so that it lasts."""
    document: Any = number
    for key in reversed((*facts.path, *VALUE)):
        document = {key: document}
    return Text("For the values, so that an upgrade leaves it", tuple(_lines(dump(document))))


def setting(facts: Facts, number: int) -> str:
    """The same as one setting."""
    return f"{dotted((*facts.path, *VALUE))}: {number}"


def _lines(text: str) -> Sequence[str]:
    return text.rstrip().splitlines()


def notices(facts: Facts, number: int) -> tuple[str, ...]:
    """What people notice."""
    if number < facts.replicas:
        return (
            "Nobody's server is touched.",
            "Users wait for a new node sooner: less room is held for them.",
        )
    found = ["Nobody's server is touched."]
    if facts.gives_way:
        found.append("Nodes are added earlier, and stay for as long as placeholders need them.")
    else:
        found.append("The room that placeholders take is not there for users.")
    return tuple(found)
