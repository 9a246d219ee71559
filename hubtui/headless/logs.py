"""`logs`: the log of one container, line by line, with terminal codes made visible."""

from __future__ import annotations

from dataclasses import dataclass

from hubtui.errors import NotFoundError, UsageError
from hubtui.headless.output import Answer
from hubtui.headless.run import Run, opened, scope_of
from hubtui.model import kube
from hubtui.model.age import duration
from hubtui.model.kinds import PODS
from hubtui.model.roles import role_of, user_of
from hubtui.services.session import Session
from hubtui.views.cells import Tone


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which log, and how much of it. `pod` may be a role or a user with just one pod."""

    pod: str
    container: str = ""
    follow: bool = False
    previous: bool = False
    tail: int = 500
    since: int | None = None


def seconds(text: str) -> int:
    """A time such as `10m` in seconds. Raises UsageError."""
    try:
        return max(1, round(duration(text).total_seconds()))
    except ValueError:
        raise UsageError(
            f"{text!r} is no length of time", remedy="Write 30s, 10m or 1h30m."
        ) from None


async def logs(run: Run, wanted: Wanted) -> int:
    """Prints a log; with `follow` until its container ends."""
    run.out.stream = wanted.follow
    async with opened(run) as session:
        pod = await pod_named(session, wanted.pod)
        container = _container(run, pod, wanted.container)
        lines = []
        async for line in session.pods.logs(
            session.namespace,
            pod.metadata.name,
            container=container,
            follow=wanted.follow,
            previous=wanted.previous,
            tail=wanted.tail,
            since_seconds=wanted.since,
        ):
            if not run.out.json:
                run.out.line(line)
            elif wanted.follow:
                run.out.show(_answer(session, pod, container, [line]))
            else:
                lines.append(line)
        if run.out.json and not wanted.follow:
            run.out.show(_answer(session, pod, container, lines))
        return 0


async def pod_named(session: Session, name: str) -> kube.Pod:
    """A pod by its name, or the only pod of a role or user.

    Raises NotFoundError, UsageError when there are several.
    """
    try:
        return await session.client.get(PODS, session.namespace, name)
    except NotFoundError:
        pods = await session.client.list(PODS, session.namespace)
    found = [pod for pod in pods if name in (role_of(pod, session.release), user_of(pod))]
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFoundError(
            f"There is no pod, role or user {name!r} in namespace {session.namespace}",
            status=404,
            remedy="`hubtui pods --all` lists the pods.",
        )
    names = ", ".join(sorted(pod.metadata.name for pod in found)[:10])
    raise UsageError(f"{name!r} stands for {len(found)} pods", remedy=f"Name one of: {names}.")


def _container(run: Run, pod: kube.Pod, asked: str) -> str:
    """The container that was asked for; else the first, which is said where there are more."""
    names = [container.name for container in pod.spec.containers]
    every = [*names, *(container.name for container in pod.spec.init_containers)]
    if asked and asked not in every:
        raise UsageError(
            f"Pod {pod.metadata.name} has no container {asked!r}",
            remedy=f"Containers are: {', '.join(every)}.",
        )
    if not asked and len(names) > 1:
        run.out.say(f"Container {names[0]} of {', '.join(names)}; choose with -c.")
    return asked or (names[0] if names else "")


def _answer(session: Session, pod: kube.Pod, container: str, lines: list[str]) -> Answer:
    return Answer(
        kind="logs",
        scope=scope_of(session),
        body={
            "pod": pod.metadata.name,
            "container": container,
            "items": [{"line": line} for line in lines],
        },
        lines=lambda _width: [((line, Tone.PLAIN),) for line in lines],
    )
