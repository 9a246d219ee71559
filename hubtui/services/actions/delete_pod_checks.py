"""What is checked before a pod is deleted, and what people notice."""

from __future__ import annotations

from datetime import datetime

from hubtui.model.age import precise, seconds_between
from hubtui.model.plan import Check
from hubtui.model.roles import RESTARTABLE
from hubtui.services.actions.common import counted, ok, stop, warn
from hubtui.services.actions.delete_pod_facts import NO_SERVER, Facts

_ENDED = frozenset({"Completed", "Succeeded", "Error", "Failed", "Evicted"})


def is_stuck(facts: Facts, now: datetime) -> Check:
    """Whether there is a reason: a pod that is up is stopped in another way."""
    state = facts.state
    since = state.since or facts.pod.metadata.creation_timestamp
    age = f" for {precise(seconds_between(since, now))}" if since else ""
    words = f"{state.status}, {state.ready}/{state.containers} ready{age}"
    if state.message:
        words += f": {state.message}"
    if not state.up or facts.hub == NO_SERVER:
        return ok("state", words)
    other = "stop its server through the hub" if facts.user else "restart its part"
    if not facts.user and facts.role not in RESTARTABLE:
        other = "leave it"
    return stop("state", f"{words}: it is up and not stuck; rather {other}", overridable=True)


def leaving(facts: Facts, now: datetime, *, force: bool, grace: int | None = None) -> Check | None:
    """That it was deleted before: a further delete only shortens its time, force does more."""
    since = facts.pod.metadata.deletion_timestamp
    if since is None:
        return None
    finalizers = facts.pod.metadata.finalizers
    if finalizers:
        names = ", ".join(finalizers)
        return stop("deleted", f"it waits for its finalizers, which force does not end: {names}")
    words = f"its time ran out {precise(seconds_between(since, now))} ago"
    if since > now:
        words = f"it has {precise(seconds_between(now, since))} left"
    if grace is not None and since > now and grace < seconds_between(now, since):
        return warn("deleted", f"it was deleted already, {words}: that becomes {grace} s")
    if not force:
        return stop("deleted", f"it was deleted already, {words}: only --force does more")
    return (warn if since > now else ok)("deleted", f"it was deleted already, {words}")


def force(facts: Facts, *, wanted: bool) -> Check | None:
    """What is risked when the apiserver forgets a pod that its node may still run."""
    if not wanted:
        return None
    name = facts.pod.spec.node_name
    gone = f"node {name} does not exist any more"
    if not name or facts.node_error == gone:
        where = gone if name else "it is on no node"
        return ok("force", f"{where}: nothing of the pod can still run")
    where = f"node {name}: {facts.node_error}"
    if facts.node is not None:
        ready = facts.node.status == "True"
        where = f"node {name} is {'Ready' if ready else f'not Ready ({facts.node.reason})'}"
    risk = "its containers may go on running there without anybody knowing"
    if facts.claims:
        risk += f", and write to {', '.join(facts.claims)} beside a new pod"
    return stop(
        "force", f"{where}; the apiserver forgets the pod at once, {risk}", overridable=True
    )


def hubs_view(facts: Facts) -> Check | None:
    """What the hub believes of it: None for a pod that is no server.

    Where the hub was not asked only the pod tells, and the evidence says so.
    """
    if facts.hub == NO_SERVER:
        return ok("hub's view", f"{facts.hub}: nobody reaches it, and nothing culls it")
    if facts.hub:
        return stop("hub's view", f"{facts.hub}; it is no orphan for all that is known")
    if not facts.user:
        return None
    server = f"server {facts.server!r}" if facts.server else "server"
    return warn(
        "hub's view",
        f"the hub takes it for the {server} of {facts.user} and is not asked; "
        "to stop that server on the hub's admin page is the right way, this is for when it fails",
    )


def comes_again(facts: Facts) -> Check:
    """Who makes it again."""
    name = "controller"
    if facts.workload is not None:
        return ok(name, f"{facts.workload.kind}/{facts.workload.name} makes it again")
    if facts.owner:
        return ok(name, f"{facts.owner} decides whether it comes again")
    if facts.user:
        return ok(name, "none: the hub makes it again when its user starts the server")
    return warn(name, "none: nothing makes this pod again")


def budgets(facts: Facts) -> Check:
    """What its PodDisruptionBudgets say; a delete does not ask them."""
    name = "budget"
    if facts.budgets is None:
        return warn(name, "PodDisruptionBudgets may not be read; a delete does not ask them")
    if not facts.budgets:
        return ok(name, "no PodDisruptionBudget counts it")
    for each in facts.budgets:
        status = each.status
        counts = f"{status.current_healthy} healthy of {status.desired_healthy} that must be"
        if status.disruptions_allowed <= 0 and facts.state.up:
            words = f"{each.metadata.name} allows no disruption ({counts})"
            return warn(name, f"{words}; a delete does not ask it")
    names = ", ".join(each.metadata.name for each in facts.budgets)
    return ok(name, f"{names}: not below what it asks for")


def notices(facts: Facts, grace: int) -> tuple[str, ...]:
    """What people notice."""
    found = []
    if facts.hub == NO_SERVER:
        found.append(f"{facts.user} has no way to this pod; what is not saved in it is lost.")
    elif facts.user:
        server = f" ({facts.server})" if facts.server else ""
        found.append(f"The server of {facts.user}{server} ends; what is not saved is lost.")
        found.append("The hub learns of it at its next look, within a minute or so.")
    elif facts.state.up:
        name = facts.role if facts.role in RESTARTABLE else facts.name
        again = "until its new pod is ready" if facts.owner else "for good"
        found.append(f"What {name} does is away {again}.")
    elif facts.state.status in _ENDED:
        found.append("Nobody: it has ended already.")
    else:
        found.append("Nobody: it does nothing at present.")
    if facts.claims:
        found.append(f"Its volumes stay: {', '.join(facts.claims)}.")
    if not facts.leaving and grace:
        found.append(f"It has {counted(grace, 'second')} to end by itself.")
    return tuple(found)
