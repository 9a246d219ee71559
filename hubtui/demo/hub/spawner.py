"""Starting and stopping servers as JupyterHub and KubeSpawner do (facts.md §2.4).

A server is ready when its pod is, and stopped when its pod is gone; the hub learns both from the
cluster, and only while its process is up.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from hubtui.demo.hub import manifests, refusals
from hubtui.demo.hub.records import Server, User
from hubtui.demo.life import quotas
from hubtui.demo.life.reading import ENDED, is_ready, is_terminating, phase_of
from hubtui.demo.refusals import RefusedError
from hubtui.demo.resources import CLAIMS, PODS
from hubtui.demo.storage import Json

if TYPE_CHECKING:
    from hubtui.demo.hub.hub import Hub

REQUEST_RETRIES: Final = 30.0
"""Seconds for which KubeSpawner repeats a request that the apiserver does not answer."""
ANSWERS: Final = 30.0
"""Seconds in which a server must answer after the hub's restart (Spawner.http_timeout)."""
POLL: Final = 30.0
GRACE: Final = 1
"""Seconds that a server's pod gets (KubeSpawner.delete_grace_period)."""
RETRY: Final = (30, 60)
"""Seconds after which a user who was refused is told to come again."""

REQUESTED: Final[Json] = {"progress": 0, "message": "Server requested"}


