"""Images that cannot be pulled, or take longer than a user's server may take to start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from hubtui.model.image_name import is_image
from hubtui.model.kube_needs import Node
from hubtui.model.node_facts import PURPOSE
from hubtui.model.node_images import LISTED, has_image
from hubtui.model.problem import Evidence, Fix, Incident, Level, Problem, Target, Verb
from hubtui.model.roles import Role
from hubtui.model.why_facts import Cause, evidence_of
from hubtui.services.pods import PodRow
from hubtui.services.problems import hook_puller
from hubtui.services.problems.signs import (
    counted,
    earliest,
    failing_image,
    looks_at,
    name_of,
    named,
    placed_at,
    todo_of,
    waiting_image,
    with_why,
)
from hubtui.services.problems.situation import CORE_ROLES, Situation

SLOW: Final = 150.0
"""Seconds on a node after which a pull may cost a server: half of the start timeout."""

START_TIMEOUT: Final = 300.0
"""`singleuser.startTimeout`, by default: then the hub gives up (facts.md §1.7)."""

MANY: Final = 3
"""Servers with one image that is not there, from which it is nobody's own choice."""

_CHECK: Final = (
    "Check the image's name and tag, the registry, the pull secret, and the node's way to it."
)

_PULLERS: Final = (Role.CONTINUOUS_PULLER, Role.HOOK_PULLER)


def find(seen: Situation) -> list[Problem]:
    """One problem for each image."""
    failing: dict[str, list[PodRow]] = {}
    slow: dict[str, list[PodRow]] = {}
    for row in seen.troubled:
        if row.role is Role.HOOK_PULLER and hook_puller.is_at_work(seen):
            continue
        if row.pod.metadata.deletion_timestamp is not None:
            continue
        found = failing_image(row.pod)
        if found is not None:
            failing.setdefault(found.image, []).append(row)
        elif row.role is Role.USERS and _is_slow(seen, row):
            slow.setdefault(waiting_image(row.pod), []).append(row)
    return [
        *(_failing(seen, image, rows) for image, rows in failing.items()),
        *(_slow(seen, image, rows) for image, rows in slow.items() if image not in failing),
    ]


def _is_slow(seen: Situation, row: PodRow) -> bool:
    if not row.pod.spec.node_name or seen.seconds(placed_at(row.pod)) < SLOW:
        return False
    return pulls(seen, row)


def pulls(seen: Situation, row: PodRow) -> bool:
    """Whether the last that was said of a pod is that an image is being pulled."""
    told = seen.newest(row, "Pulling", "Pulled", "Failed", "BackOff", "Created", "Started")
    return told is not None and told.reason == "Pulling"


def _failing(seen: Situation, image: str, rows: Sequence[PodRow]) -> Problem:
    level = Level.NOW if any(row.role not in _PULLERS for row in rows) else Level.SOON
    whys = (seen.why(row) for row in rows)
    why = next((each for each in whys if each is not None and each.cause is Cause.IMAGE), None)
    nodes = _nodes(rows)
    where = f" on {named(nodes)}" if nodes else ""
    return Problem(
        incident=Incident.IMAGE_PULL,
        level=level,
        title=f"Image {image} cannot be pulled{where}: {_who(rows)}",
        effect=_effect(rows),
        todo=todo_of(why, _CHECK),
        evidence=with_why(_told(rows), why),
        since=earliest(placed_at(row.pod) for row in rows),
        missing=why.missing if why else seen.unread("events"),
        targets=_targets(image, rows),
        fixes=_fixes(seen, rows),
        subject=image,
    )


def _told(rows: Sequence[PodRow]) -> Iterable[Evidence]:
    """What the containers wait for, once for all that wait for the same."""
    said: dict[str, list[PodRow]] = {}
    for row in rows:
        found = failing_image(row.pod)
        if found is not None:
            said.setdefault(f"{found.reason} {found.message}".strip(), []).append(row)
    for words, same in sorted(said.items(), key=lambda item: -len(item[1]))[:3]:
        names = named(name_of(row.pod) for row in same)
        since = earliest(placed_at(row.pod) for row in same)
        yield Evidence("pod", f"{names}: {words}", since, warning=True)


