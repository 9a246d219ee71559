"""The names and manifests of servers are those that KubeSpawner itself makes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubtui.demo.chance import Chance
from hubtui.demo.hub import manifests
from hubtui.demo.hub.names import ODD, cast
from hubtui.demo.hub.records import Server, User
from hubtui.demo.hub.settings import Settings, from_values
from hubtui.demo.storage import Json
from hubtui.model import slugs
from tests.demo.hubs import START


@pytest.mark.parametrize(
    ("user", "server", "pod"),
    [
        ("alice", "", "jupyter-alice"),
        ("alice", "gpu", "jupyter-alice--gpu"),
        ("Alice.B@example.org", "", "jupyter-alice-b-example-org---b159722c"),
        ("Alice.B@example.org", "My Srv", "jupyter-alice-b-example-o--my-srv---8c40803b"),
        ("a--b", "", "jupyter-a-b---90827a2e"),
        ("1st", "", "jupyter-x-1st---e01ddf65"),
        ("user_name", "", "jupyter-user-name---2e0d0e00"),
        ("x" * 60, "", "jupyter-xxxxxxxxxxxxxxxxx--x---fb2abac5"),
    ],
)
def test_a_pod_is_named_as_in_the_facts(user: str, server: str, pod: str) -> None:
    assert manifests.pod_name(user, server) == pod


@pytest.mark.parametrize(("user", "label"), [("1st", "1st"), ("user_name", "user_name"), ("", "")])
def test_a_label_allows_more_than_a_name(user: str, label: str) -> None:
    assert slugs.label(user) == label


@given(st.text(max_size=70), st.text(max_size=50))
def test_slugs_are_kubespawners(user: str, server: str) -> None:
    from kubespawner.slugs import escape_slug, is_valid_label, multi_slug, safe_slug

    assert slugs.label(user) == safe_slug(user, is_valid=is_valid_label)
    assert slugs.escaped(user) == escape_slug(user)
    assert slugs.user_slug(user) == safe_slug(user, max_length=48)
    parts = [safe_slug(user, max_length=48), safe_slug(server, max_length=48) if server else ""]
    joined = "--".join(filter(None, parts))
    long = len("".join(parts)) + 2 > 48
    assert slugs.server_slug(user, server) == (multi_slug([user, server]) if long else joined)


Z2JH = {
    "namespace": "hub",
    "image": "quay.io/jupyterhub/k8s-singleuser-sample:5.0.0",
    "cmd": ["jupyterhub-singleuser"],
    "mem_guarantee": "1G",
    "mem_limit": "2G",
    "scheduler_name": "hub-user-scheduler",
    "common_labels": {
        "app": "jupyterhub",
        "app.kubernetes.io/name": "jupyterhub",
        "release": "hub",
        "app.kubernetes.io/instance": "hub",
        "chart": "jupyterhub-5.0.0",
        "helm.sh/chart": "jupyterhub-5.0.0",
        "app.kubernetes.io/managed-by": "kubespawner",
    },
    "extra_labels": {"hub.jupyter.org/network-access-hub": "true"},
    "storage_pvc_ensure": True,
    "storage_capacity": "10Gi",
    "storage_access_modes": ["ReadWriteOnce"],
    "pvc_name_template": "claim-{user_server}",
    "volumes": [
        {"name": "volume-{user_server}", "persistentVolumeClaim": {"claimName": "{pvc_name}"}}
    ],
    "volume_mounts": [{"name": "volume-{user_server}", "mountPath": "/home/jovyan"}],
    "tolerations": [
        {"key": key, "operator": "Equal", "value": "user", "effect": "NoSchedule"}
        for key in ("hub.jupyter.org/dedicated", "hub.jupyter.org_dedicated")
    ],
}
"""How z2jh configures KubeSpawner (facts.md §2)."""


@pytest.fixture
def spawner(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a real KubeSpawner that talks to no cluster, configured as z2jh does."""
    from jupyterhub.orm import Spawner
    from kubespawner import KubeSpawner, spawner
    from traitlets.config import Config

    monkeypatch.setattr(spawner, "load_config", lambda **_: None)
    monkeypatch.setattr(spawner, "shared_client", lambda *_: None)

    def make(user: str, server: str) -> Any:
        person = SimpleNamespace(name=user, id=1, url="/", escaped_name=user)
        hub = SimpleNamespace(public_host="", base_url="/hub/", api_url="http://hub:8081/hub/api")
        config, saved = Config(KubeSpawner=Z2JH), Spawner(name=server)
        made = KubeSpawner(config=config, _mock=True, user=person, hub=hub, orm_spawner=saved)
        made.get_env = dict
        return made

    return make


