"""The hub's metrics (facts.md §3.1): what one process of the hub counted since it started."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from hubtui.demo.hub.gauges import Gauges, State

_SPAWN: Final = (0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0)

_STATUSES: Final = ("success", "failure")
_OUTCOMES: Final = (
    *(("success", ""), ("failure", ""), ("error", "")),
    *(("failure", reason) for reason in ("already-pending", "throttled", "too-many-users")),
)

MEDIA_TYPE: Final = "text/plain; version=1.0.0; charset=utf-8"


class Metrics:
    """The families of JupyterHub 5 or 6, in a registry of their own. Times are in seconds."""

    def __init__(self, state: Callable[[], State], *, is_six: bool) -> None:
        self.registry = CollectorRegistry()
        self.worked = 0.0
        """Seconds that the process worked for requests."""
        self._is_six = is_six
        handler = ("method", "handler", "code")
        self._requests = self._timer("request_duration", "request duration", handler)
        outcome = ("status", "reason") if is_six else ("status",)
        words = "time taken for server spawning operation"
        self._spawns = self._timer("server_spawn_duration", words, outcome, _SPAWN)
        self._stops = self._timer("server_stop", "time for server stopping", ("status",))
        self._adds = self._timer("proxy_add_duration", "time for adding routes", ("status",))
        self._deletes = self._timer("proxy_delete_duration", "time for deleting", ("status",))
        self._startup = self._timer("hub_startup_duration", "time until the hub served")
        self._init = self._timer("init_spawners_duration", "time to look at all servers")
        if is_six:
            self._logins = self._timer("login_duration", "time for logins", ("status",))
            self._timer("logout_duration", "time for logouts")
            Counter("jupyterhub_csp_reports", "reports of the CSP", registry=self.registry)
        self.registry.register(Gauges(state))
        self._begin()

    def _begin(self) -> None:
        """Outcomes that have not been yet are there with 0."""
        for timer in (self._stops, self._adds, self._deletes):
            for status in _STATUSES:
                timer.labels(status=status)
        for status, reason in _OUTCOMES:
            if self._is_six:
                self._spawns.labels(status=status, reason=reason)
            elif status != "error":
                self._spawns.labels(status=reason or status)

    def _timer(
        self,
        name: str,
        words: str,
        labels: Iterable[str] = (),
        buckets: Iterable[float] = Histogram.DEFAULT_BUCKETS,
    ) -> Histogram:
        full = f"jupyterhub_{name}_seconds"
        return Histogram(full, words, tuple(labels), buckets=tuple(buckets), registry=self.registry)

    def started(self, seconds: float, looking: float) -> None:
        """The hub is up: how long it took, and its look at the servers that it knew of."""
        self._startup.observe(seconds)
        self._init.observe(looking)

    def request(self, method: str, handler: str, code: int, seconds: float, count: int = 1) -> None:
        """`count` requests that a handler, named as `module.Class`, answered."""
        cell = self._requests.labels(method=method, handler=handler, code=str(code))
        for _ in range(count):
            cell.observe(seconds)
        self.worked += min(seconds, 0.05) * count

    def spawned(self, seconds: float) -> None:
        """A spawn that succeeded."""
        labels = {"status": "success", "reason": ""} if self._is_six else {"status": "success"}
        self._spawns.labels(**labels).observe(seconds)

    def not_spawned(self, seconds: float, reason: str = "") -> None:
        """A spawn that the hub refused for a `reason` (throttled, too-many-users,
        already-pending), or that failed. 6.x names status and reason, 5.x one of them."""
        if self._is_six:
            labels = {"status": "failure" if reason else "error", "reason": reason}
        else:
            labels = {"status": reason or "failure"}
        self._spawns.labels(**labels).observe(seconds)

    def stopped(self, seconds: float, *, ok: bool = True) -> None:
        """A server that was stopped, or was not."""
        self._stops.labels(status="success" if ok else "failure").observe(seconds)

    def route(self, *, added: bool) -> None:
        """A route of the proxy that was added or deleted."""
        (self._adds if added else self._deletes).labels(status="success").observe(0.006)

    def logged_in(self, seconds: float) -> None:
        """A login; only 6.x counts them."""
        if self._is_six:
            self._logins.labels(status="success").observe(seconds)

    def text(self) -> bytes:
        """What `/hub/metrics` answers."""
        return generate_latest(self.registry)