def _slow(seen: Situation, image: str, rows: Sequence[PodRow]) -> Problem:
    since = earliest(placed_at(row.pod) for row in rows)
    late = seen.seconds(since) >= START_TIMEOUT
    events = [e for row in rows[:3] if (e := seen.newest(row, "Pulling")) is not None]
    return Problem(
        incident=Incident.IMAGE_PULL,
        level=Level.NOW if late else Level.SOON,
        title=f"Image {image} is still being pulled on {named(_nodes(rows))}: {_who(rows)}",
        effect="The hub gives up after the start timeout (singleuser.startTimeout, by default "
        "300 s); who tries again later finds the image there.",
        todo="Wait for the pull, and tell those who wait to start again. Have the other nodes pull "
        "it before somebody waits there; the continuous puller and placeholders do so for new "
        "nodes.",
        evidence=(
            Evidence("pod", f"the first of {counted(len(rows), 'server')} got its node", since),
            *(evidence_of(event) for event in events),
            *_lacking(image, seen.nodes),
        ),
        since=since,
        missing=seen.unread("nodes"),
        targets=_targets(image, rows),
        fixes=(*_prepull(image), *_fixes(seen, rows)),
        subject=image,
    )  # fmt: skip


def _prepull(image: str) -> Iterable[Fix]:
    if is_image(image):
        yield Fix(Verb.PREPULL, image, "pull it to the nodes that lack it")


def _lacking(image: str, nodes: Mapping[str, Node]) -> Iterable[Evidence]:
    """Which nodes of users have an image, as far as their lists tell."""
    found: dict[bool | None, list[str]] = {True: [], False: [], None: []}
    for name, node in nodes.items():
        if node.metadata.labels.get(PURPOSE) != "core":
            found[has_image(node, image)].append(name)
    every = counted(sum(map(len, found.values())), "node")
    if found[True] or found[False]:
        yield Evidence("nodes", f"{len(found[True])} of {every} have the image")
    if found[False]:
        words = f"{counted(len(found[False]), 'node')} without it: {named(found[False])}"
        yield Evidence("nodes", words, warning=True)
    if found[None]:
        words = f"of {len(found[None])} of {every} it is not known ({named(found[None])})"
        yield Evidence("nodes", f"{words}: a node lists {LISTED} images at most")


def _who(rows: Sequence[PodRow]) -> str:
    users = [row for row in rows if row.role is Role.USERS]
    others = sorted({row.role.value for row in rows if row.role is not Role.USERS})
    servers = f"{counted(len(users), 'server')} ({named(name_of(row.pod) for row in users)})"
    return (
        ", ".join([*([servers] if users else []), *others])
        + " wait"
        + ("s" if len(rows) == 1 else "")
    )


def _effect(rows: Sequence[PodRow]) -> str:
    roles = {row.role for row in rows}
    if roles & set(CORE_ROLES):
        parts = ", ".join(sorted(role.value for role in roles & set(CORE_ROLES)))
        return f"The new pod of {parts} does not start; where no older one runs, that part is down."
    if Role.USERS in roles:
        return "These servers do not start: the hub gives up after the start timeout (300 s)."
    return "Nobody waits yet; the first server on such a node will."


def _nodes(rows: Sequence[PodRow]) -> list[str]:
    return sorted({row.pod.spec.node_name for row in rows if row.pod.spec.node_name})


def _targets(image: str, rows: Sequence[PodRow]) -> tuple[Target, ...]:
    return (
        Target("image", image),
        *(Target("pod", row.pod.metadata.name) for row in rows),
        *(Target("node", name) for name in _nodes(rows)),
    )


def _fixes(seen: Situation, rows: Sequence[PodRow]) -> tuple[Fix, ...]:
    first = max(rows, key=lambda row: str(row.pod.metadata.creation_timestamp))
    name = first.pod.metadata.name
    looks = looks_at(name)
    since = max((at for row in rows if (at := placed_at(row.pod)) is not None), default=None)
    # One user's image is that user's choice; an upgrade brings one to many.
    common = len(rows) >= MANY or any(row.role is not Role.USERS for row in rows)
    target = seen.before_last_upgrade(since) if common else None
    if target is None:
        return looks
    revision = str(target.revision)
    words = f"back to revision {revision}, if the last upgrade brought the image"
    return (*looks, Fix(Verb.ROLLBACK, revision, words))
