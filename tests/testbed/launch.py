"""Brings a testbed up, part after part, and takes it down."""

import contextlib
import json
import os
import shutil
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx

from tests.testbed import basics, control_plane, hub, kubelets, pki, places, release, users
from tests.testbed.api import Api, Enough, Json
from tests.testbed.build import Tools, build_all, locked, say
from tests.testbed.errors import TestbedError
from tests.testbed.processes import Part, alive, wait_for
from tests.testbed.site import Site, claim
from tests.testbed.state import Parts

# Where the host-path provisioner of the controller-manager makes the folders of claims.
_VOLUMES = "/tmp/hostpath_pv/"


def find(name: str) -> Site | None:
    """The testbed of this name, whether or not it runs."""
    path = places.runs() / name / "site.json"
    if not path.exists():
        return None
    known = json.loads(path.read_text())
    return Site(name, known["slot"], known["load"])


def up(name: str, *, with_hub: bool = True, helm: int = 4, load: bool = False) -> Site:
    """Starts a testbed; the one of that name if it already runs."""
    tools = build_all()
    with locked(places.runs() / f"{name}.lock"):
        site = find(name)
        if site is not None:
            if all(alive(part) for part in Parts(site).all().values()):
                return site
            _down(site)
        shutil.rmtree(places.runs() / name, ignore_errors=True)
        site = claim(name, load)
        try:
            _start(site, tools, with_hub, helm)
        except BaseException:
            if "HUBTUI_TESTBED_KEEP" not in os.environ:
                _down(site)
            raise
        return site


def down(name: str) -> bool:
    """Ends what was started under this name and removes its folder; False if there is none."""
    with locked(places.runs() / f"{name}.lock"):
        folder = places.runs() / name
        site = find(name)
        if site is not None:
            _down(site)
        shutil.rmtree(folder, ignore_errors=True)
        return site is not None


def _start(site: Site, tools: Tools, with_hub: bool, helm: int) -> None:
    site.file("site.json").write_text(json.dumps({"slot": site.slot, "load": site.load}))
    tool_folders = {key: str(path) for key, path in tools.folders.items()}
    site.file("tools.json").write_text(json.dumps(tool_folders))
    parts = Parts(site)
    _start_cluster(site, tools, parts)
    with Api.of(site) as api:
        basics.install(site, api)
        backstage(site, parts)
        api.wait_items("/api/v1/nodes", open_nodes)
        if with_hub:
            release.install_all(site, tools, helm, lambda: _user_scheduler(site, tools, parts, api))
            hub.start(site, tools, parts, api)


def _start_cluster(site: Site, tools: Tools, parts: Parts) -> None:
    say(f"{site.name}: starting the control plane on {site.server}")
    authority = pki.Authority(site.file("pki"))
    users.write(site)
    parts.start(control_plane.etcd(site, tools), lambda: listens(site.port("etcd")))
    with Api.of(site) as api:
        parts.start(control_plane.apiserver(site, tools, authority), api.ready)
    parts.start(control_plane.controller_manager(site, tools),
                lambda: listens(site.port("controller-manager")))  # fmt: skip
    parts.start(control_plane.scheduler(site, tools), lambda: listens(site.port("scheduler")))
    config = kubelets.write_config(site)
    kwok = control_plane.kwok(site, tools, authority, config)
    parts.start(kwok, lambda: listens(site.port("kwok")))
    authority.server("metrics", ())


def _user_scheduler(site: Site, tools: Tools, parts: Parts, api: Api) -> None:
    """Starts the user-scheduler once the chart has made its configuration."""
    path = f"/api/v1/namespaces/{users.NAMESPACE}/configmaps/user-scheduler"
    config = api.get(path)["data"]["config.yaml"]
    part = control_plane.user_scheduler(site, tools, config)
    parts.start(part, lambda: listens(site.port("user-scheduler")))


def backstage(site: Site, parts: Parts) -> None:
    """Starts our own process that plays the metrics-server, the user servers and the awaiter."""
    argv = (sys.executable, "-m", "tests.testbed.backstage", site.name)
    env = {"HUBTUI_TESTBED": site.name, "PYTHONPATH": str(places.ROOT), "PYTHONUNBUFFERED": "1"}
    part = Part("backstage", argv, site.log("backstage"), env)
    parts.start(part, lambda: listens(site.port("metrics")))


def open_nodes(nodes: Sequence[Json]) -> bool:
    """Whether the nodes are Ready and the controller has taken their first taint away."""
    taints = {t["key"] for node in nodes for t in node["spec"].get("taints", ())}
    return Enough(4, ready=True)(nodes) and "node.kubernetes.io/not-ready" not in taints


def listens(port: int) -> bool:
    """Whether something accepts connections on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _down(site: Site) -> None:
    parts = Parts(site)
    volumes = _volumes(site) if parts.all() else []
    parts.end_all()
    for volume in volumes:
        shutil.rmtree(volume, ignore_errors=True)
    shutil.rmtree(site.directory, ignore_errors=True)
    if not wait_for(lambda: not listens(site.port("apiserver")), 5):
        raise TestbedError(f"port {site.port('apiserver')} is still in use")


def _volumes(site: Site) -> list[Path]:
    """The folders that the host-path provisioner made for this testbed's claims."""
    with contextlib.suppress(httpx.HTTPError, OSError, KeyError), Api.of(site) as api:
        found = [
            item["spec"].get("hostPath", {}).get("path", "")
            for item in api.items("/api/v1/persistentvolumes")
        ]
        return [Path(path) for path in found if path.startswith(_VOLUMES)]
    return []
