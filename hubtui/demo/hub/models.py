"""Users, servers, groups, services and tokens as JupyterHub's REST API shows them (facts.md §3)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from hubtui.demo.hub.records import Group, Server, User, path_part
from hubtui.demo.hub.scopes import GROUP_KEYS, SERVICE_KEYS, USER_KEYS, visible
from hubtui.demo.storage import Json

if TYPE_CHECKING:
    from hubtui.demo.hub.hub import Hub

_CONFIGURED: Final[Json] = {"url": "", "info": {}, "display": True}


def time(when: datetime | None) -> str | None:
    """A time as the hub writes it: UTC with microseconds, or null."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if when else None


class Models:
    """What a caller with these scopes sees."""

    def __init__(self, hub: Hub, scopes: frozenset[str]) -> None:
        self._hub = hub
        self._scopes = scopes
        self._is_six = hub.settings.is_six

    def user(self, user: User, *, stopped: bool = False) -> Json:
        """A user; `stopped` includes the servers that do not run."""
        keys = visible(USER_KEYS, self._scopes)
        default = user.servers.get("")
        groups = [each.name for each in self._hub.groups.values() if user.name in each.users]
        model: Json = {
            "kind": "user",
            "name": user.name,
            "admin": user.admin,
            "roles": ["admin", "user"] if user.admin else ["user"],
            "groups": groups,
            "server": user.path if default and default.ready else None,
            "pending": default.pending if default else None,
            "created": time(user.created),
            "last_activity": time(user.activity(self._hub.now)),
            "auth_state": None,
        }
        if "servers" in keys:
            shown = [each for each in user.servers.values() if stopped or each.is_active]
            model["servers"] = {each.name: self.server(each) for each in shown}
        if self._is_six:
            model["user_info"] = None
        return {key: value for key, value in model.items() if key in keys}

    def server(self, server: Server) -> Json:
        """A server."""
        user = server.user
        model: Json = {
            "name": server.name,
            "full_name": f"{user.name}/{server.name}",
            "last_activity": time(server.activity(self._hub.now)),
            "started": time(server.started),
            "pending": server.pending,
            "ready": server.ready,
            "stopped": not server.is_active,
            "url": server.path,
            "user_options": server.options if server.options or server.run else None,
            "progress_url": _progress(server),
            "full_url": None,
            "full_progress_url": None,
        }
        if self._is_six:
            model["display_name"] = server.display_name
        if "admin:server_state" in self._scopes:
            model["state"] = self._state(server)
        return model

    def group(self, group: Group) -> Json:
        """A group."""
        model = {
            "kind": "group",
            "name": group.name,
            "roles": [],
            "users": list(group.users),
            "properties": group.properties,
        }
        keys = visible(GROUP_KEYS, self._scopes)
        return {key: value for key, value in model.items() if key in keys}

    def service(self, name: str, scopes: frozenset[str] | None = None) -> Json:
        """A service of the hub, from its database."""
        model: Json = {
            "kind": "service",
            "name": name,
            "roles": [name] if name in self._hub.settings.scopes else [],
            "admin": False,
            "url": None,
            "prefix": "",
            "command": [],
            "pid": 0,
            "info": None,
            "display": None,
        }
        keys = visible(SERVICE_KEYS, scopes or self._scopes)
        return {key: value for key, value in model.items() if key in keys}

    def listed(self, name: str) -> Json:
        """A service as its pages show it, with what it is configured with."""
        model = self.service(name)
        return model | {k: v for k, v in _CONFIGURED.items() if k in model}

    def tokens(self, user: User) -> list[Json]:
        """The tokens of a user: one for each server that runs."""
        return [self._token(each, number) for number, each in enumerate(user.active, user.id * 100)]

    def _token(self, server: Server, number: int) -> Json:
        user = server.user.name
        return {
            "user": user,
            "id": f"a{number}",
            "kind": "api_token",
            "roles": [],
            "scopes": [
                f"access:servers!server={user}/{server.name}",
                f"users:activity!user={user}",
            ],
            "created": time(server.started),
            "last_activity": time(server.activity(self._hub.now)),
            "expires_at": None,
            "note": f"Server at {server.path}",
            "session_id": None,
            "oauth_client": "JupyterHub",
        }

    def _state(self, server: Server) -> Json:
        if not server.is_active:
            return {"pvc_name": server.claim}
        return {
            "kubespawner_version": self._hub.settings.kubespawner,
            "pod_name": server.pod,
            "namespace": self._hub.namespace,
            "dns_name": f"{server.pod}.{self._hub.namespace}.svc.cluster.local",
            "pvc_name": server.claim,
        }


def _progress(server: Server) -> str:
    user = f"/hub/api/users/{path_part(server.user.name)}"
    if server.name:
        return f"{user}/servers/{path_part(server.name)}/progress"
    return f"{user}/server/progress"
