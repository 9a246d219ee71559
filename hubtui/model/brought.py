"""What the image pullers of a release bring to its nodes, and what their pods look like.

The chart's own DaemonSets say it exactly; where they are off the values do (facts.md §1.4, §1.8).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hubtui.model.hub_chart import hub_values
from hubtui.model.image_name import full_name, is_image
from hubtui.model.manifest import Document, Resource, singleuser_image
from hubtui.model.node_facts import PURPOSE
from hubtui.model.roles import Role

PAUSE: Final = "registry.k8s.io/pause:3.10"
"""What waits in a puller's pod, where the release names no other."""

_PULLERS: Final = (Role.CONTINUOUS_PULLER, Role.HOOK_PULLER)
_PULLS: Final = "image-pull-"

_DEDICATED: Final = tuple(
    {"key": key, "operator": "Equal", "value": "user", "effect": "NoSchedule"}
    for key in ("hub.jupyter.org/dedicated", "hub.jupyter.org_dedicated")
)
"""The chart's default of scheduling.userPods.tolerations."""


@dataclass(frozen=True, slots=True)
class Brought:
    """One image: `by` are who runs it, in words; `pulled` whether the chart's pullers bring it."""

    image: str
    by: tuple[str, ...] = ()
    pulled: bool = True


@dataclass(frozen=True, slots=True)
class Wear:
    """What lets a puller's pod go where users' pods go, and pull what they run. `source` is where
    it is taken from, in words."""

    source: str
    pause: str = PAUSE
    tolerations: Sequence[Mapping[str, Any]] = _DEDICATED
    node_selector: Mapping[str, str] = field(default_factory=dict)
    affinity: Mapping[str, Any] = field(default_factory=dict)
    pull_secrets: tuple[str, ...] = ()
    priority_class: str = ""


@dataclass(frozen=True, slots=True)
class Cargo:
    """The images of a release, those of its users' servers first, and the pod that brings them."""

    images: tuple[Brought, ...]
    wear: Wear

    @property
    def pulled(self) -> tuple[str, ...]:
        """The images that the chart's own pullers bring."""
        return tuple(each.image for each in self.images if each.pulled)


def cargo_of(objects: Iterable[Document], hooks: Iterable[Document] = ()) -> Cargo:
    """What a revision brings, from the objects of its manifest and of its hooks."""
    known = [each for each in objects if isinstance(each, Resource)]
    pullers = _pullers(known) or _pullers(each for each in hooks if isinstance(each, Resource))
    values = hub_values(known)
    wear = _of_puller(pullers[0]) if pullers else _of_values(values, known)
    return Cargo(tuple(_images(pullers, values)), wear)


def _pullers(objects: Iterable[Resource]) -> list[Resource]:
    found = [
        each
        for each in objects
        if each.kind == "DaemonSet" and each.labels.get("component") in _PULLERS
    ]
    return sorted(found, key=lambda each: _PULLERS.index(Role(str(each.labels["component"]))))


def _images(pullers: Sequence[Resource], values: Mapping[str, Any]) -> Iterator[Brought]:
    """Each image once, by its whole name."""
    who: dict[str, dict[str, None]] = {}
    spelled: dict[str, str] = {}
    pulled: set[str] = set()
    for image, by, brings in (*_of_pods(pullers[:1]), *_named(values)):
        if not is_image(image):
            continue
        name = full_name(image)
        spelled.setdefault(name, image)
        who.setdefault(name, {})[by] = None
        if brings and not (pullers and by):
            pulled.add(name)
    for name, image in spelled.items():
        yield Brought(image, tuple(by for by in who[name] if by), name in pulled)


def _of_pods(pullers: Iterable[Resource]) -> Iterator[tuple[str, str, bool]]:
    """What a puller's init containers name: exactly what it brings."""
    for puller in pullers:
        for container in _list(_pod(puller).get("initContainers")):
            if str(container.get("name", "")).startswith(_PULLS):
                yield str(container.get("image", "")), "", True


