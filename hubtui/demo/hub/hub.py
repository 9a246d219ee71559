"""The simulated hub: its database, whether its process is up, and what it remembers while it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final, Literal

from hubtui.demo.faults import Crash
from hubtui.demo.hub import settings
from hubtui.demo.hub.culler import Culler
from hubtui.demo.hub.gauges import State
from hubtui.demo.hub.lines import Pen
from hubtui.demo.hub.manifests import claim_name, pod_name
from hubtui.demo.hub.metrics import Metrics
from hubtui.demo.hub.records import Group, Server, User
from hubtui.demo.hub.routes import Routes
from hubtui.demo.hub.spawner import Spawner
from hubtui.demo.hub.watching import Watching
from hubtui.demo.life.usage import usage_of
from hubtui.demo.resources import PODS
from hubtui.demo.world import World

News = Literal["up", "down", "spawning", "ready", "failed", "stopped"]
Told = Callable[[News, Server | None], None]

COMPONENT: Final = "hub"
"""The label of the hub's pod."""
_PERIODS: Final = {"24h": 1, "7d": 7, "30d": 30}


class Hub:
    """The hub of one release. It is up while a pod of the component `hub` is ready; its database
    is kept over restarts, its settings and metrics are made anew at each start."""

    def __init__(self, world: World, namespace: str, release: str) -> None:
        self.world = world
        self.namespace = namespace
        self.release = release
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self.by_pod: dict[str, Server] = {}
        self.pen = Pen(world, namespace)
        self.settings = settings.Settings()
        self.metrics = Metrics(self.state, is_six=False)
        self.started: datetime | None = None
        self.served = 0.0
        self.routes = Routes(self)
        self.spawner = Spawner(self)
        self.culler = Culler(self)
        self._told: list[Told] = []
        self._numbers = 0
        self._live_since: datetime | None = None
        self._slow, self._asked = 0.0, world.timeline.now
        self._active: tuple[int, dict[str, int]] = (-1, {})
        self._exit: Crash | None = None
        world.history.follow(self)
        world.faults.before_latency.append(self._count_slow)
        Watching(self).begin()

    @property
    def now(self) -> datetime:
        """The time."""
        return self.world.timeline.now

    @property
    def is_up(self) -> bool:
        """Whether the hub's process serves."""
        return self.started is not None

    def elapsed(self, since: datetime) -> float:
        """Seconds that passed since a time, as long as the demo's `--speed` makes them."""
        timeline = self.world.timeline
        if not timeline.is_live:
            return (self.now - since).total_seconds()
        self._live_since = self._live_since or self.now
        past = max(timedelta(0), self._live_since - since).total_seconds()
        live = (self.now - max(since, self._live_since)).total_seconds()
        return past + live * timeline.speed

    def listen(self, told: Told) -> None:
        """Has somebody told what happens to the hub and to servers."""
        self._told.append(told)

    def tell(self, news: News, server: Server | None = None) -> None:
        """Tells those who listen, and wakes who waits for the server."""
        if server is not None:
            server.changed()
            self.world.history.told(server)
        for told in tuple(self._told):
            told(news, server)

    def come_up(self, pod: str, seconds: float) -> None:
        """The process serves, `seconds` after its container started."""
        self.settings = settings.read(self.world, self.namespace, self.release)
        self.pen.pod, self.started, self.served = pod, self.now, 0.0
        self._slow, self._asked, self._active = 0.0, self.now, (-1, {})
        history = self.world.history
        history.up(self.world.objects.get(PODS, self.namespace, pod))
        self.metrics = Metrics(self.state, history.measured, is_six=self.settings.is_six)
        self.metrics.started(seconds, 0.01 + 0.003 * sum(each.is_active for each in self.servers()))
        self.spawner.resume()
        self.world.timeline.soon(self.routes.check)
        where = "http://hub:8081/hub/"
        self.pen.info("app:3770", f"JupyterHub is now running, internal Hub API at {where}")
        self.culler.begin()
        self.tell("up")

    def go_down(self) -> None:
        """The process is gone, with all that it did not write down."""
        self.pen.pod, self.started = "", None
        self.world.history.down()
        for server in self.servers():
            server.changed()
        self.tell("down")

    def exit(self, code: int) -> None:
        """The process ends by itself: the kubelet finds its container ended, and restarts it."""
        self.go_down()
        reason = "Error" if code else "Completed"
        self._exit = Crash(reason=reason, code=code, after=0.0)
        self.world.faults.crashes.setdefault(COMPONENT, self._exit)

    def has_ended(self) -> None:
        """The cluster knows that the process is gone: the next one is not to end like it."""
        crashes = self.world.faults.crashes
        if self._exit is not None and crashes.get(COMPONENT) is self._exit:
            del crashes[COMPONENT]
        self._exit = None

    def add_user(self, name: str, *, admin: bool = False, created: datetime | None = None) -> User:
        """A new user; the one that is there already is given as it is."""
        if name not in self.users:
            self._numbers += 1
            made = User(self._numbers, name, created or self.now, admin)
            self.users[name] = made
        return self.users[name]

    def remove_user(self, user: User) -> None:
        """Deletes a user without servers, and with them what their servers had on disk."""
        for server in tuple(user.servers.values()):
            self.spawner.forget(server, claim=True)
        for group in self.groups.values():
            if user.name in group.users:
                group.users.remove(user.name)
        del self.users[user.name]

    def add_group(self, name: str) -> Group:
        """A group, made if it is new."""
        return self.groups.setdefault(name, Group(len(self.groups) + 1, name))

    def server_of(self, user: User, name: str = "") -> Server:
        """The record of a server, made if it is new."""
        if name not in user.servers:
            pod, claim = pod_name(user.name, name), claim_name(user.name, name)
            made = Server(user, name, pod, claim, display_name=name, created=self.now)
            user.servers[name] = self.by_pod[pod] = made
        return user.servers[name]

    def servers(self) -> Iterator[Server]:
        """All servers of all users, running or not."""
        return (server for user in self.users.values() for server in user.servers.values())

    def state(self) -> State:
        """What its gauges tell at this moment."""
        started = self.started or self.now
        self._count_slow()
        running = [each for each in self.servers() if each.ready]
        pod = self.world.objects.find(PODS, self.namespace, self.pen.pod)
        lasting = (self.elapsed(max(each.started or started, started)) for each in running)
        return State(
            running=len(running),
            users=len(self.users),
            active=self._counted(int(self.elapsed(started) // 3600)),
            started=started.timestamp(),
            up=self.elapsed(started),
            slow=self._slow,
            served=self.served + sum(lasting),
            memory=usage_of(self.world, pod).memory if pod else 0,
            worked=self.metrics.worked,
        )

    def _count_slow(self) -> None:
        """Counts the seconds in which it was slow, up to now."""
        if self.world.faults.hub_latency:
            self._slow += self.elapsed(self._asked)
            self.world.history.slow.append((self._asked.timestamp(), self.now.timestamp()))
        self._asked = self.now

    def _counted(self, hour: int) -> dict[str, int]:
        """Users by the days since their last activity; the hub counts them once an hour."""
        if self._active[0] != hour:
            now = self.now
            seen = [each.activity(now) for each in self.users.values()]
            ages = [now - each for each in seen if each is not None]
            counts = {
                period: sum(age <= timedelta(days=days) for age in ages)
                for period, days in _PERIODS.items()
            }
            self._active = hour, counts
        return self._active[1]
