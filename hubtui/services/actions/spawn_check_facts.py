"""What a spawn check rests on: the user, the server that would be started, what the hub allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hubtui.errors import ApiError, DecodeError, NotFoundError
from hubtui.model.age import age
from hubtui.model.hub import Caller, HubServer, HubUser, ServerKey
from hubtui.model.plan import Basis
from hubtui.services import journal
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import who_answers

NAMED: Final = "canary"
"""The named server that is proposed where the default one is somebody's."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read. `user` is None where the hub has no such user; `values` are those of the
    hub's chart, empty with `unread` where they cannot be read; `active` counts users with
    servers, None where nothing limits them."""

    key: ServerKey
    user: HubUser | None
    caller: Caller | None
    values: Mapping[str, Any]
    unread: str
    active: int | None
    limit: int
    basis: Basis

    @property
    def server(self) -> HubServer | None:
        """The server under this name, where it runs or is on its way."""
        found = self.user.servers.get(self.key.server) if self.user else None
        return None if found is None or found.stopped else found

    @property
    def state(self) -> str:
        """What the server does at present."""
        return state_of(self.server)

    def of_hub(self, name: str) -> Any:
        """A value below `hub`."""
        return _part(self.values, "hub").get(name)

    def profiles(self) -> tuple[str, ...]:
        """The names of the profiles that the values give a name of their own."""
        found = _part(self.values, "singleuser").get("profileList") or ()
        known = [each for each in found if isinstance(each, Mapping)]
        return tuple(str(each["slug"]) for each in known if each.get("slug"))


def state_of(server: HubServer | None) -> str:
    """What a server does, in words."""
    if server is None:
        return "does not run"
    if server.pending:
        return f"pending {server.pending}"
    return f"runs for {age(server.started, journal.now())}"


async def read(session: ActionSession, key: ServerKey) -> Facts:
    """Reads everything anew. Raises DeniedError, UnreachableError, ConfigError."""
    hub = await session.hub_link.open()
    user = await user_of(session, key)
    values: Mapping[str, Any] = {}
    unread = ""
    try:
        values = await session.hub_link.values()
    except (ApiError, DecodeError) as error:
        unread = error.what
    limit = _number(_part(values, "hub").get("activeServerLimit"))
    active = (await hub.users(limit=1, state="active")).pagination.total if limit else None
    return Facts(
        key=key,
        user=user,
        caller=session.hub_link.caller,
        values=values,
        unread=unread,
        active=active,
        limit=limit,
        basis=await basis_of(session, key, user),
    )


async def user_of(session: ActionSession, key: ServerKey) -> HubUser | None:
    """The user as the hub has them now; None where it knows nobody of that name."""
    hub = await session.hub_link.open()
    try:
        return await hub.user(key.user)
    except NotFoundError:
        return None


async def basis_of(session: ActionSession, key: ServerKey, user: HubUser | None) -> Basis:
    """What a spawn check rests on: that this server does not run."""
    server = user.servers.get(key.server) if user else None
    runs = server is not None and not server.stopped
    state = "is not known" if user is None else "is not free" if runs else "is free"
    return Basis.of({**await who_answers(session), f"server {key}": state})


def _part(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = values.get(name)
    return found if isinstance(found, Mapping) else {}


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0
