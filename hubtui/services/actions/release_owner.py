"""Who else manages the release and would put things back: Flux or Argo CD.

Source: Flux helm-controller (labels `helm.toolkit.fluxcd.io/name` and `/namespace` on what it
renders; HelmRelease v2), Argo CD docs, "Resource Tracking".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from hubtui.clients.gate import Call
from hubtui.clients.kube import KubeClient
from hubtui.errors import ApiError
from hubtui.model import kube
from hubtui.model.kinds import DEPLOYMENTS, Kind
from hubtui.model.manifest import Resource
from hubtui.model.plan import Check
from hubtui.model.text import one_line
from hubtui.services.actions.common import ok, stop, warn
from hubtui.services.actions.release_facts import Facts

NAME: Final = "owner"

_FLUX: Final = "helm.toolkit.fluxcd.io"
_ARGO: Final = "argocd.argoproj.io"
_HELM_RELEASES: Final = tuple(
    Kind(_FLUX, version, "helmreleases", "HelmRelease", kube.Object)
    for version in ("v2", "v2beta2")
)
_APPLICATIONS: Final = Kind("argoproj.io", "v1alpha1", "applications", "Application", kube.Object)

Json = Mapping[str, Any]


async def check(client: KubeClient, facts: Facts, namespace: str) -> Check:
    """Looks at the objects' marks, then for who made them. Raises UnreachableError."""
    release = facts.newest.release
    marked = by_flux_labels(facts.current.resources)
    releases, denied = await _helm_releases(client, namespace)
    named = (name for each in releases if (name := names(each, release, namespace)))
    owner = marked or next(named, "")
    if owner:
        return _flux(owner, releases)
    unseen = [f"HelmReleases of other namespaces: {denied}"] if denied else []
    try:
        live = await _list(client, Call("list", DEPLOYMENTS.resource, namespace), DEPLOYMENTS)
    except ApiError as error:
        live = []
        unseen.append(f"marks on Deployments: {error.what}")
    application = by_tracking(live)
    if not application:
        application, denied = await _by_instance(client, live, namespace)
        unseen += [f"Argo CD's Applications: {denied}"] if denied else []
    if application:
        return stop(
            NAME,
            f"Argo CD's Application {application} manages these objects and puts its own version "
            "back: change it in its repository, or switch its automatic sync off first",
            overridable=True,
        )
    return ok(NAME, "; ? not seen: ".join(["no mark of Flux or Argo CD", *unseen]))


def by_flux_labels(resources: Iterable[Resource]) -> str:
    """The HelmRelease that the manifest's objects are labelled with; empty without one."""
    for item in resources:
        name, namespace = (item.labels.get(f"{_FLUX}/{part}") for part in ("name", "namespace"))
        if name:
            return one_line(f"{namespace}/{name}" if namespace else str(name))
    return ""


def names(helm_release: Json, release: str, namespace: str) -> str:
    """The HelmRelease's own name when it is the one of this release; else empty."""
    meta, spec = _mapping(helm_release.get("metadata")), _mapping(helm_release.get("spec"))
    own, target = str(meta.get("namespace", "")), str(spec.get("targetNamespace") or "")
    named = str(spec.get("releaseName") or "")
    named = named or (f"{target}-{meta.get('name')}" if target else str(meta.get("name", "")))
    stored = str(spec.get("storageNamespace") or own)
    ours = named == release and namespace in (stored, target or own)
    return one_line(f"{own}/{meta.get('name')}") if ours else ""


def by_tracking(live: Iterable[Json]) -> str:
    """The Application in Argo CD's tracking annotation, `app:group/kind:namespace/name`."""
    for item in live:
        meta = _mapping(item.get("metadata"))
        found = _mapping(meta.get("annotations")).get(f"{_ARGO}/tracking-id")
        labelled = _mapping(meta.get("labels")).get(f"{_ARGO}/instance")
        if found or labelled:
            return one_line(str(found or labelled).partition(":")[0])
    return ""


async def _by_instance(client: KubeClient, live: Iterable[Json], namespace: str) -> tuple[str, str]:
    """The Application whose name is the objects' instance label, and why none could be looked for.

    Helm sets that label too, so only an Application that there is, and that is meant for the
    namespace, counts.
    """
    labels = [_mapping(_mapping(item.get("metadata")).get("labels")) for item in live]
    instances = {str(found) for each in labels if (found := each.get("app.kubernetes.io/instance"))}
    if not instances:
        return "", ""
    try:
        found = await _list(client, Call("list", _APPLICATIONS.resource), _APPLICATIONS)
    except ApiError as error:
        return "", "" if await _is_absent(client, _APPLICATIONS) else error.what
    for each in found:
        meta, spec = _mapping(each.get("metadata")), _mapping(each.get("spec"))
        meant = _mapping(spec.get("destination")).get("namespace")
        if meta.get("name") in instances and meant in (None, "", namespace):
            return one_line(f"{meta.get('namespace')}/{meta.get('name')}"), ""
    return "", ""


async def _is_absent(client: KubeClient, kind: Kind[kube.Object]) -> bool:
    """Whether the server knows no such kind: to somebody without the right it says 403 first."""
    try:
        known = await client.resources(kind.api_version)
    except ApiError as error:
        return error.status == _ABSENT
    return all(each.name != kind.plural for each in known)


async def _helm_releases(client: KubeClient, namespace: str) -> tuple[Sequence[Json], str]:
    """All that may be listed, and which right is missing for the others."""
    for kind in _HELM_RELEASES:
        try:
            return await _list(client, Call("list", kind.resource), kind), ""
        except ApiError as error:
            if error.status == _ABSENT:
                continue
            own = await _items(client, Call("list", kind.resource, namespace), kind)
            return own or (), error.what
    return (), ""


async def _items(
    client: KubeClient, call: Call, kind: Kind[kube.Object] | Kind[kube.Deployment]
) -> Sequence[Json] | None:
    """The items of a list; None where it may not be read or there is no such kind."""
    try:
        return await _list(client, call, kind)
    except ApiError:
        return None


async def _list(
    client: KubeClient, call: Call, kind: Kind[kube.Object] | Kind[kube.Deployment]
) -> Sequence[Json]:
    answer = msgspec.json.decode(await client.request(call, kind=kind))
    items = answer.get("items") if isinstance(answer, dict) else None
    return [item for item in items or () if isinstance(item, dict)]


def _flux(owner: str, releases: Iterable[Json]) -> Check:
    for each in releases:
        meta, spec = _mapping(each.get("metadata")), _mapping(each.get("spec"))
        if owner in (f"{meta.get('namespace')}/{meta.get('name')}", meta.get("name")):
            if spec.get("suspend"):
                return warn(
                    NAME,
                    f"Flux's HelmRelease {owner} is suspended; once resumed it puts its own "
                    "version back",
                )
            break
    return stop(
        NAME,
        f"Flux's HelmRelease {owner} manages this release and puts its own version back: change "
        "it in its repository, or suspend it first",
        overridable=True,
    )


_ABSENT = 404


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}
