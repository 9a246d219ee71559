"""What a caller may do: JupyterHub's scopes, those that one scope holds, and what each shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_HELD: Final[dict[str, tuple[str, ...]]] = {
    "admin:users": ("admin:auth_state", "users", "read:roles:users", "delete:users"),
    "users": ("read:users", "list:users", "users:activity"),
    "list:users": ("read:users:name",),
    "read:users": ("read:users:name", "read:users:groups", "read:users:activity"),
    "users:activity": ("read:users:activity",),
    "admin:servers": ("admin:server_state", "servers"),
    "servers": ("read:servers", "delete:servers"),
    "read:servers": ("read:users:name",),
    "tokens": ("read:tokens",),
    "admin:groups": ("groups", "read:roles:groups", "delete:groups"),
    "groups": ("read:groups", "list:groups"),
    "list:groups": ("read:groups:name",),
    "read:groups": ("read:groups:name",),
    "read:roles": ("read:roles:users", "read:roles:services", "read:roles:groups"),
    "admin:services": ("list:services", "read:services", "read:roles:services"),
    "list:services": ("read:services:name",),
    "read:services": ("read:services:name",),
}
_SIX: Final = {"servers": ("start:servers",)}

USER_KEYS: Final[dict[str, frozenset[str]]] = {
    "read:users": frozenset(
        {"kind", "name", "user_info", "admin", "roles", "groups", "server", "pending"}
        | {"created", "last_activity"}
    ),
    "read:users:name": frozenset({"kind", "name", "user_info", "admin"}),
    "read:users:groups": frozenset({"kind", "name", "groups"}),
    "read:users:activity": frozenset({"kind", "name", "last_activity"}),
    "read:servers": frozenset({"kind", "name", "servers"}),
    "read:roles:users": frozenset({"kind", "name", "roles", "admin"}),
    "admin:auth_state": frozenset({"kind", "name", "auth_state"}),
}
GROUP_KEYS: Final[dict[str, frozenset[str]]] = {
    "read:groups": frozenset({"kind", "name", "properties", "users"}),
    "read:groups:name": frozenset({"kind", "name"}),
    "read:roles:groups": frozenset({"kind", "name", "roles"}),
}
SERVICE_KEYS: Final[dict[str, frozenset[str]]] = {
    "read:services": frozenset(
        {"kind", "name", "admin", "url", "prefix", "command", "pid", "info", "display"}
    ),
    "read:services:name": frozenset({"kind", "name", "admin"}),
    "read:roles:services": frozenset({"kind", "name", "roles", "admin"}),
}


def expand(given: Iterable[str], *, is_six: bool) -> frozenset[str]:
    """All scopes that the given ones hold. Filtered ones (`…!user=ana`) give nothing here."""
    found: set[str] = set()
    waiting = [scope for scope in given if "!" not in scope]
    if not is_six:
        waiting = [scope for scope in waiting if scope != "start:servers"]
    while waiting:
        scope = waiting.pop()
        if scope not in found:
            found.add(scope)
            waiting.extend(_HELD.get(scope, ()))
            waiting.extend(_SIX.get(scope, ()) if is_six else ())
    return frozenset(found)


def visible(keys: dict[str, frozenset[str]], scopes: frozenset[str]) -> frozenset[str]:
    """The keys of a model that these scopes show."""
    return frozenset().union(*(keys[scope] for scope in keys if scope in scopes))
