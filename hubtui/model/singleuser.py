"""What a user's pod asks of a node by the values in force, for each profile.

Source: z2jh `files/hub/jupyterhub_config.py` (how values become KubeSpawner's traits; facts.md
§1.8, §1.9), KubeSpawner 7 `objects.make_pod` and `spawner._load_profile`, JupyterHub's
`traitlets.ByteSpecification`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from hubtui.model.kube_needs import WholePod, WholePodSpec
from hubtui.model.node_facts import PURPOSE
from hubtui.model.packing import Amounts, amounts, sum_of
from hubtui.model.placing import Wanting
from hubtui.model.text import one_line
from hubtui.model.values_path import at, mapping_at

_UNITS: Final = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}

_DEDICATED: Final = ("hub.jupyter.org/dedicated", "hub.jupyter.org_dedicated")

_TRAITS: Final = {
    "mem_guarantee": ("memory", "guarantee"),
    "mem_limit": ("memory", "limit"),
    "cpu_guarantee": ("cpu", "guarantee"),
    "cpu_limit": ("cpu", "limit"),
    "extra_resource_guarantees": ("extraResource", "guarantees"),
    "extra_resource_limits": ("extraResource", "limits"),
    "node_selector": ("nodeSelector",),
    "node_affinity_required": ("extraNodeAffinity", "required"),
    "pod_affinity_required": ("extraPodAffinity", "required"),
    "pod_anti_affinity_required": ("extraPodAntiAffinity", "required"),
    "init_containers": ("initContainers",),
    "extra_containers": ("extraContainers",),
    "extra_pod_config": ("extraPodConfig",),
}
"""Where below `singleuser` the chart has the traits that matter to a scheduler."""

_UNTOLD: Final = {
    "pod_affinity_required": "its affinity to other pods",
    "pod_anti_affinity_required": "its aversion to other pods",
}
_UNTOLD_OF_POD: Final = {
    "topologySpreadConstraints": "its topology spread",
    "runtimeClassName": "the overhead of its runtime class",
    "resourceClaims": "the devices that it claims",
    "hostNetwork": "the ports that it takes of its node",
}
MOST: Final = 40
"""Offers that are told apart."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to start a server. `name` and `slug` are empty where there are no profiles; a choice
    of a profile's option that asks for something else is an offer of its own.

    `limits` are those of its containers together. `unknown` names what of it the values do not
    tell, or what in them cannot be read.
    """

    name: str
    slug: str
    wanting: Wanting
    limits: Amounts = field(default_factory=dict)
    is_default: bool = False
    unknown: tuple[str, ...] = ()


def offers(values: Mapping[str, Any]) -> tuple[Offer, ...]:
    """What users can start, MOST at most, in the order of the list; `values` are those of the hub's
    chart with its defaults."""
    traits, profiles = _traits(values), _profiles(values)
    priority = _priority(values)
    if not profiles:
        return (_offer("", "", traits, priority, is_default=True),)
    first = next((each for each in profiles if each.get("default")), profiles[0])
    found: list[Offer] = []
    for profile in profiles:
        name = one_line(str(profile.get("display_name") or profile.get("slug") or "?"))
        slug = str(profile.get("slug") or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"))
        of_profile = _overridden(traits, profile.get("kubespawner_override"))
        options = _options(profile)
        usual = of_profile
        for _, choices in options:
            usual = _overridden(usual, choices[0][1])
        offer = _offer(name, slug, usual, priority, is_default=profile is first)
        found.append(replace(offer, unknown=(*offer.unknown, *_free_choices(profile))))
        for title, other in _others(of_profile, options):
            extra = _offer(f"{name}: {title}", slug, other, priority)
            if extra.wanting != offer.wanting:
                found.append(extra)
    return tuple(found[:MOST])


def placeholder(values: Mapping[str, Any]) -> Wanting:
    """What a placeholder asks for by the values: amounts are quantities of Kubernetes here, so that
    1G is less than a user's 1G."""
    given = mapping_at(values, ("scheduling", "userPlaceholder", "resources"))
    user = mapping_at(values, ("singleuser",))
    resources: dict[str, dict[str, Any]] = {}
    for part, extra in (("guarantee", "guarantees"), ("limit", "limits")):
        asked = {name: at(user, (name, part)) for name in ("memory", "cpu")}
        asked |= mapping_at(user, ("extraResource", extra))
        key = "requests" if part == "guarantee" else "limits"
        resources[key] = {name: value for name, value in asked.items() if value}
    traits = _traits(values)
    spec = _where(traits) | {"containers": [_container({"resources": given or resources})]}
    return replace(_wanting(spec, []), priority=_priority(values, "userPlaceholderPriority", -10))


