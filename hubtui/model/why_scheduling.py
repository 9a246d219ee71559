"""Why no node takes a pod: the scheduler's words taken apart, per constraint, with node counts.

Source of the words: kubernetes/kubernetes `pkg/scheduler/framework` (FitError, and the reasons of
the plugins); since 1.35 a taint is counted but no longer named, so the nodes are asked for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from hubtui.model.kube import Condition, Pod
from hubtui.model.kube_needs import Taint, WholePod
from hubtui.model.packing import CPU, requests
from hubtui.model.quantity import parse, short_cores, short_size
from hubtui.model.roles import Role
from hubtui.model.taints import singular, taint_words, untolerated
from hubtui.model.why_facts import Cause, Evidence, Facts, Why, claim_names, listed, sentence

JUST_CREATED = 10
"""Seconds in which a scheduler may not have looked yet."""

SCHEDULER: Final = "user-scheduler"

_VERDICT = re.compile(
    r"(?P<fit>\d+)/(?P<all>\d+) nodes are available(?: for pod [^:]*)?: (?P<reasons>.*)", re.DOTALL
)
_PREEMPTION = re.compile(r"\.?\s*(?:no new claims to deallocate, )?preemption: .*", re.DOTALL)
_BETWEEN = re.compile(r", (?=\d+ )")
_REASON = re.compile(r"(?P<count>\d+) (?P<words>.*)", re.DOTALL)
_INSUFFICIENT = re.compile(r"insufficient (?P<resource>\S+)", re.IGNORECASE)
_TAINT = re.compile(r"taint(?:\(s\))? \{(?P<key>[^:}]*):? ?(?P<value>[^}]*)\}")

_PLAIN: Final = (
    ("too many pods", "have no free pod slot"),
    ("were unschedulable", "are cordoned"),
    ("volume node affinity conflict", "are in another zone than its volume"),
    ("persistentvolume's node affinity", "are in another zone than its volume"),
    ("exceed max volume count", "have no room for a further volume"),
    ("node affinity/selector", "have not the labels that it asks for"),
    ("node selector", "have not the labels that it asks for"),
    ("anti-affinity", "have a pod that it must not be beside"),
    ("pod affinity", "have not the pod that it must be beside"),
    ("topology spread", "have too many of its kind already"),
    ("free ports", "have its port taken"),
    ("available persistent volumes to bind", "have no volume for its claim"),
    ("unbound immediate persistentvolumeclaims", "wait for its claim to be bound"),
)


@dataclass(frozen=True, slots=True)
class Constraint:
    """What keeps `count` nodes from taking the pod; `resource` where there is too little of it."""

    count: int
    words: str
    resource: str = ""
    taint: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The scheduler's words: of `nodes` nodes none fits; `rest` is what is said of the pod."""

    nodes: int | None
    constraints: tuple[Constraint, ...] = ()
    rest: str = ""

    @property
    def short(self) -> tuple[str, ...]:
        """The resources of which there is too little."""
        return tuple(c.resource for c in self.constraints if c.resource)


def verdict(message: str) -> Verdict:
    """Takes a FailedScheduling message apart."""
    bare = _PREEMPTION.sub("", message).strip()
    match = _VERDICT.match(bare)
    if match is None:
        return Verdict(None, rest=bare)
    constraints, rest = [], []
    for part in _BETWEEN.split(match["reasons"].strip().removesuffix(".")):
        reason = _REASON.fullmatch(part.strip())
        if reason is None:
            rest.append(part.strip())
        else:
            constraints.append(_constraint(int(reason["count"]), reason["words"]))
    return Verdict(int(match["all"]), tuple(constraints), ", ".join(rest))


def _constraint(count: int, words: str) -> Constraint:
    short = _INSUFFICIENT.search(words)
    if short is not None:
        resource = short["resource"].rstrip(".,")
        return Constraint(count, f"have too little free {resource}", resource=resource, raw=words)
    low = words.lower()
    taint = _TAINT.search(words)
    if taint is not None:
        name = Taint(taint["key"].strip(), taint["value"].strip())
        return Constraint(count, taint_words([name]), taint=str(name), raw=words)
    if "taint" in low:
        return Constraint(count, taint_words([]), taint="?", raw=words)
    plain = next((plain for part, plain in _PLAIN if part in low), "")
    return Constraint(count, plain or words.removeprefix("node(s) "), raw=words)


