"""What is checked before a node is cordoned, and what people notice."""

from __future__ import annotations

from hubtui.model.plan import Check
from hubtui.model.pulls import PULLERS_OFF
from hubtui.model.roles import Role
from hubtui.services.actions.common import counted, ok, stop, warn
from hubtui.services.actions.cordon_facts import Facts

ONLY_GONE = "only a node that is gone lets the hook go on"


def state(facts: Facts, *, pullers_off: bool) -> Check:
    """Whether there is anything to do, and how the node is."""
    ready = facts.node.ready
    words = "it has never reported"
    if ready is not None:
        words = "Ready" if ready.status == "True" else f"not Ready ({ready.reason or 'unknown'})"
    if facts.cordoned and (facts.pullers_off or not pullers_off):
        return stop("node", f"{facts.name} is cordoned already, {words}")
    if facts.cordoned:
        return ok("node", f"{facts.name} is cordoned already, {words}; the taint comes to it")
    return ok("node", f"{facts.name} is {words} and takes new pods")


def marked(facts: Facts) -> Check:
    """Whether there is anything to take back."""
    if not facts.cordoned and not facts.pullers_off:
        return stop("node", f"{facts.name} is not cordoned")
    marks = ["cordoned"] if facts.cordoned else []
    marks += [f"tainted {PULLERS_OFF}"] if facts.pullers_off else []
    return ok("node", f"{facts.name} is {' and '.join(marks)}")


def servers(facts: Facts) -> Check:
    """Who sits there."""
    if facts.pods is None:
        return warn("servers", "the pods on it may not be read")
    if not facts.servers:
        return ok("servers", "no server of this hub is on it")
    return ok("servers", f"{counted(facts.servers, 'server')} on it, which stay")


def room(facts: Facts) -> Check:
    """Where new pods go instead."""
    name = "room"
    if facts.others is None:
        return warn(name, "nodes may not be listed: whether another one takes new pods is unknown")
    if not facts.others:
        return warn(name, "no other node of its kind takes new pods: they wait until one comes")
    return ok(name, f"{counted(facts.others, 'other node')} of its kind: open for new pods")


def core(facts: Facts) -> Check | None:
    """Whether parts of the hub would find no way back."""
    if not facts.core:
        return None
    words = f"{', '.join(facts.core)} on it: they run on, and go elsewhere when they are restarted"
    return warn("core", words)


def puller(facts: Facts, *, pullers_off: bool) -> Check:
    """What it does to a hook that waits for this node.

    A cordon alone does nothing: all daemon pods tolerate it, so the DaemonSet goes on wanting its
    pod (Kubernetes, "How Daemon Pods are scheduled").
    """
    name, pods = "image puller", facts.blocking
    waits = ", ".join(pod.metadata.name for pod in pods)
    if not pods and facts.pods is None:
        return warn(name, "whether one waits there cannot be read")
    if pullers_off and facts.tolerated:
        return stop(name, f"{Role.HOOK_PULLER} tolerates every such taint: {ONLY_GONE}")
    if not pods:
        words = "none waits on it"
        more = "; from the next hook on it is left out" if pullers_off else ""
        return ok(name, words + more)
    if not pullers_off:
        return warn(
            name, f"{waits} goes on waiting there, and the hook with it: a cordon is tolerated by "
            "all DaemonSets; --pullers-off keeps them off"
        )  # fmt: skip
    wanted = facts.puller.status.desired_number_scheduled if facts.puller else 0
    less = f": {wanted - len(pods)} instead of {wanted} nodes are waited for" if wanted else ""
    return ok(name, f"{waits} is deleted and not made again{less}")


def cordon_notices(facts: Facts, *, pullers_off: bool) -> tuple[str, ...]:
    """What people notice of a cordon."""
    found = []
    if facts.servers:
        found.append(f"Whoever has a server on {facts.name} works on and notices nothing.")
    found.append("New servers start on other nodes.")
    if pullers_off:
        found.append(
            f"The taint {PULLERS_OFF}:{PULLERS_OFF.effect} keeps new pods of every DaemonSet away "
            "that does not tolerate it; what runs there stays."
        )
        found.append("New images are not pulled on it beforehand until it is uncordoned.")
    return tuple(found)


def uncordon_notices(facts: Facts) -> tuple[str, ...]:
    """What people notice of its end."""
    found = ["New servers may start on it again."]
    if facts.pullers_off:
        found.append("Image pullers come back to it.")
    if facts.pullers_off and facts.awaited:
        found.append("A hook is at work: it waits for this node too, as soon as a puller is there.")
    return tuple(found)