def shared_claims(values: Mapping[str, Any]) -> frozenset[str]:
    """The claims that all servers mount: those whose names hold no user's."""
    storage = mapping_at(values, ("singleuser", "storage"))
    claims = {_claim_of(each) for each in _volumes(storage)}
    claims.add(str(at(storage, ("static", "pvcName")) or ""))
    return frozenset(claim for claim in claims if claim and "{" not in claim)


def of_template(template: Any) -> Wanting | None:
    """What the pods of a workload's template ask for; None when it cannot be read."""
    try:
        return Wanting.of(WholePod(spec=msgspec.convert(template["spec"], WholePodSpec)))
    except (KeyError, TypeError, ValueError):
        return None


def in_bytes(size: object) -> int:
    """Memory as KubeSpawner reads it: a number of bytes, or one with K, M, G or T of 1024.

    Raises ValueError for what it refuses.
    """
    if isinstance(size, (int, float)) and not isinstance(size, bool):
        return int(size)
    text = str(size)
    try:
        return int(float(text[:-1]) * _UNITS[text[-1:]])
    except (KeyError, ValueError, OverflowError):
        raise ValueError(f"{size!r} is not what KubeSpawner reads") from None


def _traits(values: Mapping[str, Any]) -> dict[str, Any]:
    """KubeSpawner's traits as the chart sets them."""
    user = mapping_at(values, ("singleuser",))
    pods = mapping_at(values, ("scheduling", "userPods"))
    chart = {trait: at(user, path) for trait, path in _TRAITS.items()}
    if "memory" not in user:
        chart["mem_guarantee"] = "1G"
    chart["tolerations"] = [
        *(_list(pods["tolerations"]) if "tolerations" in pods else _tolerations()),
        *_list(user.get("extraTolerations")),
    ]
    required = _list(chart["node_affinity_required"])
    if at(pods, ("nodeAffinity", "matchNodePurpose")) == "require":
        purpose = {"key": PURPOSE, "operator": "In", "values": ["user"]}
        required = [*required, {"matchExpressions": [purpose]}]
    chart["node_affinity_required"] = required
    chart["volumes"] = _volumes(mapping_at(user, ("storage",)))
    config = mapping_at(values, ("hub", "config"))
    return {
        **mapping_at(config, ("Spawner",)),
        **{name: value for name, value in chart.items() if value is not None},
        **mapping_at(config, ("KubeSpawner",)),
    }


def _tolerations() -> list[dict[str, str]]:
    """The chart's own: its default (facts.md §1.8)."""
    return [
        {"key": key, "operator": "Equal", "value": "user", "effect": "NoSchedule"}
        for key in _DEDICATED
    ]


def _volumes(storage: Mapping[str, Any]) -> list[Any]:
    found = _list(storage.get("extraVolumes"))
    if storage.get("type", "dynamic") == "dynamic":
        found.append({"persistentVolumeClaim": {"claimName": "claim-{user_server}"}})
    return found


def _priority(values: Mapping[str, Any], name: str = "defaultPriority", default: int = 0) -> int:
    given = mapping_at(values, ("scheduling", "podPriority"))
    written = given.get(name, default)
    return written if given.get("enabled") and isinstance(written, int) else 0


