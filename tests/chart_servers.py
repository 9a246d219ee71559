"""Where charts are fetched from: a repository that helm itself indexes, and a real registry."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.testbed import build
from tests.testbed.pki import Authority
from tests.webserver import serving


def packed(chart: Path, version: str, folder: Path) -> Path:
    """The chart's archive in a folder, as this version."""
    _helm("package", str(chart), "--version", version, "--destination", str(folder))
    return folder / f"{chart.name}-{version}.tgz"


@dataclass
class ChartRepository:
    """A folder of archives with its index.yaml, served over HTTP. `asked` are the paths."""

    folder: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)

    def add(self, chart: Path, *versions: str) -> None:
        """Puts versions of a chart into it."""
        for version in versions:
            packed(chart, version, self.folder)
        _helm("repo", "index", str(self.folder))

    def add_to_helm(self, name: str) -> None:
        """What `helm repo add` does, in whichever home is the environment's."""
        _helm("repo", "add", name, self.url)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        path = self.folder / request.match_info["name"]
        return web.FileResponse(path) if path.is_file() else web.Response(status=404)


@contextmanager
def chart_repository(folder: Path) -> Iterator[ChartRepository]:
    """A repository without a chart."""
    folder.mkdir()
    found = ChartRepository(folder)
    app = web.Application()
    app.router.add_get("/charts/{name}", found.answer)
    with serving(app) as url:
        found.url = f"{url}/charts"
        yield found


@dataclass
class ChartRegistry:
    """A registry that speaks TLS at `host`; `authority` is the file of who signed its certificate.

    At `plain_host` it speaks HTTP: helm 3 asks every registry on loopback that way.
    """

    host: str
    plain_host: str
    folder: Path
    authority: Path

    def push(self, chart: Path, *versions: str) -> str:
        """Pushes versions of a chart; its oci:// reference, over TLS."""
        where = f"oci://{self.host}/charts"
        for version in versions:
            archive = str(packed(chart, version, self.folder))
            _helm("push", archive, where, "--ca-file", str(self.authority))
        return f"{where}/{chart.name}"


@contextmanager
def chart_registry(folder: Path) -> Iterator[ChartRegistry]:
    """A registry that holds nothing yet: go-containerregistry's, in a process of its own."""
    authority = Authority(folder)
    files = [str(path) for path in authority.server("registry", ())]
    with subprocess.Popen(
        [str(build.registry()), *files],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        if process.stdout is None:
            raise RuntimeError("a process without its stdout")
        host, plain_host = (process.stdout.readline().strip() for _ in range(2))
        yield ChartRegistry(host, plain_host, folder, authority.certificate_file)


def _helm(*words: str) -> None:
    ended = subprocess.run(
        [str(build.unpack_helm().helm(4)), *words],
        capture_output=True,
        check=False,
        env={**os.environ, "HELM_REGISTRY_CONFIG": os.devnull},
    )
    assert ended.returncode == 0, ended.stderr.decode()