def unscheduled(facts: Facts) -> Why | None:
    """Why a pod without a node has none."""
    pod = facts.pod
    if pod.spec.node_name or pod.status.phase not in ("Pending", ""):
        return None
    condition = next((c for c in pod.status.conditions if c.type == "PodScheduled"), None)
    if pod.spec.scheduling_gates or (condition and condition.reason == "SchedulingGated"):
        gates = listed([gate.name for gate in pod.spec.scheduling_gates]) or "a gate"
        return Why(
            Cause.GATED,
            f"It is held back from the scheduler by {gates}.",
            todo="Whoever set the gate must take it away.",
        )
    if condition is None or condition.status != "False":
        return _unseen(facts)
    return _refused(facts, condition)


def _unseen(facts: Facts) -> Why:
    name = facts.pod.spec.scheduler_name or "default-scheduler"
    age = facts.since(facts.pod.metadata.creation_timestamp)
    seconds = _seconds(facts)
    head = f"No scheduler has looked at it{f' in {age}' if age else ''}: it asks for {name}"
    ready = [pod for pod in facts.schedulers if is_ready(pod)]
    ours = name.endswith(SCHEDULER) and facts.read(SCHEDULER)
    if ours and not ready:
        count = len(facts.schedulers)
        pods = f"none of its {count} pods is ready" if count else "it has no pod"
        return Why(
            Cause.SCHEDULER,
            f"{head}, and {pods}.",
            "As long as that lasts no new server starts, and nothing is told about it.",
            "Look at the log of its pods (l), and restart it (B).",
        )
    if seconds is not None and seconds < JUST_CREATED:
        return Why(Cause.STARTING, f"It was created {age} ago; the scheduler has not looked yet.")
    rest = ", whose pods are ready: it may be busy or stuck" if ours and ready else ""
    return Why(
        Cause.SCHEDULER,
        f"{head}{rest}.",
        "Without that scheduler it waits for ever.",
        f"Look at the log of {name}; restart it when it does nothing.",
    )


def is_ready(pod: Pod) -> bool:
    """Whether a pod's condition says Ready."""
    return any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions)


def _seconds(facts: Facts) -> float | None:
    created = facts.pod.metadata.creation_timestamp
    return (facts.now - created).total_seconds() if created else None


def _refused(facts: Facts, condition: Condition) -> Why:
    found = _named_taints(verdict(condition.message), facts)
    evidence = (Evidence("scheduler", condition.message, condition.last_transition_time, True),)
    happened = _happened(found)
    low = condition.message.lower()
    if facts.role is Role.USER_PLACEHOLDER and found.short:
        why = Why(
            Cause.PLACEHOLDER,
            happened,
            "That is what a placeholder is for: it waits for room and makes the autoscaler add it.",
        )
    elif "persistentvolumeclaim" in low or "persistent volumes to bind" in low:
        why = _claim(facts, happened)
    elif found.short:
        why = _no_room(facts, found, happened)
    else:
        why = Why(
            Cause.NO_NODE,
            happened,
            "No node accepts it as they are now.",
            _todo_of(found),
        )
    return replace(why, evidence=evidence + why.evidence)


def _happened(found: Verdict) -> str:
    if found.nodes is None:
        return sentence(f"No node takes it: {found.rest}")
    parts = [_counted(c, found.nodes) for c in found.constraints]
    parts += [found.rest] if found.rest else []
    every = f"of {found.nodes} nodes " if len(parts) > 1 and found.nodes > 1 else ""
    return sentence(f"No node takes it: {every}{', '.join(parts)}")


def _counted(constraint: Constraint, nodes: int) -> str:
    words = singular(constraint.words) if constraint.count == 1 else constraint.words
    every = nodes > 1 and constraint.count == nodes
    return f"{'all ' if every else ''}{constraint.count} {words}"


def _named_taints(found: Verdict, facts: Facts) -> Verdict:
    """Names the taints that a newer scheduler only counts."""
    if not any(c.taint == "?" for c in found.constraints) or not facts.nodes:
        return found
    taints = {t for node in facts.nodes for t in untolerated(facts.pod.spec.tolerations, node)}
    words = taint_words(sorted(taints, key=str))
    named = ",".join(sorted(str(t) for t in taints)) or "?"
    return replace(
        found,
        constraints=tuple(
            replace(c, words=words, taint=named) if c.taint == "?" else c for c in found.constraints
        ),
    )


def _todo_of(found: Verdict) -> str:
    words = " ".join(c.words for c in found.constraints)
    if "cordoned" in words:
        return "Uncordon a node or add one."
    if "not ready" in words or "unreachable" in words:
        return "Look at the nodes that are not ready."
    if "zone" in words:
        return "Add a node in the volume's zone."
    if "further volume" in words:
        return "Add a node, or one that takes more volumes."
    return "Compare its tolerations and node selector with the nodes' taints and labels."


