"""The hub's metrics (facts.md §3.1): what one process of the hub counted since it started."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from hubtui.demo.hub.gauges import Gauges, State
from hubtui.demo.hub.requests import Requests

SPAWN: Final = (0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0)

_STATUSES: Final = ("success", "failure")
_OUTCOMES: Final = (
    *(("success", ""), ("failure", ""), ("error", "")),
    *(("failure", reason) for reason in ("already-pending", "throttled", "too-many-users")),
)

MEDIA_TYPE: Final = "text/plain; version=1.0.0; charset=utf-8"


Noted = Callable[[str, dict[str, str], float, int], None]
"""Is told of all that is measured: the family, its labels, seconds, how often."""


def _nobody(_family: str, _labels: dict[str, str], _seconds: float, _count: int) -> None:
    pass


class _Timer:
    """A histogram of seconds of which somebody is told."""

    def __init__(self, histogram: Histogram, name: str, noted: Noted) -> None:
        self._histogram, self._name, self._noted = histogram, name, noted

    def prepare(self, **labels: str) -> None:
        """Has a series with nothing in it yet."""
        self._histogram.labels(**labels)
        self._noted(self._name, labels, 0.0, 0)

    def observe(self, seconds: float, labels: dict[str, str] | None = None, count: int = 1) -> None:
        """Something took so long, `count` times."""
        cell = self._histogram.labels(**labels) if labels else self._histogram
        for _ in range(count):
            cell.observe(seconds)
        self._noted(self._name, labels or {}, seconds, count)


class Metrics:
    """The families of JupyterHub 5 or 6, in a registry of their own. Times are in seconds."""

    def __init__(self, state: Callable[[], State], noted: Noted = _nobody, *, is_six: bool) -> None:
        self._noted = noted
        self.registry = CollectorRegistry()
        self.worked = 0.0
        """Seconds that the process worked for requests."""
        self._is_six = is_six
        self._requests = Requests(state)
        self.registry.register(self._requests)
        outcome = ("status", "reason") if is_six else ("status",)
        words = "time taken for server spawning operation"
        self._spawns = self._timer("server_spawn_duration", words, outcome, SPAWN)
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
                timer.prepare(status=status)
        for status, reason in _OUTCOMES:
            if self._is_six:
                self._spawns.prepare(status=status, reason=reason)
            elif status != "error":
                self._spawns.prepare(status=reason or status)

    def _timer(
        self,
        name: str,
        words: str,
        labels: Iterable[str] = (),
        buckets: Iterable[float] = Histogram.DEFAULT_BUCKETS,
    ) -> _Timer:
        full = f"jupyterhub_{name}_seconds"
        made = Histogram(full, words, tuple(labels), buckets=tuple(buckets), registry=self.registry)
        return _Timer(made, full, self._noted)

    def started(self, seconds: float, looking: float) -> None:
        """The hub is up: how long it took, and its look at the servers that it knew of."""
        self._startup.observe(seconds)
        self._init.observe(looking)

    def request(self, method: str, handler: str, code: int, seconds: float, count: int = 1) -> None:
        """`count` requests that a handler, named as `module.Class`, answered."""
        labels = {"method": method, "handler": handler, "code": str(code)}
        self._requests.add(labels, seconds, count)
        self._noted(Requests.NAME, labels, seconds, count)
        self.worked += min(seconds, 0.05) * count

    def spawned(self, seconds: float) -> None:
        """A spawn that succeeded."""
        labels = {"status": "success", "reason": ""} if self._is_six else {"status": "success"}
        self._spawns.observe(seconds, labels)

    def not_spawned(self, seconds: float, reason: str = "") -> None:
        """A spawn that the hub refused for a `reason` (throttled, too-many-users,
        already-pending), or that failed. 6.x names status and reason, 5.x one of them."""
        if self._is_six:
            labels = {"status": "failure" if reason else "error", "reason": reason}
        else:
            labels = {"status": reason or "failure"}
        self._spawns.observe(seconds, labels)

    def stopped(self, seconds: float, *, ok: bool = True) -> None:
        """A server that was stopped, or was not."""
        self._stops.observe(seconds, {"status": "success" if ok else "failure"})

    def route(self, *, added: bool) -> None:
        """A route of the proxy that was added or deleted."""
        (self._adds if added else self._deletes).observe(0.006, {"status": "success"})

    def logged_in(self, seconds: float) -> None:
        """A login; only 6.x counts them."""
        if self._is_six:
            self._logins.observe(seconds, {"status": "success"})

    def text(self) -> bytes:
        """What `/hub/metrics` answers."""
        return generate_latest(self.registry)
