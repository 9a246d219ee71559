"""What a cluster holds before a hub comes: namespace, nodes, storage, roles, the metrics API."""

from collections.abc import Iterable
from typing import Any

from tests.testbed import kubelets
from tests.testbed.api import Api
from tests.testbed.site import Site
from tests.testbed.users import NAMESPACE, User

_READ = ["get", "list", "watch"]
_RBAC = "rbac.authorization.k8s.io"
# facts.md §10: the viewer Role; secrets stand apart.
_VIEWER: tuple[tuple[str, str, list[str]], ...] = (
    (
        "",
        "pods services endpoints configmaps persistentvolumeclaims events serviceaccounts",
        _READ,
    ),
    ("", "pods/log", ["get"]),
    ("apps", "deployments statefulsets daemonsets replicasets", _READ),
    ("batch", "jobs", _READ),
    ("networking.k8s.io", "networkpolicies ingresses", _READ),
    ("gateway.networking.k8s.io", "httproutes", ["get", "list"]),
    ("policy", "poddisruptionbudgets", _READ),
    ("coordination.k8s.io", "leases", ["get", "list"]),
    ("discovery.k8s.io", "endpointslices", ["get", "list"]),
    ("metrics.k8s.io", "pods", ["get", "list"]),
)
_SECRETS = (("", "secrets", _READ),)
_PORT_FORWARD = (("", "pods/portforward", ["get", "create"]),)


def objects(site: Site) -> list[dict[str, Any]]:
    """All of them, in the order in which they must come."""
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        *kubelets.standard_nodes(),
        _storage_class(),
        *_role("viewer", (*_VIEWER, *_SECRETS, *_PORT_FORWARD), User("viewer")),
        *_role("nosecrets", (*_VIEWER, *_PORT_FORWARD), User("nosecrets")),
        _binding("operator", "ClusterRole", "admin", User("operator")),
        *_metrics(site),
    ]


def install(site: Site, api: Api) -> None:
    """Applies them all, and the nodes' status, which apply of the object leaves out."""
    for item in objects(site):
        api.apply(item)
        if item["kind"] == "Node":
            path = f"/api/v1/nodes/{item['metadata']['name']}/status"
            api.patch(path, {"status": item["status"]})


def _storage_class() -> dict[str, Any]:
    note = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "standard", "annotations": note},
        "provisioner": "kubernetes.io/host-path",
        "reclaimPolicy": "Delete",
        "allowVolumeExpansion": True,
    }


def _role(
    name: str, rules: Iterable[tuple[str, str, list[str]]], user: User
) -> list[dict[str, Any]]:
    meta = {"name": f"testbed-{name}", "namespace": NAMESPACE}
    rows = [
        {"apiGroups": [group], "resources": resources.split(), "verbs": verbs}
        for group, resources, verbs in rules
    ]
    role = {"apiVersion": f"{_RBAC}/v1", "kind": "Role", "metadata": meta, "rules": rows}
    return [role, _binding(name, "Role", f"testbed-{name}", user)]


def _binding(name: str, kind: str, role: str, user: User) -> dict[str, Any]:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": f"testbed-{name}", "namespace": NAMESPACE},
        "roleRef": {"apiGroup": _RBAC, "kind": kind, "name": role},
        "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": user.apiserver_name}],
    }


def _metrics(site: Site) -> list[dict[str, Any]]:
    """metrics.k8s.io through a Service that names this machine (testbed.md)."""
    port = site.port("metrics")
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "metrics-server", "namespace": "kube-system"},
        "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]},
    }
    name = "v1beta1.metrics.k8s.io"
    spec = {
        "group": "metrics.k8s.io",
        "version": "v1beta1",
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
        "insecureSkipTLSVerify": True,
        "service": {"name": "metrics-server", "namespace": "kube-system", "port": port},
    }
    meta = {"name": name}
    kind = "APIService"
    api = {"apiVersion": "apiregistration.k8s.io/v1", "kind": kind, "metadata": meta, "spec": spec}
    return [service, api]
