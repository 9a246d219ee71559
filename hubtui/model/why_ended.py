"""Pods that end, have ended, or whose node is lost."""

from __future__ import annotations

from hubtui.model.kube import Terminated
from hubtui.model.kube_needs import Node
from hubtui.model.roles import Role
from hubtui.model.why_facts import Cause, Facts, Why, listed, sentence

KILLED, TERMINATED = 137, 143
"""128 + SIGKILL, 128 + SIGTERM: what a shell reports of a program that was ended by a signal."""

_CODES = {
    126: "its command cannot be run",
    127: "its command was not found",
    128: "it could not be started",
    130: "it was interrupted (SIGINT)",
    134: "it aborted itself (SIGABRT)",
    139: "it crashed on a memory fault (SIGSEGV)",
    TERMINATED: "it was asked to end (SIGTERM)",
}


def ended_words(ended: Terminated, limit: str = "") -> str:
    """How a container ended, in words."""
    code = ended.exit_code
    if ended.reason == "OOMKilled":
        most = f"its limit of {limit}" if limit else "the node had"
        return f"it used more memory than {most} and was killed (OOMKilled, exit code {code})"
    if code == KILLED:
        return (
            "it was killed (SIGKILL, exit code 137) without a word of memory: a liveness probe "
            "that failed, a stop that took too long, or the node's own memory"
        )
    if code == 0:
        return "it ended by itself, without an error (exit code 0)"
    if code in _CODES:
        return f"{_CODES[code]}, exit code {code}"
    return f"it ended with an error of its own (exit code {code})"


def node_trouble(node: Node, facts: Facts) -> str:
    """What is wrong with a node, in words; "" when nothing is."""
    ready = node.ready
    if ready is None:
        return f"Node {node.metadata.name} has never reported"
    if ready.status == "True":
        return ""
    since = facts.since(ready.last_transition_time)
    said = f": {ready.message.strip().removesuffix('.')}" if ready.message else ""
    return f"Node {node.metadata.name} is not ready{f' since {since}' if since else ''}{said}"


def lost_node(facts: Facts) -> str:
    """What is wrong with the pod's node; "" when nothing is, or nothing is known."""
    name = facts.pod.spec.node_name
    if not name or not facts.read("nodes"):
        return ""
    if facts.node is None:
        return f"Node {name} is not in the cluster any more"
    return node_trouble(facts.node, facts)


def deleting(facts: Facts) -> Why | None:
    """A pod that was told to go and is still there."""
    until = facts.pod.metadata.deletion_timestamp
    if until is None:
        return None
    left = (until - facts.now).total_seconds()
    if left > 0:
        return Why(
            Cause.DELETING,
            f"It is being deleted; its containers have {int(left)} s left to end by themselves.",
        )
    late = facts.since(until)
    head = f"It was to be gone {late} ago and is still there."
    trouble = lost_node(facts)
    if trouble:
        return Why(
            Cause.STUCK,
            head,
            f"{trouble}: nobody can say whether its containers have ended.",
            "Bring the node back or remove it from the cluster. Delete the pod by force only when "
            "the machine is surely off: two writers spoil a volume.",
        )
    if facts.pod.metadata.finalizers:
        names = listed(list(facts.pod.metadata.finalizers))
        return Why(
            Cause.STUCK,
            head,
            f"A finalizer holds it: {names}.",
            "Look at the controller that set it; only that one should take it away.",
        )
    if left > -_PATIENCE:
        return Why(Cause.DELETING, head, "The node is cleaning up.")
    return Why(
        Cause.STUCK,
        head,
        "Its containers do not end, or its volumes cannot be unmounted.",
        f"Look at node {facts.pod.spec.node_name or '?'}: its kubelet's log names the reason.",
    )


_PATIENCE = 30
"""Seconds after the grace time in which a kubelet may still be cleaning up."""


def ended(facts: Facts) -> Why | None:
    """A pod that has ended as a whole."""
    status = facts.pod.status
    if status.phase == "Succeeded":
        return Why(Cause.DONE, "It has done its work: every container ended without an error.")
    if status.phase != "Failed":
        return None
    if status.reason == "Evicted":
        node = facts.pod.spec.node_name or "Its node"
        return Why(
            Cause.EVICTED,
            sentence(f"{node} evicted it: {status.message or 'no reason was given'}"),
            _after(facts),
            "Give it a guarantee that covers what it uses, or free what fills the node.",
            subject=facts.pod.spec.node_name,
        )
    if status.reason or status.message:
        said = ": ".join(part for part in (status.reason, status.message) if part)
        return Why(Cause.FAILED, sentence(f"It failed: {said}"), _after(facts))
    for title, container, state in facts.containers:
        over = state.state.terminated if state else None
        if over is not None and over.exit_code:
            limit = container.resources.limits.get("memory", "")
            cause = Cause.MEMORY if over.reason == "OOMKilled" else Cause.FAILED
            said = sentence(f"{title} has ended: {ended_words(over, limit)}")
            return Why(cause, said, _after(facts), "Its log says more (l).")
    return Why(Cause.FAILED, "It failed, and nothing says why.", _after(facts))


def _after(facts: Facts) -> str:
    """What follows for the work that the pod did."""
    if any(owner.controller for owner in facts.pod.metadata.owner_references):
        return "Its controller makes another one."
    if facts.role is Role.USERS:
        return "The hub counts the server as stopped; the user has to start it again."
    return "Nothing starts it again."


def on_a_lost_node(facts: Facts) -> Why | None:
    """A pod whose node does not answer."""
    trouble = lost_node(facts)
    if not trouble:
        return None
    waits = "after some five minutes the pod is marked for deletion"
    if facts.role is Role.USERS:
        means = f"The pod's state is the last that was heard; {waits}, and the user starts anew."
    else:
        means = f"The pod's state is the last that was heard; {waits} and made anew elsewhere."
    return Why(
        Cause.NODE,
        sentence(trouble),
        means,
        "Look at the machine and its kubelet; remove the node if it does not come back.",
        subject=facts.pod.spec.node_name,
    )