class Spawner:
    """Starts and stops; `failures` are spawns that failed one after another."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._world = hub.world
        self.failures = 0

    def start(self, user: User, name: str = "", options: Json | None = None) -> Server:
        """Starts a server. Raises HubRefusalError: 400 when it runs or something is under way
        with it, 429 when too many start or run."""
        server = self._hub.server_of(user, name)
        if server.pending is not None:
            self._hub.metrics.not_spawned(0.0, "already-pending")
            raise refusals.bad(f"{server.log_name} is pending {server.pending}")
        if server.ready:
            raise refusals.bad(f"{server.log_name} is already running")
        self._refuse_too_many()
        server.run += 1
        server.pending, server.failing, server.failure = "spawn", "", ""
        server.replaces = server.removes = False
        server.options = dict(options or {})
        server.progress = [REQUESTED]
        server.started = server.seen = server.began = user.seen = self._hub.now
        server.busy = None
        self._hub.tell("spawning", server)
        limit = self._hub.settings.spawning.start_timeout
        self._later(limit, server, self._time_out)
        if self._world.faults.spawn_failures > 0:
            self._world.faults.spawn_failures -= 1
            self._later(REQUEST_RETRIES, server, self._give_up)
        else:
            self._create(server)
        return server

    def stop(self, server: Server, *, remove: bool = False) -> None:
        """Stops a server, also one that is about to start; `remove` forgets it afterwards."""
        server.removes = server.removes or remove
        if server.pending == "stop":
            return
        if not server.is_active:
            if server.removes:
                self._remove(server)
            return
        if server.pending is not None:
            where = f"{server.log_name}, pending {server.pending}"
            self._hub.pen.warning("users:903", f"Interrupting spawner {where}")
            server.failure = "Spawn cancelled"
        server.seen, server.busy = server.activity(self._hub.now), None
        server.run += 1
        server.pending, server.ready, server.failing = "stop", False, ""
        server.began = self._hub.now
        self._hub.routes.remove(server)
        self._later(self._hub.settings.spawning.start_timeout, server, self._stay)
        server.changed()
        self._delete_pod(server, GRACE)

    def forget(self, server: Server, *, claim: bool) -> None:
        """Takes a stopped server out of the database, and its claim out of the cluster."""
        server.user.servers.pop(server.name, None)
        self._hub.by_pod.pop(server.pod, None)
        name = server.claim
        if claim and self._world.objects.find(CLAIMS, self._hub.namespace, name) is not None:
            self._hub.pen.info("spawner:3095", f"Deleting pvc/{name}")
            self._world.objects.delete(CLAIMS, self._hub.namespace, name)

    def lose(self, server: Server) -> None:
        """The database forgets that a server runs; its pod stays."""
        server.run += 1
        server.seen, server.busy = server.activity(self._hub.now), None
        server.pending, server.ready, server.started = None, False, None
        self._hub.routes.table.pop(server.path, None)
        server.changed()

    def see(self, name: str) -> None:
        """A server's pod has changed, or is gone."""
        server = self._hub.by_pod.get(name)
        if server is None or not self._hub.is_up or not server.is_active:
            return
        if server.ready and name in self._world.faults.unseen:
            return
        pod = self._pod(server)
        if pod is None:
            self._miss(server)
        elif server.ready and phase_of(pod) in ENDED:
            self._later(self._dice(server, "poll", 1, POLL), server, self._poll)
        elif is_running(pod) and server.pending == "spawn" and not server.failing:
            self._later(self._dice(server, "http", 0.3, 1.5), server, self._come_up)
        elif is_running(pod) and server.pending == "check":
            self._later(1.0, server, self._check)

    def heard(self, name: str, event: Json) -> None:
        """An event about a server's pod: the progress page of a spawn shows it."""
        server = self._hub.by_pod.get(name)
        if server is None or server.pending != "spawn" or not self._hub.is_up:
            return
        last = server.progress[-1]["progress"]
        when = event.get("lastTimestamp") or event.get("eventTime")
        message = f"{when} [{event.get('type')}] {event.get('message')}"
        reached = int(last + (90 - last) / 3)
        server.progress.append({"progress": reached, "message": message, "raw_event": event})
        server.changed()

    def resume(self) -> None:
        """A new process of the hub looks at all servers that the database has."""
        self.failures = 0
        for server in [each for each in self._hub.servers() if each.is_active]:
            server.run += 1
            server.pending, server.ready, server.failing = "check", False, ""
            self._later(0.5, server, self._check)
            self._later(ANSWERS, server, self._judge)

    def _refuse_too_many(self) -> None:
        settings, servers = self._hub.settings, tuple(self._hub.servers())
        pending = sum(each.pending == "spawn" for each in servers)
        if settings.concurrent_spawns and pending >= settings.concurrent_spawns:
            self._hub.metrics.not_spawned(0.001, "throttled")
            chance = self._world.chance
            dice = chance.of("throttled", chance.count("throttled"))
            retry = dice.randint(*RETRY)
            words = f"{pending} pending spawns, throttling. Suggested retry in {retry} seconds."
            self._hub.pen.warning("base:1136", words)
            raise refusals.throttled(retry)
        active = sum(each.is_active for each in servers)
        if settings.active_servers and active >= settings.active_servers:
            self._hub.metrics.not_spawned(0.001, "too-many-users")
            self._hub.pen.info("base:1152", f"{active} servers active, no space available")
            raise refusals.full()

    def _create(self, server: Server) -> None:
        settings, namespace = self._hub.settings, self._hub.namespace
        objects, pen = self._world.objects, self._hub.pen
        pod = manifests.pod(server, settings, namespace, self._hub.release, self._world.chance)
        try:
            if settings.spawning.storage == "dynamic" and not self._has_claim(server):
                claim = manifests.claim(server, settings, namespace, self._hub.release)
                pen.info("spawner:3042", f"Attempting to create pvc {server.claim}, with timeout 3")
                objects.create(CLAIMS, claim)
            pen.info("spawner:3001", f"Attempting to create pod {server.pod}, with timeout 3")
            if refused_by_quota := quotas.refusal(objects, pod):
                raise RefusedError(403, "Forbidden", refused_by_quota)
            objects.create(PODS, pod)
        except RefusedError as refused:
            if refused.code == 409:
                pen.info("spawner:3021", f"Found existing pod {server.pod}, attempting to kill")
                server.replaces = True
                self._delete_pod(server, 0)
                return
            body = {"kind": "Status", "message": refused.message, "code": refused.code}
            words = f"({refused.code})\nReason: {refused.reason}\nHTTP response body: "
            self._fail(server, words + json.dumps(body))

    def _has_claim(self, server: Server) -> bool:
        return self._world.objects.find(CLAIMS, self._hub.namespace, server.claim) is not None

    def _come_up(self, server: Server) -> None:
        pod = self._pod(server)
        if server.pending != "spawn" or server.failing or pod is None or not is_running(pod):
            return
        seconds = self._since_began(server)
        server.url = _url(pod)
        took = f"User {server.log_name} took {seconds:.3f} seconds to start"
        self._hub.pen.info("base:1192", took)
        self._hub.metrics.spawned(seconds)
        self._hub.routes.add(server)
        server.pending, server.ready = None, True
        server.seen = self._hub.now
        self.failures = 0
        self._hub.pen.info("users:1094", f"Server {server.log_name} is ready")
        self._hub.tell("ready", server)

    def _time_out(self, server: Server) -> None:
        if server.pending != "spawn" or server.failing:
            return
        limit = self._hub.settings.spawning.start_timeout
        name = server.user.name
        slow = f"{name}'s server failed to start in {limit} seconds, giving up."
        self._hub.pen.warning("user:1058", slow)
        where = f"{self._hub.namespace}/{server.pod}"
        self._fail(server, f"pod {where} did not start in {limit} seconds!")

    def _give_up(self, server: Server) -> None:
        self._fail(server, f"Could not create pod {self._hub.namespace}/{server.pod}")

    def _fail(self, server: Server, message: str) -> None:
        words = f"Unhandled error starting {server.user.name}'s server: {message}"
        self._hub.pen.error("user:1072", words)
        server.failing = message
        self._later(self._hub.settings.spawning.start_timeout, server, self._settle_failed)
        self._delete_pod(server, GRACE)

    def _settle_failed(self, server: Server) -> None:
        if not server.failing:
            return
        server.run += 1
        server.failure, server.failing = f"Spawn failed: {server.failing}", ""
        server.pending, server.started = None, None
        self._hub.metrics.not_spawned(self._since_began(server))
        self.failures += 1
        self._warn_of_failures()
        self._hub.tell("failed", server)

    def _warn_of_failures(self) -> None:
        limit = self._hub.settings.consecutive_failures
        if limit and 1 < self.failures < limit:
            words = f"{self.failures} consecutive spawns failed.  Hub will exit if failure count "
            self._hub.pen.warning("base:1280", f"{words}reaches {limit} before succeeding")
        elif limit and self.failures >= limit:
            words = f"Aborting due to {self.failures} consecutive spawn failures"
            self._hub.pen.critical("base:1287", words)
            started = self._hub.started
            self._world.timeline.after(2, lambda: self._abort(started))

    def _abort(self, started: object) -> None:
        if self._hub.is_up and self._hub.started == started:
            self._hub.exit(1)

    def _miss(self, server: Server) -> None:
        if server.failing:
            self._settle_failed(server)
        elif server.pending == "stop":
            self._settle_stopped(server)
        elif server.pending == "spawn" and server.replaces:
            server.replaces = False
            self._hub.pen.info("spawner:3025", f"Killed pod {server.pod}, will try starting again")
            self._create(server)
        elif server.ready:
            self._later(self._dice(server, "poll", 1, POLL), server, self._poll)

    def _poll(self, server: Server) -> None:
        pod = self._pod(server)
        if not server.ready or (pod is not None and phase_of(pod) not in ENDED):
            return
        code = _exit_code(pod) if pod else 1
        words = f"User {server.user.name} server stopped, with exit code: {code}"
        self._hub.pen.warning("base:1386", words)
        self._hub.routes.remove(server)
        server.began = self._hub.now
        server.seen, server.busy = server.activity(self._hub.now), None
        server.ready, server.pending = False, "stop"
        self._later(self._hub.settings.spawning.start_timeout, server, self._stay)
        self._delete_pod(server, GRACE)

    def _settle_stopped(self, server: Server) -> None:
        seconds = self._since_began(server)
        words = f"User {server.user.name} server took {seconds:.3f} seconds to stop"
        self._hub.pen.info("base:1445", words)
        self._hub.metrics.stopped(seconds)
        self._end(server)

    def _stay(self, server: Server) -> None:
        if server.pending != "stop":
            return
        where = f"{self._hub.namespace}/{server.pod}"
        limit = self._hub.settings.spawning.start_timeout
        self._hub.pen.error("base:1455", f"pod {where} did not disappear in {limit} seconds!")
        self._hub.metrics.stopped(float(limit), ok=False)
        self._end(server)

    def _end(self, server: Server) -> None:
        started = max(server.started or self._hub.now, self._hub.started or self._hub.now)
        self._hub.served += self._hub.elapsed(started)
        server.run += 1
        server.pending, server.ready, server.started = None, False, None
        if server.removes:
            self._remove(server)
        self._hub.tell("stopped", server)

    def _remove(self, server: Server) -> None:
        self._hub.pen.info("users:868", f"Deleting spawner {server.log_name}")
        # KubeSpawner 7.0 keeps the claim of a named server with z2jh's template (facts.md §2.2).
        self.forget(server, claim=self._hub.settings.is_six)

    def _check(self, server: Server) -> None:
        pod = self._pod(server)
        if server.pending != "check":
            return
        if pod is None or is_terminating(pod) or phase_of(pod) in ENDED:
            words = f"{server.log_name} appears to have stopped while the Hub was down"
            self._hub.pen.warning("app:3125", words)
            server.seen, server.busy = server.activity(self._hub.now), None
            self._end(server)
            self._delete_pod(server, GRACE)
        elif is_running(pod):
            server.url = _url(pod)
            server.pending, server.ready = None, True
            self._hub.pen.info("app:3117", f"{server.user.name} still running")
            self._hub.routes.check()
            self._hub.tell("ready", server)

    def _judge(self, server: Server) -> None:
        if server.pending != "check":
            return
        words = f"{server.log_name} does not appear to be running at {server.url}"
        self._hub.pen.error("app:3109", f"{words}, shutting it down.")
        self.stop(server)

    def _delete_pod(self, server: Server, grace: int) -> None:
        if self._pod(server) is not None:
            self._world.objects.delete(PODS, self._hub.namespace, server.pod, grace=grace)
        # A pod that is gone, or never was, is seen like one that goes.
        self._world.timeline.soon(lambda: self.see(server.pod))

    def _pod(self, server: Server) -> Json | None:
        return self._world.objects.find(PODS, self._hub.namespace, server.pod)

    def _later(self, seconds: float, server: Server, do: Callable[[Server], None]) -> None:
        run = server.run

        def due() -> None:
            if self._hub.is_up and server.run == run:
                do(server)

        self._world.timeline.after(seconds, due)

    def _since_began(self, server: Server) -> float:
        return self._hub.elapsed(server.began) if server.began else 0.0

    def _dice(self, server: Server, what: str, low: float, high: float) -> float:
        return self._world.chance.of(what, server.log_name, server.run).uniform(low, high)


def is_running(pod: Json) -> bool:
    """Whether KubeSpawner takes a pod for running: so it is, with an address, ready, to stay."""
    status = pod.get("status") or {}
    if phase_of(pod) != "Running" or not status.get("podIP") or is_terminating(pod):
        return False
    return is_ready(pod) or all(each.get("ready") for each in status["containerStatuses"])


def _url(pod: Json) -> str:
    return f"http://{pod['status']['podIP']}:{manifests.PORT}"


def _exit_code(pod: Json) -> int:
    for each in (pod.get("status") or {}).get("containerStatuses") or ():
        ended = (each.get("state") or {}).get("terminated")
        if each["name"] == "notebook" and ended:
            return int(ended["exitCode"])
    return 1
