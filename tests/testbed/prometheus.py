"""A real Prometheus (2.42 in Debian 12) with a configuration, a port and a data folder of its own.

The programs are Debian's (`prometheus`, `prometheus-node-exporter`, `prometheus-alertmanager`); the
services that its packages may have started keep their ports (9090, 9100, 9093) and have nothing to
do with this. What is scraped stands in files of `folder/scraped`, which Prometheus reads again as
soon as one changes (`file_sd_configs`): each test adds what it has, see `tests.testbed.scraped`.

The first start takes 0.1 s until it is ready, with a week of history 1.1 s. It looks for changed
targets each five seconds and nothing makes it look sooner, so what many tests need (kubelets, the
dirsize exporter) is a target once a session and tells other figures then: these come in a second.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.testbed import history, processes
from tests.testbed.errors import MissingToolError, TestbedError
from tests.testbed.history import Past
from tests.testbed.processes import Part
from tests.testbed.scraped import EVERY, OPEN, WITH_TOKEN, Target, scraped
from tests.testbed.site import free_port

PACKAGES = {
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "prometheus-node-exporter": "prometheus-node-exporter",
    "prometheus-alertmanager": "prometheus-alertmanager",
}
"""Program and Debian package."""

TOKEN = "hub-token"
"""The file of its folder with the token for a hub."""

# What `exporters.home_nfs` shows of this machine stands for what its pod mounts.
_SHARED_VOLUME = {
    "source_labels": ["component", "mountpoint"],
    "regex": "shared-volume-metrics;/",
    "target_label": "mountpoint",
    "replacement": "/shared-volume",
}

Sample = tuple[dict[str, str], float]


def program(name: str) -> str:
    """Where a program of Debian's Prometheus is; raises MissingToolError."""
    found = shutil.which(name)
    if found is None:
        raise MissingToolError(
            f"{name} is not on PATH: the tests of storage and metrics need Debian's Prometheus. "
            f"apt-get install --no-install-recommends {' '.join(dict.fromkeys(PACKAGES.values()))}"
        )
    return found


def part(folder: Path, port: int, listens_on: str = "127.0.0.1") -> Part:
    """Its command line; writes its configuration into the folder, which must be there."""
    folder.joinpath("scraped").mkdir(exist_ok=True)
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump(_config(folder), sort_keys=False))
    argv = (
        program("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=60d",
        f"--web.listen-address={listens_on}:{port}",
        # Hidden from --help: how soon it takes up targets that its discovery knows.
        "--scrape.discovery-reload-interval=100ms",
        "--log.level=warn",
    )
    return Part("prometheus", argv, str(folder / "prometheus.log"), {})


def _config(folder: Path) -> dict[str, Any]:
    """Two jobs, for a hub wants a token; a target names its own `job` and `instance`."""
    token = folder / TOKEN
    token.touch(0o600)  # read at each scrape: without a hub there is none in it
    jobs = [
        {
            "job_name": "open",
            "file_sd_configs": _files(folder, OPEN),
            "metric_relabel_configs": [_SHARED_VOLUME],
        },
        {
            "job_name": "hub",
            "authorization": {"type": "token", "credentials_file": str(token)},
            "file_sd_configs": _files(folder, WITH_TOKEN),
        },
    ]
    rule = {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": "1m"}
    return {"global": rule, "scrape_configs": jobs}


def _files(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [{"files": [f"{folder}/scraped/*.{kind}"]}]


class Prometheus:
    """One that runs: what it knows, and what it is to scrape."""

    def __init__(self, folder: Path, port: int) -> None:
        """Use `alone`, or `Testbed.prometheus`."""
        self.folder = folder
        self.port = port

    @property
    def url(self) -> str:
        """Its address on loopback."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def targets(self) -> Path:
        """The folder of what it scrapes."""
        return self.folder / "scraped"

    def query(self, promql: str) -> list[Sample]:
        """An instant query, for what a test waits for: labels and value of each series."""
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": promql}, timeout=10)
        answer.raise_for_status()
        rows = answer.json()["data"]["result"]
        return [(row["metric"], float(row["value"][1])) for row in rows]

    def until(
        self, promql: str, enough: Callable[[list[Sample]], bool] = bool, seconds: float = 30
    ) -> list[Sample]:
        """Asks until the answer is as wanted; with `bool` until there is one."""
        found: list[Sample] = []

        def look() -> bool:
            found[:] = self.query(promql)
            return enough(found)

        if not processes.wait_for(look, seconds, every=0.1):
            raise TestbedError(f"{promql}: not as wanted after {seconds} s: {found}")
        return found

    @contextmanager
    def scraping(self, *targets: Target) -> Iterator[None]:
        """Scrapes these too, until the block ends; begins when each has answered once."""
        with scraped(self.targets, targets):
            for target in targets:
                self.until(f"up{target.selector} == 1")
            yield

    def ready(self) -> bool:
        """Whether it says that it is ready."""
        try:
            return httpx.get(f"{self.url}/-/ready", timeout=2).is_success
        except httpx.HTTPError:
            return False


def remember(folder: Path, past: Past) -> None:
    """Puts history into the data folder of a Prometheus that does not run yet, or not now."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    history.write_blocks(program("promtool"), past, data)


@contextmanager
def alone(folder: Path, past: Past = ()) -> Iterator[Prometheus]:
    """One of a test's own that remembers a past, until the block ends; no cluster has it."""
    folder.mkdir(parents=True, exist_ok=True)
    past = tuple(past)
    if past:
        remember(folder, past)
    found = Prometheus(folder, free_port())
    with running(part(folder, found.port), found.ready):
        yield found


@contextmanager
def running(wanted: Part, ready: Callable[[], bool], seconds: float = 30) -> Iterator[Part]:
    """A process of a test's own, ready, until the block ends."""
    started = processes.spawn(wanted)
    try:
        waited = processes.wait_for(lambda: ready() or not processes.alive(started), seconds)
        if not waited or not processes.alive(started):
            raise TestbedError(f"{wanted.name} did not start:\n{processes.tail(wanted.log)}")
        yield started
    finally:
        processes.end([started])
