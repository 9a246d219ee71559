"""Containers that crash, wait, or run without being ready."""

from __future__ import annotations

from typing import Final

from hubtui.model.kube import Container, ContainerStatus, Terminated
from hubtui.model.roles import Role
from hubtui.model.why_ended import KILLED, ended_words
from hubtui.model.why_facts import Cause, Evidence, Facts, Why, sentence

_CONFIG: Final = frozenset(
    {
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
        "PreCreateHookError",
        "PostStartHookError",
        "ContainerCannotRun",
    }
)


def containers(facts: Facts) -> Why | None:
    """The first container that crashed, cannot be made, or is an init step under way."""
    for title, container, status in facts.containers:
        if status is None:
            continue
        found = _one(facts, title, container, status)
        if found is not None:
            return found
    return None


def _one(facts: Facts, title: str, container: Container, status: ContainerStatus) -> Why | None:
    waiting, over = status.state.waiting, status.state.terminated
    if waiting is not None and waiting.reason in _CONFIG:
        return Why(
            Cause.CONFIG,
            sentence(f"{title} cannot be made: {waiting.message or waiting.reason}"),
            "It names something that is not there, or a command that cannot be run.",
            "Compare the values with the Secrets and ConfigMaps that exist.",
        )
    if waiting is not None and waiting.reason == "CrashLoopBackOff":
        return _crash(facts, title, container, status, status.last_state.terminated)
    if over is not None and over.exit_code and not _sidecar(container):
        return _crash(facts, title, container, status, over)
    if title.startswith("Init") and status.state.running is not None and not _sidecar(container):
        since = facts.since(status.state.running.started_at)
        return Why(
            Cause.INIT,
            f"{title} runs{f' since {since}' if since else ''}.",
            "The containers start when it has ended.",
            "Its log says what it does (l)." if since else "",
            subject=title,
        )
    return None


def _sidecar(container: Container) -> bool:
    return container.restart_policy == "Always"


def _crash(
    facts: Facts,
    title: str,
    container: Container,
    status: ContainerStatus,
    over: Terminated | None,
) -> Why:
    limit = container.resources.limits.get("memory", "")
    memory = over is not None and over.reason == "OOMKilled"
    how = ended_words(over, limit) if over is not None else "nothing tells how it ended"
    when = facts.since(over.finished_at) if over is not None else ""
    times = f"{title} has ended {status.restart_count} times" if status.restart_count > 1 else title
    verb = "" if status.restart_count > 1 else " has ended"
    last = f", last {when} ago" if when else ""
    return Why(
        Cause.MEMORY if memory else Cause.CRASH,
        sentence(f"{times}{verb}{last}: {how}"),
        "It is started again after a pause that grows to five minutes.",
        _todo(facts, over, memory=memory),
        tuple(Evidence("log", words) for words in facts.last_words),
        subject=f"{title} {over.exit_code if over else '?'}",
    )


def _todo(facts: Facts, over: Terminated | None, *, memory: bool) -> str:
    if memory:
        setting = "singleuser.memory.limit or the profile" if facts.role is Role.USERS else "limit"
        return f"Raise its {setting}, or find what uses the memory."
    if over is not None and over.exit_code == KILLED:
        return "Its events tell whether a probe failed (e); the log before the restart (l, p)."
    if facts.role is Role.HUB:
        return (
            "The log before the restart says why (l, p); after a change, a rollback brings the "
            "former revision back (r)."
        )
    return "The log before the restart says why (l, p)."


def not_ready(facts: Facts) -> Why | None:
    """A container that runs and is not ready."""
    for title, _, status in facts.containers:
        running = status.state.running if status else None
        if status is None or running is None or status.ready:
            continue
        since = facts.since(running.started_at)
        probe = facts.newest("Unhealthy", "ProbeWarning")
        said = f": {probe.message}" if probe else "; it has not answered its probe yet"
        return Why(
            Cause.NOT_READY,
            sentence(f"{title} runs{f' since {since}' if since else ''} and is not ready{said}"),
            "Until it is, no request is sent to it.",
            "Its log says what it is busy with (l).",
            subject=title,
        )
    return None


def restarted(facts: Facts) -> tuple[str, bool]:
    """The last end of a container of a pod that is up, in words, and whether that was memory."""
    found: list[tuple[float, str, bool]] = []
    for title, container, status in facts.containers:
        last = status.last_state.terminated if status else None
        if status is None or last is None:
            continue
        limit = container.resources.limits.get("memory", "")
        ago = facts.since(last.finished_at)
        count = status.restart_count
        times = "once" if count == 1 else f"{count} times"
        words = f"{title} was restarted {times}{f', last {ago} ago' if ago else ''}: "
        at = last.finished_at.timestamp() if last.finished_at else 0.0
        found.append((at, sentence(words + ended_words(last, limit)), last.reason == "OOMKilled"))
    _, words, memory = max(found, default=(0.0, "", False))
    return words, memory
