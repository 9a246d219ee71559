"""Has the servers of one user go wrong from the start, as the stages tell: by their admission."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.testbed.api import Api
from tests.testbed.errors import TestbedError
from tests.testbed.processes import wait_for
from tests.testbed.stages import STAGE
from tests.testbed.users import NAMESPACE

_ROOT = "/apis/admissionregistration.k8s.io/v1"
_KINDS = ("mutatingadmissionpolicies", "mutatingadmissionpolicybindings")
_USER = "hub.jupyter.org/username"
_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"

Json = dict[str, Any]


@contextmanager
def trouble(api: Api, user: str, stage: str) -> Iterator[None]:
    """The pods of a user get a stage's annotation when they are made, and lose it at the end."""
    name = f"trouble-{user}"
    for kind, document in zip(_KINDS, _documents(name, user, stage), strict=True):
        api.request("POST", f"{_ROOT}/{kind}", document)
    try:
        if not wait_for(lambda: _given(api, user) == stage, 30, every=0.1):
            raise TestbedError(f"pods of {user} do not get their stage")
        yield
    finally:
        for kind in reversed(_KINDS):
            api.request("DELETE", f"{_ROOT}/{kind}/{name}")
        _mend(api, user)
        wait_for(lambda: not _given(api, user), 30, every=0.1)


def _mend(api: Api, user: str) -> None:
    """What is left of the user's pods goes well from here on."""
    for pod in api.items(_PODS, labelSelector="component=singleuser-server"):
        meta = pod["metadata"]
        if meta["annotations"].get(_USER) == user and STAGE in meta["annotations"]:
            api.patch(f"{_PODS}/{meta['name']}", {"metadata": {"annotations": {STAGE: None}}})


def _documents(name: str, user: str, stage: str) -> tuple[Json, Json]:
    head: Json = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": name}}
    pods = {
        "apiGroups": [""],
        "apiVersions": ["v1"],
        "operations": ["CREATE"],
        "resources": ["pods"],
    }
    mine = f"has(object.metadata.annotations) && '{_USER}' in object.metadata.annotations"
    mine += f" && object.metadata.annotations['{_USER}'] == '{user}'"
    path = f"/metadata/annotations/{STAGE.replace('/', '~1')}"
    patch = f"[JSONPatch{{op: 'add', path: '{path}', value: '{stage}'}}]"
    spec = {
        "matchConstraints": {"resourceRules": [pods]},
        "matchConditions": [{"name": "theirs", "expression": mine}],
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": patch}}],
    }
    policy = {**head, "kind": "MutatingAdmissionPolicy", "spec": spec}
    binding = {**head, "kind": "MutatingAdmissionPolicyBinding", "spec": {"policyName": name}}
    return policy, binding


def _given(api: Api, user: str) -> str:
    """The stage that a pod gets which is only tried: an older policy may be in force still."""
    container = {"name": "main", "image": "registry.k8s.io/pause:3.10"}
    meta = {"generateName": "tried-", "annotations": {_USER: user}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container]}}
    made = api.request("POST", _PODS, pod, params={"dryRun": "All"})
    return str(made["metadata"]["annotations"].get(STAGE, ""))
