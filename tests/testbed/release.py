"""The chart, packaged in the versions that a test wants, and installed by the real helm."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.testbed import places
from tests.testbed.api import Api, Json
from tests.testbed.build import Tools, locked, say
from tests.testbed.errors import TestbedError
from tests.testbed.site import Site
from tests.testbed.users import NAMESPACE, RELEASE

# Must never be seen outside the Secret: tests look for it in every output.
CANARY = "canary-oauth-client-secret-7f3d1c"
_SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
_OF_HUB = {"labelSelector": f"owner=helm,name={RELEASE}"}
_VARIABLES = ("KUBECONFIG", "KUBECACHEDIR")


@dataclass(frozen=True)
class Revision:
    """One `helm upgrade --install` of the hub: versions, values, words."""

    chart: str
    app: str
    description: str
    values: Mapping[str, Any] = field(default_factory=dict)


def hub_values(tag: str, guarantee: str) -> dict[str, Any]:
    """The values of the testbed's hub, as an operator would write them."""
    authenticator = {"client_id": "hubtui-testbed", "client_secret": CANARY}
    scopes = ["list:users", "read:users", "read:servers", "read:metrics", "proxy", "servers"]
    return {
        "hub": {
            "config": {
                "GenericOAuthenticator": authenticator,
                "JupyterHub": {"authenticator_class": "generic-oauth"},
            },
            "services": {"hubtui": {}, "testbed": {}},
            "loadRoles": {"hubtui": {"services": ["hubtui"], "scopes": scopes}},
        },
        "singleuser": {
            "image": {"name": "quay.example.org/class/singleuser-notebook", "tag": tag},
            "memory": {"guarantee": guarantee, "limit": "2G"},
        },
        "proxy": {
            "https": {
                "enabled": True,
                "type": "letsencrypt",
                "hosts": ["hub.example.org"],
                "letsencrypt": {"contactEmail": "operator@example.org"},
            }
        },
        "scheduling": {"userPlaceholder": {"replicas": 2}, "podPriority": {"enabled": True}},
        "cull": {"enabled": True, "timeout": 3600, "every": 600},
    }


# The last two share a JupyterHub minor, so that rolling back one step needs no old database.
REVISIONS = (
    Revision("4.3.3", "5.4.3", "Install the hub for the autumn term", hub_values("2026.08", "1G")),
    Revision("4.4.0", "5.5.0", "Chart 4.4.0 and the September image", hub_values("2026.09", "1G")),
    Revision("4.4.0", "5.5.0", "More memory for the genomics class", hub_values("2026.09", "1.5G")),
)
UNTOUCHED_TAG = "2026.10"  # a tag that no revision has, for upgrades that tests make


def chart_version(version: str, app: str) -> Path:
    """The chart's folder under another version: the templates are the same."""
    sources = sorted(path for path in places.CHART.rglob("*") if path.is_file())
    folder = places.built(f"chart-{version}", app, *(path.read_bytes() for path in sources))
    with locked(folder.with_suffix(".lock")):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
                copy = Path(temporary) / "jupyterhub"
                shutil.copytree(places.CHART, copy)
                meta = yaml.safe_load((copy / "Chart.yaml").read_text())
                meta |= {"version": version, "appVersion": app}
                (copy / "Chart.yaml").write_text(yaml.safe_dump(meta, sort_keys=False))
                made = Path(temporary) / "made"
                made.mkdir()
                copy.rename(made / "jupyterhub")
                made.rename(folder)
    return folder / "jupyterhub"


def umbrella(within: Path, version: str = "4.4.0", app: str = "5.5.0") -> Path:
    """A parent chart that has jupyterhub as its sub-chart, as 2i2c and hubploy lay it out."""
    folder = within / f"umbrella-{version}"
    if not folder.exists():
        shutil.copytree(chart_version(version, app), folder / "charts" / "jupyterhub")
        meta = {"apiVersion": "v2", "name": "basehub", "version": "0.1.0", "appVersion": "1"}
        dependency = {"name": "jupyterhub", "version": version}
        text = yaml.safe_dump({**meta, "dependencies": [dependency]}, sort_keys=False)
        (folder / "Chart.yaml").write_text(text)
    return folder


