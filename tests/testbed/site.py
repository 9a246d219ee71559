"""What one testbed has for itself: folder, ports, pod network. Two testbeds never share any."""

import socket
from dataclasses import dataclass
from pathlib import Path

from tests.testbed import places
from tests.testbed.build import locked
from tests.testbed.errors import TestbedError

_PORTS = (
    "etcd", "etcd-peer", "apiserver", "controller-manager", "scheduler", "user-scheduler", "kwok",
    "hub", "proxy", "proxy-api", "singleuser", "metrics", "backstage", "prometheus",
)  # fmt: skip
_FIRST_PORT = 20_000  # below Linux's ephemeral ports (32768), so that no client takes one
_STEP = 20
_SLOTS = 100


@dataclass(frozen=True)
class Site:
    """The addresses of the testbed in one slot."""

    name: str
    slot: int
    load: bool = False

    @property
    def directory(self) -> Path:
        """Everything that this testbed writes."""
        return places.runs() / self.name

    def port(self, part: str) -> int:
        """The loopback port of a part."""
        return _FIRST_PORT + self.slot * _STEP + _PORTS.index(part)

    def url(self, part: str, scheme: str = "https") -> str:
        """The loopback URL of a part."""
        return f"{scheme}://127.0.0.1:{self.port(part)}"

    @property
    def pod_cidr(self) -> str:
        """Pod addresses are loopback ones, so what listens on 0.0.0.0 answers for every pod."""
        return f"127.{100 + self.slot}.0.0/16"

    @property
    def service_cidr(self) -> str:
        """Nothing routes these; the apiserver only hands them out."""
        return f"10.{100 + self.slot}.0.0/16"

    @property
    def server(self) -> str:
        """The apiserver's URL."""
        return self.url("apiserver")

    def file(self, *parts: str) -> Path:
        """A path in the testbed's folder."""
        return self.directory.joinpath(*parts)

    def log(self, part: str) -> str:
        """Where a part's output goes."""
        return str(self.file("logs", f"{part}.log"))


def claim(name: str, load: bool) -> Site:
    """Takes the first slot whose ports are free and that no testbed holds, and makes its folder."""
    with locked(places.cache() / "slots.lock"):
        taken = {int(p.read_text()) for p in places.runs().glob("*/slot")}
        for slot in range(_SLOTS):
            site = Site(name, slot, load)
            if slot not in taken and all(_free(site.port(part)) for part in _PORTS):
                site.file("logs").mkdir(parents=True)
                site.directory.chmod(0o700)
                site.file("slot").write_text(str(slot))
                return site
    raise TestbedError(f"no free slot among {_SLOTS}: look at {places.runs()}")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - what the single-user stand-in will bind
        except OSError:
            return False
    return True


def free_port() -> int:
    """A loopback port for what a test starts by itself."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
