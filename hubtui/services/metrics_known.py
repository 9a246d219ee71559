"""Numbers of the metrics pane that need no Prometheus: what metrics.k8s.io measures of the hub's
and the proxy's pod, and what the pods and the disks say that are known anyway."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final

from hubtui.model import kube
from hubtui.model.podstate import state_of
from hubtui.model.quantity import parse
from hubtui.model.roles import WORKLOAD_ROLES, Role, component_of, role_of
from hubtui.services import hub_health
from hubtui.services.metric_rows import Answer, Told
from hubtui.services.store import utc_now

if TYPE_CHECKING:
    from hubtui.services.session import Session

USAGE: Final = "metrics.k8s.io"
PODS: Final = "the pods"
STORAGE: Final = "the storage pane"

MEASURED: Final = {
    "hub-memory": (Role.HUB, "memory"),
    "hub-cpu": (Role.HUB, "cpu"),
    "proxy-memory": (Role.PROXY, "memory"),
    "proxy-cpu": (Role.PROXY, "cpu"),
}
"""The metrics that metrics.k8s.io tells."""

_KEPT: Final = 3_000
_STEP: Final = 30.0


class Known:
    """The metrics that a session tells by itself, by their ids; what it told is remembered."""

    def __init__(self, session: Session, now: Callable[[], datetime] = utc_now) -> None:
        self._session = session
        self._now = now
        self._told: dict[str, deque[tuple[float, Told]]] = {}
        self._latest: dict[str, tuple[str, datetime]] = {}
        self._why: dict[str, str] = {}

    def of(self, metric: str) -> tuple[Answer, str] | None:
        """What was told last, and where it is from."""
        if metric not in self._latest:
            return None
        source, as_of = self._latest[metric]
        past = self._told[metric]
        at, told = past[-1]
        lines = {
            label: tuple((then, each[label]) for then, each in past if label in each)
            for label in told
        }
        return Answer(told, as_of, at, lines, _STEP), source

    def why(self, metric: str) -> str:
        """Why it tells nothing; "" of what it never tells."""
        return self._why.get(metric, "")

    def look(self, metrics: Iterable[str]) -> Generator[None, None, None]:
        """Takes what the stores and the feeds hold of these metrics now, pausing every so often."""
        wanted = set(metrics)
        for metric in wanted & MEASURED.keys():
            self._take_usage(metric, *MEASURED[metric])
        if wanted & {"users-per-node", "running-servers"}:
            yield from self._take_pods(wanted)
        if "nfs-free" in wanted:
            self._take_disks()

    def limit(self, metric: str) -> float | None:
        """The bytes at which the kernel ends the container whose memory this is; None where there
        is no such limit."""
        role, what = MEASURED.get(metric, (Role.OTHER, ""))
        pod = hub_health.newest(self._pods(role)) if what == "memory" else None
        if pod is None:
            return None
        given = [each.resources.limits.get("memory", "") for each in pod.spec.containers]
        try:
            return float(sum(parse(amount) for amount in given))
        except ValueError:
            return None

    def names(self) -> Mapping[str, str]:
        """The names that stand in questions: of the namespace, the release, and of the Deployments
        of hub and proxy."""
        session = self._session
        found = {"namespace": session.namespace, "release": session.release}
        found |= {role.value: role.value for role in (Role.HUB, Role.PROXY)}
        for deployment in session.pods.stores.deployments:
            labels = deployment.metadata.labels
            role = WORKLOAD_ROLES.get(component_of(labels))
            if role in (Role.HUB, Role.PROXY) and labels.get("release", session.release) == (
                session.release
            ):
                found[role.value] = deployment.metadata.name
        return found

    def _take_usage(self, metric: str, role: Role, what: str) -> None:
        usage = self._session.usage
        pod = hub_health.newest(self._pods(role))
        used = usage.of(pod.metadata.name) if pod is not None else None
        amount = getattr(used, what) if used is not None else None
        if amount is not None and usage.as_of is not None:
            self._put(metric, {"": float(amount)}, USAGE, usage.as_of)
            return
        if pod is None:
            self._why[metric] = f"no pod of the {role.value} runs"
        else:
            self._why[metric] = usage.missing or f"{USAGE} does not measure {pod.metadata.name} yet"

    def _take_pods(self, wanted: set[str]) -> Generator[None, None, None]:
        store = self._session.pods.stores.pods
        if not store.complete:
            error = store.health.error
            why = error.what if error is not None else "the pods are not read yet"
            self._why |= dict.fromkeys(("users-per-node", "running-servers"), why)
            return
        up = []
        for pod in self._pods(Role.USERS):
            if state_of(pod).up:
                up.append(pod)
            yield
        now = self._now()
        if "running-servers" in wanted:
            self._put("running-servers", {"": float(len(up))}, PODS, now)
        if "users-per-node" in wanted:
            counted = Counter(pod.spec.node_name for pod in up)
            told = {node: float(count) for node, count in counted.items()}
            self._put("users-per-node", told or {"": float("nan")}, PODS, now)

    def _take_disks(self) -> None:
        figures = [disk.figures for disk in self._session.storage.disks() if disk.figures]
        free = [
            (each.available / each.capacity, each.as_of)
            for each in figures
            if each.available is not None and each.capacity
        ]
        if free:
            least, as_of = min(free)
            self._put("nfs-free", {"": least}, STORAGE, as_of)

    def _pods(self, role: Role) -> list[kube.Pod]:
        release = self._session.release
        return [pod for pod in self._session.pods.stores.pods if role_of(pod, release) is role]

    def _put(self, metric: str, told: Told, source: str, as_of: datetime) -> None:
        past = self._told.setdefault(metric, deque(maxlen=_KEPT))
        at = as_of.timestamp()
        if not past or past[-1][0] < at:
            past.append((at, told))
        self._latest[metric] = (source, as_of)
        self._why.pop(metric, None)
