"""Services, and of the pods behind them what a service asks of them.

Source: Kubernetes v1.36 API reference, core/v1.
"""

from __future__ import annotations

from msgspec import field

from hubtui.model.kube import Container, KubeStruct, Object, Pod, PodSpec


class ServicePort(KubeStruct, frozen=True):
    """`target_port` is a number, or the name of a container's port; 0 is the port itself."""

    name: str = ""
    port: int = 0
    target_port: int | str = 0
    protocol: str = "TCP"
    app_protocol: str = ""


class ServiceSpec(KubeStruct, frozen=True):
    """Without a selector the addresses behind it are set by somebody else."""

    type: str = "ClusterIP"
    cluster_ip: str = field(default="", name="clusterIP")
    selector: dict[str, str] = field(default_factory=dict)
    ports: tuple[ServicePort, ...] = ()


class Service(Object, frozen=True):
    spec: ServiceSpec = ServiceSpec()


class ContainerPort(KubeStruct, frozen=True):
    name: str = ""
    container_port: int = 0


class ServingContainer(Container, frozen=True):
    ports: tuple[ContainerPort, ...] = ()


class ServingPodSpec(PodSpec, frozen=True):
    containers: tuple[ServingContainer, ...] = ()


class ServingPod(Pod, frozen=True):
    """A pod with the ports of its containers."""

    spec: ServingPodSpec = ServingPodSpec()


def port_behind(port: ServicePort, pod: ServingPod) -> int | None:
    """The pod's port that a service's leads to; None where the pod has none of that name."""
    if not isinstance(port.target_port, str):
        return port.target_port or port.port
    if port.target_port.isdigit():
        return int(port.target_port)
    named = (each for container in pod.spec.containers for each in container.ports)
    return next((each.container_port for each in named if each.name == port.target_port), None)
