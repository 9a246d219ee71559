"""What a behaviour test needs of a cluster, whether it is the demo or a real control plane."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Protocol

from tests.testbed.api import Api


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

    def api(self) -> Api:
        """A small client for what a test sets up or looks up."""

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
