"""Who may speak to the testbed's apiserver: tokens, groups, and a kubeconfig for each."""

import secrets
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.testbed.site import Site

NAMESPACE = "hub"
RELEASE = "hub"
_MASTERS = "system:masters"


@dataclass(frozen=True)
class User:
    """A user of the token file. With `namespaced`, the kubeconfig names the hub's namespace."""

    name: str
    groups: tuple[str, ...] = ()
    namespaced: bool = False
    username: str = ""

    @property
    def apiserver_name(self) -> str:
        """How the apiserver and its audit log call the user."""
        return self.username or self.name


def _account(name: str) -> User:
    """A service account of the chart: its process is held to what the chart's Role allows."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}")
    return User(f"sa-{name}", groups, True, f"system:serviceaccount:{NAMESPACE}:{name}")


# readonly-admin has every right, so that an empty audit log proves hubtui and not RBAC.
PEOPLE = (
    User("admin", (_MASTERS,)),
    User("readonly-admin", (_MASTERS,)),
    User("viewer", namespaced=True),
    User("nosecrets", namespaced=True),
    User("operator", namespaced=True),
    User("nobody", namespaced=True),
)
# The parts' own users: the audit policy leaves them out.
PARTS = tuple(
    User(f"testbed-{part}", (_MASTERS,))
    for part in ("setup", "controller-manager", "scheduler", "kwok", "backstage", "faults")
)
ACCOUNTS = (_account("hub"), _account("user-scheduler"), _account("hook-image-awaiter"))
ALL = (*PEOPLE, *PARTS, *ACCOUNTS)


def write(site: Site) -> None:
    """Writes the token file, and a kubeconfig for each user."""
    tokens = {user.name: secrets.token_hex(20) for user in ALL}
    lines = [
        f'{tokens[user.name]},{user.apiserver_name},{user.name},"{",".join(user.groups)}"'
        for user in ALL
    ]
    token_file = site.file("tokens.csv")
    token_file.touch(0o600)
    token_file.write_text("\n".join(lines) + "\n")
    for user in ALL:
        namespace = NAMESPACE if user.namespaced else None
        kubeconfig(site, user.name, {"token": tokens[user.name]}, namespace)


def token(site: Site, name: str) -> str:
    """The bearer token of a user, as the token file has it."""
    for line in site.file("tokens.csv").read_text().splitlines():
        value, _, uid, *_ = line.split(",")
        if uid == name:
            return value
    raise KeyError(name)


def kubeconfig(
    site: Site,
    name: str,
    credentials: dict[str, object],
    namespace: str | None = None,
    server: str | None = None,
) -> Path:
    """Writes a kubeconfig of one context, `testbed-NAME`, with these credentials."""
    path = site.file("kubeconfigs", f"{name}.yaml")
    path.parent.mkdir(exist_ok=True)
    cluster = {
        "server": server or site.server,
        "certificate-authority": str(site.file("pki", "ca.crt")),
    }
    context = {"cluster": "testbed", "user": name}
    if namespace:
        context["namespace"] = namespace
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "testbed", "cluster": cluster}],
        "users": [{"name": name, "user": credentials}],
        "contexts": [{"name": f"testbed-{site.name}", "context": context}],
        "current-context": f"testbed-{site.name}",
    }
    path.touch(0o600)
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path