def _no_room(facts: Facts, found: Verdict, happened: str) -> Why:
    asked = asks(facts.pod)
    usable = [
        n
        for n in facts.nodes
        if not n.spec.unschedulable and not untolerated(facts.pod.spec.tolerations, n)
    ]
    for resource in found.short:
        want = asked.get(resource)
        rooms = [(quantity(n.status.allocatable, resource), n.metadata.name) for n in usable]
        if want is not None and rooms and want > max(rooms)[0]:
            most, name = max(rooms)
            much, little = shown(resource, want), shown(resource, most)
            return Why(
                Cause.TOO_LARGE,
                happened,
                f"It asks for {much} of {resource}, and the largest node that may take it, {name}, "
                f"has {little} in all: waiting does not help.",
                "Ask for less (the profile, or singleuser.memory and .cpu), or add larger nodes.",
            )
    wants = [f"{shown(r, asked[r])} of {r}" for r in found.short if r in asked]
    head = f"It asks for {' and '.join(wants)} and waits for room." if wants else "It waits."
    return replace(_scaling(facts, head), happened=happened)


def _scaling(facts: Facts, head: str) -> Why:
    """What the autoscaler has said to a pod that waits for room."""
    event = facts.newest("TriggeredScaleUp", "NotTriggerScaleUp", "FailedScaleUp")
    if event is None:
        said = "No autoscaler has answered." if facts.read("events") else ""
        todo = "Add a node, or stop idle servers."
        return Why(Cause.FULL, "", f"{head} {said}".rstrip(), todo)
    if event.reason == "TriggeredScaleUp":
        means = f"{head} The autoscaler is adding a node ({event.message})."
        return Why(Cause.FULL, "", means, "Wait a few minutes.")
    means = f"{head} The autoscaler adds no node: {sentence(event.message)}"
    return Why(Cause.FULL, "", means, "Raise the node group's maximum, or stop idle servers.")


def _claim(facts: Facts, happened: str) -> Why:
    known = {claim.metadata.name: claim for claim in facts.claims}
    for name in facts.claim_names if facts.read("claims") else ():
        claim = known.get(name)
        if claim is None:
            return Why(
                Cause.CLAIM,
                happened,
                f"Its claim {name} does not exist.",
                "Make the claim, or delete the pod: a new start of the server makes one.",
            )
        if claim.status.phase != "Bound":
            storage = claim.spec.storage_class_name or "no storage class"
            return Why(
                Cause.CLAIM,
                happened,
                f"Its claim {name} ({storage}) is {claim.status.phase or 'not bound'}: "
                "no volume was made for it.",
                "Look at the claim's events and at the storage class's provisioner.",
            )
    return Why(
        Cause.CLAIM,
        happened,
        "A claim of it has no volume that can be used.",
        "Look at the claim's events and at the storage class's provisioner.",
    )


def asks(pod: Pod) -> dict[str, Decimal]:
    """What a pod asks of a node: cores, bytes, pieces."""
    asked = requests(pod)
    return {name: Decimal(n) / 1000 if name == CPU else Decimal(n) for name, n in asked.items()}


def wants(pod: WholePod) -> object:
    """What decides where a pod may go: two with the same wait for the same nodes.

    Claims are counted, not named: every user has a claim of their own. Where one keeps nodes away,
    the scheduler says so.
    """
    spec = pod.spec
    condition = next((c for c in pod.status.conditions if c.type == "PodScheduled"), None)
    said = verdict(condition.message).constraints if condition else ()
    return (
        spec.scheduler_name,
        spec.priority_class_name,
        tuple(sorted(asks(pod).items())),
        tuple(sorted(spec.node_selector.items())),
        json.dumps([spec.affinity, spec.topology_spread_constraints], sort_keys=True),
        tuple(sorted(str(toleration) for toleration in spec.tolerations)),
        tuple(sorted(gate.name for gate in spec.scheduling_gates)),
        len(claim_names(pod)),
        tuple(sorted({each.words for each in said if "volume" in each.words})),
    )


def quantity(amounts: Mapping[str, str], name: str) -> Decimal:
    """One amount as a number; what cannot be read is 0."""
    try:
        return parse(amounts.get(name, "0"))
    except ValueError:
        return Decimal(0)


def shown(resource: str, amount: Decimal) -> str:
    """An amount as an operator says it: `2G`, `0.5`."""
    sized = ("memory", "storage", "hugepages")
    return short_size(amount) if any(word in resource for word in sized) else short_cores(amount)