def plain(manifest: Any) -> Json:
    from kubernetes_asyncio.client import ApiClient, Configuration

    serializer = object.__new__(ApiClient)  # without the session that __init__ opens
    serializer.configuration = Configuration()
    found: Json = serializer.sanitize_for_serialization(manifest)
    return found


@pytest.mark.parametrize(("user", "server"), [*((each, "") for each in ODD), ("ana", "My Srv")])
async def test_pod_and_claim_are_kubespawners(spawner: Any, user: str, server: str) -> None:
    real = spawner(user, server)
    pod, claim = plain(await real.get_pod_manifest()), plain(real.get_pvc_manifest())
    values = {
        "Chart": {"Version": "5.0.0", "AppVersion": "6.1.1"},
        "singleuser": {"memory": {"guarantee": "1G", "limit": "2G"}},
    }
    ours = pod_of(user, server, from_values(values, {}, "hub"))
    for part in ("name", "labels", "annotations"):
        assert ours["metadata"][part] == pod["metadata"][part]
    for part in ("schedulerName", "tolerations", "volumes", "restartPolicy"):
        assert ours["spec"][part] == pod["spec"][part]
    container, notebook = ours["spec"]["containers"][0], pod["spec"]["containers"][0]
    for part in ("name", "image", "args", "volumeMounts"):
        assert container[part] == notebook[part]
    numbers = {
        kind: {k: int(v) for k, v in m.items()} for kind, m in container["resources"].items()
    }
    assert numbers == notebook["resources"]
    made = Server(User(1, user, START), server, real.pod_name, real.pvc_name)
    held = manifests.claim(made, from_values(values, {}, "hub"), "hub", "hub")
    for part in ("name", "labels", "annotations"):
        assert held["metadata"][part] == claim["metadata"][part]
    assert held["spec"]["resources"] == claim["spec"]["resources"]


def pod_of(user: str, server: str, settings: Settings, **options: str) -> Json:
    names = manifests.pod_name(user, server), manifests.claim_name(user, server)
    made = Server(User(1, user, START), server, *names, options=dict(options))
    return manifests.pod(made, settings, "hub", "hub", Chance(1))


PROFILES = [
    {"display_name": "Small", "kubespawner_override": {"mem_guarantee": "2G"}},
    {
        "display_name": "With R",
        "slug": "r",
        "default": True,
        "kubespawner_override": {"image": "rocker/binder:4", "cpu_guarantee": 0.5},
    },
]


@pytest.mark.parametrize(
    ("options", "image", "requests"),
    [
        ({"profile": "small"}, "sample:1", {"memory": str(2 * 2**30)}),
        ({"profile": "r"}, "rocker/binder:4", {"memory": str(2**30), "cpu": "500m"}),
        ({}, "rocker/binder:4", {"memory": str(2**30), "cpu": "500m"}),
    ],
)
def test_a_profile_changes_the_pod(options: dict[str, str], image: str, requests: Json) -> None:
    user = {"image": {"name": "sample", "tag": "1"}, "profileList": PROFILES}
    settings = from_values({"singleuser": user}, {}, "hub")
    container = pod_of("ana", "", settings, **options)["spec"]["containers"][0]
    assert (container["image"], container["resources"]["requests"]) == (image, requests)


def test_three_hundred_people_have_names_of_their_own() -> None:
    people = cast(Chance(1), 300)
    assert len({each.name for each in people}) == 300
    assert {each.name for each in people} > set(ODD)
    assert sum(each.admin for each in people) == 2
    assert people == cast(Chance(1), 300)
    assert people != cast(Chance(2), 300)
    assert len({manifests.pod_name(each.name) for each in people}) == 300
