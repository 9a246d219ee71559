"""`logs`: the logs of one container or of several, with terminal codes made visible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hubtui.errors import NotFoundError, UsageError
from hubtui.headless.output import Answer, Note
from hubtui.headless.run import Run, opened, scope_of
from hubtui.model import kube
from hubtui.model.kinds import PODS
from hubtui.model.roles import role_of, user_of
from hubtui.services import logs as service
from hubtui.services.logs import STREAMS, LogLine, Logs
from hubtui.services.session import Session
from hubtui.views.cells import Tone
from hubtui.views.logs import short_names

LONGEST = 64 * 1024 * 1024
"""Bytes of a line that are printed: a pipe may want all of what a screen would cut."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which logs, and how much of them. Each of `pods` may be a role or a user."""

    pods: tuple[str, ...]
    container: str = ""
    follow: bool = False
    previous: bool = False
    tail: int = 500
    since: int | None = None


async def logs(run: Run, wanted: Wanted) -> int:
    """Prints logs; with `follow` until their containers end."""
    run.out.stream = wanted.follow
    async with opened(run) as session:
        pods = await _pods(session, wanted.pods)
        if len(pods) > STREAMS:
            raise UsageError(
                f"{', '.join(wanted.pods)} stands for {len(pods)} pods, and {STREAMS} logs can be "
                "read at once",
                remedy=f"Name some of: {_some(pods)}.",
            )
        if len(pods) == 1:
            _say_container(run, pods[0], wanted.container)
        _check_container(pods, wanted.container)
        return await _print(run, session, wanted, pods)


async def _print(run: Run, session: Session, wanted: Wanted, pods: list[kube.Pod]) -> int:
    reading = Logs(
        session,
        service.Wanted(
            container=wanted.container,
            follow=wanted.follow,
            previous=wanted.previous,
            tail=wanted.tail,
            since=wanted.since,
            again=False,
            longest=LONGEST,
        ),
    )
    reading.follow(pods)
    try:
        kept: list[LogLine] = []
        while lines := await reading.more():
            if wanted.follow:
                _show(run, session, reading, lines)
            else:
                kept += lines
        if not wanted.follow:
            kept.sort(key=lambda line: line.at)  # each log is in its order already
            _show(run, session, reading, kept)
    finally:
        await reading.close()
    return _end(run, reading)


def _show(run: Run, session: Session, reading: Logs, lines: list[LogLine]) -> None:
    if not run.out.json:
        names = short_names([source.pod for source in reading.sources])
        for line in lines:
            run.out.line(f"{names[line.source]}: {line.text}" if len(names) > 1 else line.text)
    elif run.out.stream:
        for line in lines:
            run.out.show(_answer(session, reading, [line]))
    else:
        run.out.show(_answer(session, reading, lines))


def _end(run: Run, reading: Logs) -> int:
    """Says which logs could not be read; raises the error when none could."""
    failed = [source for source in reading.sources if source.error is not None]
    if failed and len(failed) == len(reading.sources) and failed[0].error is not None:
        raise failed[0].error
    for source in failed:
        if not run.out.json:
            run.out.say(f"{source.pod.metadata.name}: {source.state}")
    return 0


async def _pods(session: Session, names: Sequence[str]) -> list[kube.Pod]:
    """The pods that are named, each once. Raises NotFoundError."""
    found: dict[str, kube.Pod] = {}
    for name in names:
        found.update((pod.key, pod) for pod in await pods_named(session, name))
    return list(found.values())


async def pods_named(session: Session, name: str) -> list[kube.Pod]:
    """A pod by its name, or the pods of a role or user. Raises NotFoundError."""
    try:
        return [await session.client.get(PODS, session.namespace, name)]
    except NotFoundError:
        pods = await session.client.list(PODS, session.namespace)
    found = [pod for pod in pods if name in (role_of(pod, session.release), user_of(pod))]
    if not found:
        raise NotFoundError(
            f"There is no pod, role or user {name!r} in namespace {session.namespace}",
            status=404,
            remedy="`hubtui pods --all` lists the pods.",
        )
    return sorted(found, key=lambda pod: pod.metadata.name)


def _some(pods: Sequence[kube.Pod]) -> str:
    return ", ".join(sorted(pod.metadata.name for pod in pods)[:10])


def _names(pod: kube.Pod) -> list[str]:
    return [c.name for c in (*pod.spec.containers, *pod.spec.init_containers)]


def _check_container(pods: Sequence[kube.Pod], asked: str) -> None:
    if asked and not any(asked in _names(pod) for pod in pods):
        every = dict.fromkeys(name for pod in pods for name in _names(pod))
        one = f"Pod {pods[0].metadata.name}" if len(pods) == 1 else "Each of these pods"
        raise UsageError(
            f"{one} has no container {asked!r}", remedy=f"Containers are: {', '.join(every)}."
        )


def _say_container(run: Run, pod: kube.Pod, asked: str) -> None:
    """Which container is taken where nobody said and there are more."""
    names = [container.name for container in pod.spec.containers]
    if not asked and len(names) > 1:
        run.out.say(f"Container {names[0]} of {', '.join(names)}; choose with -c.")


def _answer(session: Session, reading: Logs, lines: list[LogLine]) -> Answer:
    alone = reading.sources[0] if len(reading.sources) == 1 else None
    items: list[dict[str, Any]] = [
        {
            "pod": reading.sources[line.source].pod.metadata.name,
            "container": reading.sources[line.source].container,
            "at": line.at or None,
            "line": line.text,
        }
        for line in lines
    ]
    return Answer(
        kind="logs",
        scope=scope_of(session),
        body={
            "pod": alone.pod.metadata.name if alone else None,
            "container": alone.container if alone else None,
            "items": items,
        },
        lines=lambda _width: [((line.text, Tone.PLAIN),) for line in lines],
        notes=tuple(
            Note(source.pod.metadata.name, source.state)
            for source in reading.sources
            if source.error is not None and alone is None
        ),
    )