def helm(
    site: Site,
    tools: Tools,
    *arguments: str,
    major: int = 4,
    user: str = "admin",
    values: Mapping[str, Any] | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Runs the real helm in the hub's namespace; `values` go in on stdin."""
    environment = helm_environment(site, user)
    return run(tools.helm(major), environment, *arguments, values=values, check=check)


def run(
    binary: Path,
    environment: Mapping[str, str],
    *arguments: str,
    values: Mapping[str, Any] | None = None,
    check: bool = True,
) -> subprocess.CompletedProcess[str]:
    """Runs a helm of any cluster in the hub's namespace. Raises TestbedError unless told not to."""
    command = [str(binary), *arguments, "--namespace", NAMESPACE]
    if values is not None:
        command += ["--values", "-"]
    done = subprocess.run(
        command,
        env=environment,
        input=yaml.safe_dump(dict(values)) if values is not None else None,
        stdin=None if values is not None else subprocess.DEVNULL,
        text=True,
        capture_output=True,
        check=False,
    )
    if check and done.returncode:
        raise TestbedError(f"helm {' '.join(arguments)}: {done.stderr}")
    return done


def helm_environment(site: Site, user: str = "admin") -> dict[str, str]:
    """An environment in which helm sees this testbed and nothing of the machine's own."""
    return environment_of(site.file("kubeconfigs", f"{user}.yaml"), site.file("helm"))


def environment_of(kubeconfig: Path, home: Path) -> dict[str, str]:
    """An environment in which helm sees one cluster, and keeps what it keeps below `home`."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("HELM_")}
    return {
        **{k: v for k, v in clean.items() if k not in _VARIABLES},
        "KUBECONFIG": str(kubeconfig),
        "HELM_CACHE_HOME": str(home / "cache"),
        "HELM_CONFIG_HOME": str(home / "config"),
        "HELM_DATA_HOME": str(home / "data"),
    }


def upgrade(
    site: Site, tools: Tools, revision: Revision, major: int
) -> subprocess.CompletedProcess[str]:
    """Makes one revision of the hub's release."""
    arguments = upgrade_arguments(revision)
    return helm(site, tools, *arguments, major=major, values=revision.values)


def upgrade_arguments(revision: Revision) -> tuple[str, ...]:
    """What helm is told for one revision of the hub's release, but for the values."""
    chart = str(chart_version(revision.chart, revision.app))
    words = ("--description", revision.description, "--timeout=3m")
    return ("upgrade", "--install", RELEASE, chart, *words)


def install_all(site: Site, tools: Tools, major: int, after_first: Callable[[], None]) -> None:
    """Makes the three revisions of the hub, and a small release beside it."""
    for number, revision in enumerate(REVISIONS, start=1):
        say(f"{site.name}: helm {major}, revision {number} of the hub ({revision.description})")
        upgrade(site, tools, revision, major)
        if number == 1:
            after_first()
    support = places.HERE / "support"
    helm(site, tools, "upgrade", "--install", "support", str(support), major=major)
    with Api.of(site) as api:
        saved = site.file("revisions.json")
        saved.touch(0o600)
        saved.write_text(json.dumps([_bare(item) for item in api.items(_SECRETS, **_OF_HUB)]))


def reset(site: Site, tools: Tools) -> None:
    """Brings the hub's release back to its three revisions, and its objects to the last one."""
    # Through the history that is there, so that what a later revision added goes.
    _roll_back(site, tools)
    with Api.of(site) as api:
        _restore(site, api)
        if not _roll_back(site, tools):
            raise TestbedError("the release could not be brought back; take a new testbed")
        _restore(site, api)


def _roll_back(site: Site, tools: Tools) -> bool:
    """Rolls back to the last of our revisions; helm refuses the flag where it applies by client."""
    command = ("rollback", RELEASE, str(len(REVISIONS)), "--no-hooks")
    flags = (("--force-conflicts",), ())
    return any(
        helm(site, tools, *command, *more, check=False, user="testbed-setup").returncode == 0
        for more in flags
    )


def _restore(site: Site, api: Api) -> None:
    for item in api.items(_SECRETS, **_OF_HUB):
        api.request("DELETE", f"{_SECRETS}/{item['metadata']['name']}")
    for item in json.loads(site.file("revisions.json").read_text()):
        api.request("POST", _SECRETS, item)


def _bare(item: Json) -> Json:
    """A Secret without what the server adds."""
    meta = {key: item["metadata"][key] for key in ("name", "namespace", "labels")}
    return {"metadata": meta, "type": item["type"], "data": item["data"]}
