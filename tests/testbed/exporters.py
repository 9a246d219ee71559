"""The real exporters of a hub's disks, as processes of a test's own on loopback.

The node exporter 1.5 of Debian tells the mounts of this machine. Its `nfs` collector reads
/proc/net/rpc/nfs, which is there only where the kernel's NFS client is loaded: elsewhere, and
where a test wants errors, a `Kernel` writes that file as the kernel does, for the real collector.

The dirsize exporter 3.2 of PyPI (it takes any prometheus_client) walks its folder as it starts and
then each full minute at the soonest, so a folder that changed wants `Homes.walk_again`. A folder
that is gone keeps its last figures until the exporter starts again, here as in a cluster.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.testbed.processes import Part
from tests.testbed.prometheus import Prometheus, program, running
from tests.testbed.scraped import ENDPOINTS, Target, scraped
from tests.testbed.site import free_port

_EACH_SECOND = "100000"
_MINUTES = "1"
# Where the tests run in a container, / is an overlay, which is left out unless told otherwise.
_FILE_SYSTEMS = (
    "--collector.filesystem",
    "--collector.filesystem.fs-types-exclude=^(cgroup2?|dev(pts|tmpfs)|mqueue|proc|sysfs)$",
)


class NodeExporter:
    """Filesystems and NFS client counters of this machine, or of a `Kernel`."""

    def __init__(
        self, prometheus: Prometheus, target: Target, log: Path, proc: Path | None
    ) -> None:
        """Use `node_exporter` or `home_nfs`."""
        self._prometheus = prometheus
        self._target = target
        words = [f"--path.procfs={proc}"] if proc else _FILE_SYSTEMS
        argv = (
            program("prometheus-node-exporter"),
            f"--web.listen-address={target.address}",
            "--collector.disable-defaults",
            "--collector.nfs",
            *words,
        )
        self._part = Part("node-exporter", argv, str(log), {})

    @contextmanager
    def runs(self) -> Iterator[None]:
        """It runs until the block ends; begins when Prometheus has what it tells."""
        with running(self._part, lambda: _answers(self._target.address)):
            self._prometheus.until(f"up{self._target.selector} == 1")
            yield


@contextmanager
def node_exporter(
    prometheus: Prometheus, node: str, folder: Path, proc: Path | None = None
) -> Iterator[NodeExporter]:
    """That of a node, scraped until the block ends; its log goes to `folder`."""
    labels = {"app_kubernetes_io_name": "prometheus-node-exporter", "node": node}
    with _scraped(prometheus, f"{node}:9100", labels, folder, proc) as found:
        yield found


@contextmanager
def home_nfs(
    prometheus: Prometheus, folder: Path, *, namespace: str = "hub"
) -> Iterator[NodeExporter]:
    """That beside an NFS server, as jupyterhub-home-nfs runs and labels it.

    This machine's / is its /shared-volume: Prometheus is configured to call it so.
    """
    labels = {
        "app": "nfs-server",
        "component": "shared-volume-metrics",
        "namespace": namespace,
        "service": "node-exporter-metrics",
    }
    with _scraped(prometheus, f"{namespace}-nfs:9100", labels, folder, None) as found:
        yield found


@contextmanager
def _scraped(
    prometheus: Prometheus, instance: str, labels: dict[str, str], folder: Path, proc: Path | None
) -> Iterator[NodeExporter]:
    target = Target(f"127.0.0.1:{free_port()}", ENDPOINTS, instance, labels)
    with scraped(prometheus.targets, [target]):
        yield NodeExporter(prometheus, target, folder / f"node-exporter-{instance}.log", proc)


class Kernel:
    """A /proc of which the node exporter reads the NFS client's counters of a node."""

    def __init__(self, proc: Path) -> None:
        """Makes it, without an NFS mount: no file."""
        self.proc = proc
        proc.joinpath("net", "rpc").mkdir(parents=True)

    def count(self, calls: int, retransmitted: int, refreshed: int = 0) -> None:
        """Since the boot: RPC calls, those that were sent again, credentials that were renewed
        (`rpc` of /proc/net/rpc/nfs, see nfsstat(8))."""
        rows = ["net 0 0 0 0", f"rpc {calls} {retransmitted} {refreshed}", _no_calls("proc3", 22)]
        self.proc.joinpath("net", "rpc", "nfs").write_text("\n".join([*rows, ""]))


def _no_calls(name: str, kinds: int) -> str:
    return f"{name} {kinds} {' '.join(['0'] * kinds)}"


class Homes:
    """The dirsize exporter over a folder of homes.

    `homes.walk_again()` when the folder is as a test wants it: first the exporter does not run.
    """

    def __init__(self, prometheus: Prometheus, folder: Path, log: Path, target: Target) -> None:
        """Use `dirsize`."""
        self.folder = folder
        self._prometheus = prometheus
        self._log = log
        self._target = target
        self._running = ExitStack()

    def walk_again(self) -> None:
        """Starts the exporter anew; returns when Prometheus knows each home as it is now."""
        self.stop()
        began = time.time()
        port = self._target.address.rpartition(":")[2]
        words = (str(self.folder), _EACH_SECOND, _MINUTES, "--port", port)
        argv = (sys.executable, "-m", "prometheus_dirsize_exporter.exporter", *words)
        part = Part("dirsize-exporter", argv, str(self._log), {"PYTHONUNBUFFERED": "1"})
        self._running.enter_context(running(part, lambda: _answers(self._target.address)))
        homes = sum(path.is_dir() for path in self.folder.iterdir())
        self._prometheus.until(
            f"dirsize_last_updated_ns{self._target.selector} > {began}",
            lambda found: len(found) == homes,
        )

    def stop(self) -> None:
        """Ends the exporter; its series end with the next scrape."""
        self._running.close()


@contextmanager
def dirsize(prometheus: Prometheus, folder: Path, *, namespace: str = "hub") -> Iterator[Homes]:
    """The exporter over a folder, scraped until the block ends; its log lies beside the folder."""
    port = free_port()
    labels = {"app": "dirsize-exporter", "namespace": namespace, "service": "dirsize-exporter"}
    target = Target(f"127.0.0.1:{port}", ENDPOINTS, f"dirsize:{port}", labels)
    homes = Homes(prometheus, folder, folder.with_suffix(".dirsize.log"), target)
    with scraped(prometheus.targets, [target]):
        try:
            yield homes
        finally:
            homes.stop()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/metrics", timeout=5).is_success
    except httpx.HTTPError:
        return False