def _profiles(values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    written = at(values, ("singleuser", "profileList"))
    of_class = at(values, ("hub", "config", "KubeSpawner", "profile_list"))
    return [each for each in _list(of_class or written) if isinstance(each, Mapping)]


def _overridden(traits: Mapping[str, Any], override: Any) -> dict[str, Any]:
    """Traits with those of a kubespawner_override: maps merge, a null in one takes away."""
    found = dict(traits)
    for name, value in override.items() if isinstance(override, Mapping) else ():
        there = found.get(name)
        if isinstance(value, Mapping) and isinstance(there, Mapping):
            value = _overridden(there, value)
            value = {key: each for key, each in value.items() if each is not None}
        found[name] = value
    return found


_Choices = list[tuple[str, Any]]


def _options(profile: Mapping[str, Any]) -> list[tuple[str, _Choices]]:
    """The options of a profile with their choices, the default one first."""
    found: list[tuple[str, _Choices]] = []
    for key, option in mapping_at(profile, ("profile_options",)).items():
        known = [
            (str(each.get("display_name") or slug), each)
            for slug, each in mapping_at(option, ("choices",)).items()
            if isinstance(each, Mapping)
        ]
        known.sort(key=lambda choice: not choice[1].get("default"))
        if known:
            title = str(option.get("display_name") or key)
            choices = [(one_line(name), each.get("kubespawner_override")) for name, each in known]
            found.append((one_line(title), choices))
    return found


def _others(
    traits: Mapping[str, Any], options: list[tuple[str, _Choices]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each choice that is no default, with the defaults of the other options."""
    for number, (_, choices) in enumerate(options):
        for name, override in choices[1:]:
            chosen = dict(traits)
            for other, (_, theirs) in enumerate(options):
                chosen = _overridden(chosen, override if other == number else theirs[0][1])
            yield name, chosen


def _free_choices(profile: Mapping[str, Any]) -> Iterator[str]:
    """The options whose typed choice decides what is asked for."""
    for key, option in mapping_at(profile, ("profile_options",)).items():
        free = mapping_at(option, ("unlisted_choice",))
        touched = mapping_at(free, ("kubespawner_override",)).keys() - {"image"}
        if free.get("enabled") and touched:
            yield f"what somebody types for {one_line(str(key))}"


def _offer(
    name: str, slug: str, traits: Mapping[str, Any], priority: int, *, is_default: bool = False
) -> Offer:
    unknown = [words for trait, words in _UNTOLD.items() if traits.get(trait)]
    spec, given = _where(traits), mapping_at(traits, ("extra_pod_config",))
    notebook = {"resources": _resources(traits, unknown)}
    notebook |= mapping_at(traits, ("extra_container_config",))
    spec["containers"] = [
        _container(each) for each in (notebook, *_list(traits.get("extra_containers")))
    ]
    spec["initContainers"] = [_container(each) for each in _list(traits.get("init_containers"))]
    known = ("nodeSelector", "tolerations", "affinity", "overhead", "resources")
    spec |= {key: given[key] for key in known if given.get(key)}
    unknown += [words for key, words in _UNTOLD_OF_POD.items() if given.get(key)]
    own = [each for each in _list(traits.get("volumes")) if "{" in _claim_of(each)]
    wanting = replace(_wanting(spec, unknown), claims=len(own), priority=priority)
    limits = sum_of(amounts(each["resources"]["limits"]) for each in spec["containers"])
    return Offer(name, slug, wanting, limits, is_default, tuple(unknown))


def _where(traits: Mapping[str, Any]) -> dict[str, Any]:
    """What of a pod says on which nodes it may be."""
    terms = _list(traits.get("node_affinity_required"))
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    return {
        "nodeSelector": dict(mapping_at(traits, ("node_selector",))),
        "tolerations": _list(traits.get("tolerations")),
        "affinity": {"nodeAffinity": required} if terms else None,
    }


def _resources(traits: Mapping[str, Any], unknown: list[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {"requests": {}, "limits": {}}
    for key, part in (("requests", "guarantee"), ("limits", "limit")):
        memory, cpu = traits.get(f"mem_{part}"), traits.get(f"cpu_{part}")
        if memory:
            try:
                found[key]["memory"] = in_bytes(memory)
            except ValueError as error:
                unknown.append(f"its memory {part}: {error}")
        if cpu:
            found[key]["cpu"] = cpu
        found[key] |= mapping_at(traits, (f"extra_resource_{part}s",))
    asked, most = (amounts({n: str(v) for n, v in found[key].items()}) for key in found)
    above = [name for name, number in asked.items() if number > most.get(name, number)]
    unknown += [f"its {name}, of which it asks for more than its limit," for name in above]
    return found


def _container(written: Any) -> dict[str, Any]:
    """A container with what it asks for, as text."""
    given = mapping_at(written, ("resources",))
    return {
        "restartPolicy": at(written, ("restartPolicy",)),
        "resources": {
            key: {str(name): str(value) for name, value in mapping_at(given, (key,)).items()}
            for key in ("requests", "limits")
        },
    }


def _wanting(spec: dict[str, Any], unknown: list[str]) -> Wanting:
    try:
        found = msgspec.convert(spec, WholePodSpec)
        return Wanting.of(WholePod(spec=found))
    except ValueError as error:
        unknown.append(f"where it may run: {one_line(str(error))}")
        bare = {key: spec[key] for key in ("containers", "initContainers") if key in spec}
        return Wanting.of(WholePod(spec=msgspec.convert(bare, WholePodSpec)))


def _claim_of(volume: Any) -> str:
    return str(at(volume, ("persistentVolumeClaim", "claimName")) or "")


def _list(written: Any) -> list[Any]:
    """A list, or the values of a map in the order of its keys, as KubeSpawner takes both."""
    if isinstance(written, Mapping):
        return [written[key] for key in sorted(written)]
    return list(written) if isinstance(written, (list, tuple)) else []
