"""The proxy's routes: a table in the memory of the proxy's pod, which the hub keeps right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubtui.demo.hub.records import Server
from hubtui.demo.objects import stamp
from hubtui.demo.storage import Json

if TYPE_CHECKING:
    from hubtui.demo.hub.hub import Hub

HUB: Final = "http://hub:8081"


class Routes:
    """The routes by their routespec."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.table: dict[str, Json] = {}

    def add_hub(self) -> None:
        """The route that everything else goes to."""
        self._hub.pen.info("proxy:481", f"Adding route for Hub: / => {HUB}")
        self.table["/"] = {"routespec": "/", "target": HUB, "data": {"hub": True}}

    def add(self, server: Server) -> None:
        """The route of a server that is up."""
        where = f"{server.path} => {server.url}"
        self._hub.pen.info("proxy:335", f"Adding user {server.user.name} to proxy {where}")
        self._put(server)

    def remove(self, server: Server) -> None:
        """A server's route goes, before the server does."""
        name = server.user.name
        self._hub.pen.info("proxy:360", f"Removing user {name} from proxy ({server.path})")
        if self.table.pop(server.path, None) is not None:
            self._hub.metrics.route(added=False)

    def check(self) -> None:
        """Puts in what is missing and takes out what leads nowhere, as POST /proxy does."""
        if "/" not in self.table:
            self.add_hub()
        ready = {each.path: each for each in self._hub.servers() if each.ready}
        for path, server in ready.items():
            if path not in self.table:
                where = f"{path} (Server(url={server.url}/, bind_url={server.url}/))"
                self._hub.pen.warning("proxy:420", f"Adding missing route for {where}")
                self.add(server)
        # A server that is about to start or to stop is left to what is done with it.
        kept = {"/", *(each.path for each in self._hub.servers() if each.is_active)}
        for path in [path for path in self.table if path not in kept]:
            self._hub.pen.warning("proxy:472", f"Deleting stale route {path}")
            del self.table[path]
            self._hub.metrics.route(added=False)

    def lost(self) -> None:
        """The proxy's pod started anew: it knows nothing."""
        self.table.clear()

    def shown(self) -> dict[str, Json]:
        """The table with the times of the last activity, as the proxy's API tells it."""
        now, found = self._hub.now, {}
        active = {each.path: each for each in self._hub.servers() if each.is_active}
        for path in sorted(self.table):
            route = self.table[path]
            server = active.get(path)
            seen = (server.activity(now) if server else None) or self._hub.started or now
            found[path] = {**route, "data": {**route["data"], "last_activity": stamp(seen)}}
        return found

    def _put(self, server: Server) -> None:
        data = {"user": server.user.name, "server_name": server.name}
        self.table[server.path] = {
            "routespec": server.path,
            "target": server.url,
            "data": data,
        }
        self._hub.metrics.route(added=True)