def _named(values: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """What the values name: image, who runs it, whether the chart's pullers would bring it."""
    single, puller = _map(values.get("singleuser")), _map(values.get("prePuller"))
    yield singleuser_image(values), "singleuser", True
    metadata = _map(single.get("cloudMetadata"))
    if metadata.get("blockWithIptables"):
        yield _image(single.get("networkTools")), "network tools", True
    for part in ("initContainers", "extraContainers"):
        for container in _list(single.get(part)):
            yield str(container.get("image", "")), str(container.get("name", part)), True
    for profile in _list(single.get("profileList")):
        brings = puller.get("pullProfileListImages", True) is not False
        name = f"profile {profile.get('display_name') or profile.get('slug') or '?'}"
        for image in _of_profile(profile):
            yield image, name, brings
    for name, image in _map(puller.get("extraImages")).items():
        yield _image({"image": image}), f"extra image {name}", True


def _of_profile(profile: Mapping[str, Any]) -> Iterator[str]:
    yield str(_map(profile.get("kubespawner_override")).get("image") or "")
    for option in _map(profile.get("profile_options")).values():
        for choice in _map(_map(option).get("choices")).values():
            yield str(_map(_map(choice).get("kubespawner_override")).get("image") or "")


def _image(holder: object) -> str:
    return singleuser_image({"singleuser": holder})


def _of_puller(puller: Resource) -> Wear:
    spec = _pod(puller)
    waits = next((c for c in _list(spec.get("containers")) if c.get("name") == "pause"), {})
    return Wear(
        source=f"DaemonSet {puller.name}",
        pause=str(waits.get("image") or PAUSE),
        tolerations=_list(spec.get("tolerations")),
        node_selector=_map(spec.get("nodeSelector")),
        affinity=_map(spec.get("affinity")),
        pull_secrets=_names(spec.get("imagePullSecrets")),
        priority_class=str(spec.get("priorityClassName") or ""),
    )


def _of_values(values: Mapping[str, Any], objects: Sequence[Resource]) -> Wear:
    single, puller = _map(values.get("singleuser")), _map(values.get("prePuller"))
    users = _map(_map(values.get("scheduling")).get("userPods"))
    own = users.get("tolerations")
    pause = _image(_map(puller.get("pause")))
    return Wear(
        source="the values: its own pullers are off",
        pause=pause or PAUSE,
        tolerations=(
            *(_DEDICATED if own is None else _list(own)),
            *_list(single.get("extraTolerations")),
            *_list(puller.get("extraTolerations")),
        ),
        node_selector=_map(single.get("nodeSelector")),
        affinity=_affinity(_map(users.get("nodeAffinity")), single),
        pull_secrets=_secrets(values, single, objects),
        priority_class=_priority(objects),
    )


def _affinity(users: Mapping[str, Any], single: Mapping[str, Any]) -> Mapping[str, Any]:
    """What users' pods require of their node; a preference keeps a DaemonSet off nowhere."""
    terms = [*_list(_map(single.get("extraNodeAffinity")).get("required"))]
    if users.get("matchNodePurpose") == "require":
        purpose = {"key": PURPOSE, "operator": "In", "values": ["user"]}
        terms = [
            {**term, "matchExpressions": [purpose, *_list(term.get("matchExpressions"))]}
            for term in terms or [{}]
        ]
    if not terms:
        return {}
    required = {"nodeSelectorTerms": terms}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}


def _secrets(
    values: Mapping[str, Any], single: Mapping[str, Any], objects: Sequence[Resource]
) -> tuple[str, ...]:
    """The pull secrets of users' pods: those of the hub's own pod are among them."""
    shared: tuple[str, ...] = ()
    for each in objects:
        if each.kind == "Deployment" and each.labels.get("component") == Role.HUB:
            shared = _names(_pod(each).get("imagePullSecrets"))
    given = (
        *_names(values.get("imagePullSecrets")),
        *_names(_map(single.get("image")).get("pullSecrets")),
        *shared,
    )
    return tuple(dict.fromkeys(given))


def _priority(objects: Sequence[Resource]) -> str:
    found = (o.name for o in objects if o.kind == "PriorityClass" and "image-puller" in o.name)
    return next(found, "")


def _pod(workload: Resource) -> Mapping[str, Any]:
    return _map(_map(_map(workload.body.get("spec")).get("template")).get("spec"))


def _names(value: object) -> tuple[str, ...]:
    """Names that are written as `[{name: x}]` or as `[x]`."""
    found = value if isinstance(value, list) else ()
    names = (each.get("name") if isinstance(each, Mapping) else each for each in found)
    return tuple(str(name) for name in names if name)


def _list(value: object) -> list[Mapping[str, Any]]:
    """The mappings of a list, or of a mapping of them."""
    if isinstance(value, Mapping):
        value = list(value.values())
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
