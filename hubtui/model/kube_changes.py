"""The API's objects that only plans of small verbs read: a Deployment that is to be restarted, what
guards pods, and who else claims objects.

Source: the Kubernetes API reference, v1.36; Flux helm-controller v2, Argo CD v1alpha1.
"""

from __future__ import annotations

from typing import Any

from msgspec import field

from hubtui.model.kube import Deployment, KubeStruct, Object, WorkloadSpec, WorkloadStatus
from hubtui.model.node_affinity import Requirement
from hubtui.model.text import one_line

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
"""What `kubectl rollout restart` writes into a pod template."""


class RestartSpec(WorkloadSpec, frozen=True):
    paused: bool = False


class RestartedDeployment(Deployment, frozen=True):
    """A Deployment with what a restart depends on."""

    spec: RestartSpec = RestartSpec()
    status: WorkloadStatus = WorkloadStatus()

    @property
    def template_annotations(self) -> dict[str, str] | None:
        """The pod template's annotations; None where it has none."""
        found = _at(self.spec.template, "metadata", "annotations")
        return found if isinstance(found, dict) else None

    @property
    def restarted_at(self) -> str:
        """When it was last restarted by hand, as it is written there."""
        return str((self.template_annotations or {}).get(RESTARTED_AT, ""))

    @property
    def port(self) -> int | None:
        """The number of the container port named `http`."""
        for container in _list(_at(self.spec.template, "spec", "containers")):
            for port in _list(_at(container, "ports")):
                number = _at(port, "containerPort")
                if _at(port, "name") == "http" and isinstance(number, int):
                    return number
        return None

    @property
    def health_path(self) -> str:
        """The path that its readiness probe asks for; empty without one."""
        for container in _list(_at(self.spec.template, "spec", "containers")):
            path = _at(container, "readinessProbe", "httpGet", "path")
            if isinstance(path, str):
                return one_line(path)
        return ""


class BudgetSelector(KubeStruct, frozen=True):
    match_labels: dict[str, str] | None = field(default_factory=dict)
    match_expressions: tuple[Requirement, ...] | None = ()


class BudgetSpec(KubeStruct, frozen=True):
    selector: BudgetSelector | None = None


class BudgetStatus(KubeStruct, frozen=True):
    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0


class Budget(Object, frozen=True):
    """A PodDisruptionBudget."""

    spec: BudgetSpec = BudgetSpec()
    status: BudgetStatus = BudgetStatus()

    def covers(self, labels: dict[str, str]) -> bool:
        """Whether a pod of its namespace with these labels is counted: an empty selector takes all
        of them, none takes none."""
        selector = self.spec.selector
        if selector is None or not (selector.match_labels or {}).items() <= labels.items():
            return False
        return all(each.takes(labels) for each in selector.match_expressions or ())


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
