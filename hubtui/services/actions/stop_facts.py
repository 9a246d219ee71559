"""What a stop of servers is planned from: the users as the hub has them now, and what runs."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Final

from hubtui.clients.hub import HubClient
from hubtui.errors import NotFoundError, UsageError
from hubtui.model.age import rfc3339
from hubtui.model.hub import Caller, HubServer, HubUser, ServerKey
from hubtui.model.plan import Basis
from hubtui.model.text import one_line
from hubtui.services import journal
from hubtui.services.actions import ActionSession
from hubtui.services.actions.common import who_answers
from hubtui.services.actions.stopping_server import ToStop, is_active

FEW: Final = 20
"""Users up to which each is asked for by name; for more the pages of active ones are read."""

AT_ONCE: Final = 5
_LIKE: Final = 5
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs, and whose it is."""

    user: HubUser
    server: HubServer

    @property
    def key(self) -> ServerKey:
        return ServerKey(self.user.name, self.server.name)

    @property
    def idle_since(self) -> datetime | None:
        """As `ToStop.idle_since`."""
        return self.server.last_activity or self.server.started


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read at `now`: users by name, whose token asks, and which cluster answers.

    `hub` is whom the token reaches, in words.
    """

    now: datetime
    users: Mapping[str, HubUser]
    caller: Caller | None
    hub: str
    cluster: Mapping[str, str]

    @property
    def servers(self) -> tuple[Server, ...]:
        """All servers that run, by user and name."""
        found = (Server(u, s) for u in self.users.values() for s in u.servers.values())
        return tuple(sorted((each for each in found if is_active(each.server)), key=_by_key))

    def server(self, key: ServerKey) -> Server | None:
        """One server, if it runs."""
        user = self.users.get(key.user)
        server = user.servers.get(key.server) if user is not None else None
        if user is None or server is None or not is_active(server):
            return None
        return Server(user, server)

    def basis(self, servers: Sequence[ToStop]) -> Basis:
        """What a plan to stop these rests on: who answers, and the servers as they are."""
        return basis_of(self.cluster, self.hub, word_of(servers))


def basis_of(cluster: Mapping[str, str], hub: str, servers: str) -> Basis:
    """A basis of these parts."""
    return Basis.of({**cluster, "hub": hub, "servers": servers})


def word_of(servers: Sequence[ToStop]) -> str:
    """Servers with start and last activity in one word: `--expect` tells others by it."""
    lines = [f"{s.key}\0{rfc3339(s.started)}\0{rfc3339(s.last_activity)}" for s in servers]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
    return f"{len(servers)} ({digest})"


async def hub_in_words(session: ActionSession) -> str:
    """Which hub it is, as whom: another release or another token is another basis."""
    await session.hub_link.open()
    caller = session.hub_link.caller
    return f"{session.namespace}/{session.release} as {caller.name if caller else '?'}"


async def read_active(session: ActionSession) -> Facts:
    """All users with servers. Raises ConfigError, DeniedError, UnreachableError."""
    hub = await session.hub_link.open()
    return await _facts(session, await active_users(hub))


async def read_named(session: ActionSession, keys: Collection[ServerKey]) -> Facts:
    """The users of these servers.

    Raises UsageError for a user or a named server that there is not, ConfigError, DeniedError,
    UnreachableError.
    """
    hub = await session.hub_link.open()
    names = list(dict.fromkeys(key.user for key in keys))
    users = await users_of(hub, names, stopped=True)
    unknown = [name for name in names if name not in users]
    if unknown:
        raise await no_such_user(hub, unknown)
    for key in keys:
        _known(users[key.user], key)
    return await _facts(session, users)


async def users_of(
    hub: HubClient, names: Sequence[str], *, stopped: bool = False
) -> dict[str, HubUser]:
    """The users that there are of these names. `stopped` servers are told of those alone that are
    asked for by name, which of many are those who have none that runs.

    Raises DeniedError, UnreachableError.
    """
    wanted = set(names)
    found = await active_users(hub) if len(wanted) > FEW else {}
    found = {name: user for name, user in found.items() if name in wanted}
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> HubUser | None:
        async with turn:
            try:
                return await hub.user(name, stopped=stopped)
            except NotFoundError:
                return None

    asked = await asyncio.gather(*(one(name) for name in names if name not in found))
    return found | {user.name: user for user in asked if user is not None}


async def active_users(hub: HubClient) -> dict[str, HubUser]:
    """All users with a server that runs, starts or stops."""
    found: dict[str, HubUser] = {}
    offset: int | None = 0
    while offset is not None:
        page = await hub.users(offset=offset, state="active")
        found |= {user.name: user for user in page.items}
        following = page.pagination.next
        offset = following.offset if following and following.offset > offset else None
    return found


async def _facts(session: ActionSession, users: Mapping[str, HubUser]) -> Facts:
    return Facts(
        now=journal.now(),
        users=users,
        caller=session.hub_link.caller,
        hub=await hub_in_words(session),
        cluster=await who_answers(session),
    )


def _known(user: HubUser, key: ServerKey) -> None:
    """Raises UsageError for a named server that a user has not."""
    if not key.server or key.server in user.servers:
        return
    there = [str(ServerKey(user.name, name)) for name in sorted(user.servers)]
    raise UsageError(
        f"{user.name} has no server {one_line(key.server)}",
        remedy=f"There are: {', '.join(there)}." if there else "None of theirs is running.",
    )


async def no_such_user(hub: HubClient, names: Sequence[str]) -> UsageError:
    """Says which names are like those that there are not."""
    near: list[str] = []
    for name in names[:_LIKE]:
        page = await hub.users(name_filter=name[:3])
        by_lower = {user.name.lower(): user.name for user in page.items}
        like = get_close_matches(name.lower(), by_lower, n=_LIKE)
        near += [by_lower[each] for each in like]
    few = ", ".join(one_line(name) for name in names[:_LIKE])
    more = f" and {len(names) - _LIKE} more" if len(names) > _LIKE else ""
    return UsageError(
        f"The hub has no user {few}{more}",
        remedy=f"There is: {', '.join(dict.fromkeys(near))}." if near else "",
    )


def named(keys: Iterable[ServerKey], most: int = 5) -> str:
    """Servers by name, the first of many."""
    words = [str(key) for key in keys]
    more = f" and {len(words) - most:,} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def longest_idle_first(servers: Iterable[Server]) -> list[Server]:
    """Servers by their idle time, then by name."""
    return sorted(servers, key=lambda each: (each.idle_since or _NEVER, each.key))


def _by_key(server: Server) -> ServerKey:
    return server.key
