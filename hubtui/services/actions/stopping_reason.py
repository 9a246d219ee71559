"""What the pod of a server says about why it does not stop, or does not start."""

from __future__ import annotations

from dataclasses import dataclass

from hubtui.errors import HubtuiError
from hubtui.model.hub import ServerKey
from hubtui.model.kinds import PODS
from hubtui.model.kube import Pod
from hubtui.model.podstate import state_of
from hubtui.model.roles import SERVERS_SELECTOR, server_of, user_of
from hubtui.model.why_facts import without_keys
from hubtui.services import why
from hubtui.services.actions import ActionSession


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason in words, and what to do about it."""

    words: str
    todo: str = ""


async def of(session: ActionSession, key: ServerKey) -> Reason:
    """What explains the pod of a server. What cannot be read is said, never raised."""
    try:
        pod = await pod_of(session, key)
    except HubtuiError as error:
        return Reason(f"its pod cannot be looked at ({error.what})")
    if pod is None:
        return Reason("it has no pod", "The hub's log says what it waits for.")
    name = pod.metadata.name
    try:
        found = without_keys(await why.of_pod(session, name))
    except HubtuiError as error:
        return Reason(f"pod {name} is {state_of(pod).status} ({error.what})")
    return Reason(f"pod {name} is {state_of(pod).status}. {found.happened}", found.todo)


async def pod_of(session: ActionSession, key: ServerKey) -> Pod | None:
    """The pod of a server, by its annotations: names in labels are cut (facts.md §2.1).

    Raises DeniedError, UnreachableError.
    """
    pods = await session.client.list(PODS, session.namespace, labels=SERVERS_SELECTOR)
    mine = [pod for pod in pods if (user_of(pod), server_of(pod)) == (key.user, key.server)]
    return max(mine, key=_age, default=None)


def _age(pod: Pod) -> float:
    created = pod.metadata.creation_timestamp
    return created.timestamp() if created else 0.0
