"""What a behaviour test needs of a cluster, whether it is the demo or a real control plane."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Protocol

from tests.testbed.api import Api
from tests.testbed.release import Revision


class Cluster(Protocol):
    """A cluster to behave in: `tests.testbed.Testbed` is one, and `DemoCluster` the other."""

    @property
    def name(self) -> str:
        """Which cluster it is."""

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of somebody with every right."""

    @property
    def kubectl(self) -> Path:
        """The kubectl binary."""

    @property
    def server(self) -> str:
        """The apiserver's URL."""

    @property
    def ca_file(self) -> Path | None:
        """The authority that signed the apiserver's certificate; None over plain HTTP."""

    def kubeconfig_for(self, user: str) -> Path:
        """A user's kubeconfig. Raises KeyError on the demo, which has no roles, for users with
        less than every right."""

    def kubeconfig_with(self, name: str, credentials: dict[str, object]) -> Path:
        """A kubeconfig with credentials of a test's own, such as an exec plugin."""

    def token(self, user: str) -> str:
        """A user's bearer token."""

    def kubeconfig_invalid(self) -> Path:
        """A kubeconfig whose token no apiserver knows: 401."""

    def api(self) -> Api:
        """A small client for what a test sets up or looks up; it is not audited."""

    def audit_entries(self, user: str) -> list[dict[str, Any]]:
        """What a user asked for, oldest first."""

    def helm(self, major: int = 4) -> Path:
        """The helm binary of a major version."""

    def helm_environment(self) -> dict[str, str]:
        """The environment of a helm that a test starts by itself."""

    def run_helm(
        self,
        *arguments: str,
        major: int = 4,
        values: Mapping[str, Any] | None = None,
        check: bool = True,
    ) -> CompletedProcess[str]:
        """Runs helm in the hub's namespace."""

    def upgrade(self, revision: Revision, major: int = 4) -> None:
        """Makes a further revision of the hub's release."""

    @property
    def hub_token(self) -> str:
        """The token of the hub's service `hubtui`."""

    def add_user(self, name: str, *, admin: bool = False) -> None:
        """Somebody more in the hub's database, without a server."""

    def work(self, name: str) -> None:
        """A user does something on their default server, and the hub hears of it."""

    def remove_user(self, name: str) -> None:
        """Stops the servers of a user, and takes them out of the hub's database."""

    def lose_route(self, name: str) -> None:
        """The proxy forgets the route of a user's default server."""

    def trouble(self, user: str, stage: str) -> AbstractContextManager[None]:
        """The servers of a user go wrong from the start, as a stage of the testbed tells; they are
        mended at the end."""

    def write_log(self, container: str, *lines: str, previous: bool = False) -> None:
        """Adds lines to the log that all containers of a name share, those to come too."""

    def clear_log(self, container: str) -> None:
        """Takes away what was written to a log."""

    def lose_node(self, name: str) -> None:
        """The node's kubelet falls silent: NotReady after the grace time."""

    def find_node(self, name: str) -> None:
        """The node's kubelet is back; returns when the node is Ready."""

    def wait_for_pods(self, selector: str, count: int = 1, seconds: float = 60) -> None:
        """Waits until exactly so many pods of the hub are there and Ready."""
