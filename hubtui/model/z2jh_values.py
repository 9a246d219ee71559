"""Settings of the z2jh chart that pass helm and then break or surprise (facts.md §1.9).

Each function takes the values of the hub's chart as it will see them, its own defaults included
where that matters, and gives what it found with the path in these values.

KubeSpawner's memory is JupyterHub's `ByteSpecification`: a number of bytes, or a number with one of
K, M, G, T, which count by 1024 (jupyterhub/traitlets.py). The chart hands `cull` on to
jupyterhub-idle-culler only where a value is not 0 or empty (files/hub/jupyterhub_config.py), and
its schema asks for `mountPath` and one content in each of `extraFiles`.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from hubtui.model.diff_images import split_image
from hubtui.model.values_path import Path, at, mapping_at, walk


@dataclass(frozen=True, slots=True)
class Found:
    """One setting, and what is wrong with it in words. `breaks`: the hub or new servers fail."""

    path: Path
    words: str
    breaks: bool = True


_BYTES = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*[KMGT]")
_SUFFIX = re.compile(r"(?P<number>[\d.]+)\s*(?P<unit>[KMGTkmgt])(?:i?[bB]?)")
_MEMORY_TRAITS: Final = ("mem_limit", "mem_guarantee")
_CPU_TRAITS: Final = ("cpu_limit", "cpu_guarantee")
_SPAWNERS: Final = ("KubeSpawner", "Spawner")
_CONTENTS: Final = ("data", "stringData", "binaryData")
_ZEROS: Final = {
    "timeout": "turn culling off, the culler then takes its own 600 s: use cull.enabled: false",
    "every": "mean all the time, the culler then looks every half of cull.timeout",
    "concurrency": "mean without a limit, the culler then takes its own 10",
}
_CLASSES: Final = (
    *("JupyterHub", "KubeSpawner", "Spawner", "Authenticator", "ConfigurableHTTPProxy"),
    *("CryptKeeper", "OAuthenticator", "GenericOAuthenticator", "GitHubOAuthenticator"),
    *("GoogleOAuthenticator", "AzureAdOAuthenticator", "Auth0OAuthenticator", "DummyAuthenticator"),
    *("CILogonOAuthenticator", "GitLabOAuthenticator", "GlobusOAuthenticator", "PAMAuthenticator"),
    *("BitbucketOAuthenticator", "LDAPAuthenticator", "LTI11Authenticator", "LTI13Authenticator"),
    *("NativeAuthenticator", "TmpAuthenticator", "FirstUseAuthenticator"),
)


def memory(values: Mapping[str, Any]) -> Iterator[Found]:
    """Memory that KubeSpawner refuses: `1Gi` is valid in Kubernetes and in the schema."""
    for path, value in _spawner_values(values, "memory", _MEMORY_TRAITS):
        if isinstance(value, str) and not _BYTES.fullmatch(value):
            better = _SUFFIX.fullmatch(value.strip())
            hint = (
                f": write {better['number']}{better['unit'].upper()}, which counts by 1024 here"
                if better
                else ": it takes a number of bytes, or one with K, M, G or T"
            )
            yield Found(path, f"{value!r} is not what KubeSpawner reads{hint}")


def cpu(values: Mapping[str, Any]) -> Iterator[Found]:
    """Cores as text: the schema and KubeSpawner take numbers only."""
    for path, value in _spawner_values(values, "cpu", _CPU_TRAITS):
        if isinstance(value, str):
            cores = _cores(value)
            hint = f": write {cores} without quotes" if cores else ": it takes a number of cores"
            yield Found(path, f"{value!r} is text{hint}")


def _cores(text: str) -> str:
    found = re.fullmatch(r"(?P<number>\d+(?:\.\d+)?)(?P<milli>m?)", text.strip())
    if found is None:
        return ""
    number = float(found["number"])
    return f"{number / 1000 if found['milli'] else number:g}"


def _spawner_values(
    values: Mapping[str, Any], kind: str, traits: tuple[str, ...]
) -> Iterator[tuple[Path, Any]]:
    """What is set of memory or cpu: for all, by class, and in profiles."""
    for name in ("guarantee", "limit"):
        path: Path = ("singleuser", kind, name)
        yield path, at(values, path)
    for spawner in _SPAWNERS:
        for trait in traits:
            path = ("hub", "config", spawner, trait)
            yield path, at(values, path)
    profiles: Path = ("singleuser", "profileList")
    for path, item in walk(at(values, profiles), profiles):
        if path[-1] == "kubespawner_override" and isinstance(item, Mapping):
            yield from (((*path, trait), item.get(trait)) for trait in traits)


def numeric_tags(values: Mapping[str, Any]) -> Iterator[Found]:
    """Tags that YAML reads as numbers: the schema refuses them, and `2024.10` is 2024.1."""
    for path, value in walk(values):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and path[-1] == "tag" and _is_image(path):
            yield Found(path, f"YAML reads the number {value}: put the tag in quotes")


def _is_image(path: Path) -> bool:
    return path[-2:-1] == ("image",) or path[-3:-2] == ("extraImages",)


def latest_tags(values: Mapping[str, Any]) -> Iterator[Found]:
    """Images whose tag is `latest`: what runs differs by node and day, and has no way back."""
    for path, value in walk(values):
        if value == "latest" and path[-1] == "tag" and _is_image(path):
            yield Found(path, "the tag is latest", breaks=False)
        elif path[-2:] == ("kubespawner_override", "image") and _latest(value):
            yield Found(path, f"{value} has the tag latest", breaks=False)


def _latest(image: object) -> bool:
    return isinstance(image, str) and split_image(image)[1] in ("", "latest")


def untagged_images(given: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[Found]:
    """An image of the operator's own whose tag nobody gives: the chart's tag is for another image.

    `given` are the operator's values, `before` those that the new ones go over.
    """
    for path, value in walk(given):
        if path[-2:] != ("image", "name") or not isinstance(value, str):
            continue
        tag = (*path[:-1], "tag")
        if at(given, tag) is None and at(before, tag) is None:
            words = f"{value} without a tag: the tag of the chart's own image is used"
            yield Found(path, words, breaks=False)


def culling(values: Mapping[str, Any]) -> Iterator[Found]:
    """`cull.timeout: 0` does not turn culling off, and no other 0 that has a meaning of its own is
    handed on either: the culler's own defaults come into force."""
    cull = mapping_at(values, ("cull",))
    if not cull.get("enabled", True):
        return
    for name, meant in _ZEROS.items():
        value = cull.get(name)
        if value == 0 and value is not False:
            yield Found(("cull", name), f"0 does not {meant}", breaks=False)


def config_sections(values: Mapping[str, Any]) -> Iterator[Found]:
    """Sections of `hub.config` that are no class: the schema refuses them, and so does the hub."""
    for name, section in mapping_at(values, ("hub", "config")).items():
        if section is not None and not re.match(r"[A-Z]", name):
            by_case = {known.casefold(): known for known in _CLASSES}
            close = get_close_matches(name.casefold(), list(by_case), n=1)
            hint = f": did you mean {by_case[close[0]]}?" if close else ""
            yield Found(("hub", "config", name), f"a class begins with a capital letter{hint}")


def extra_config(values: Mapping[str, Any]) -> Iterator[Found]:
    """Python of `hub.extraConfig` that cannot be read: the hub runs it when it starts, and ends
    there (files/hub/jupyterhub_config.py). It is read and never run."""
    for name, code in mapping_at(values, ("hub", "extraConfig")).items():
        if code is not None and (fault := _python_fault(code)):
            yield Found(("hub", "extraConfig", name), f"{fault}: the hub would not start")


def _python_fault(code: object) -> str:
    if not isinstance(code, str):
        return "Python has to be text here"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(code)
    except SyntaxError as error:
        return f"line {error.lineno or 1} is no Python: {error.msg}"
    except (ValueError, RecursionError, MemoryError):
        return "is no Python that can be read"
    return ""


def extra_files(values: Mapping[str, Any]) -> Iterator[Found]:
    """Files without a place, or with no or more than one content."""
    for part in ("hub", "singleuser"):
        for name, file in mapping_at(values, (part, "extraFiles")).items():
            path = (part, "extraFiles", name)
            if not isinstance(file, Mapping):
                continue
            if not file.get("mountPath"):
                yield Found(path, "has no mountPath")
            contents = [kind for kind in _CONTENTS if file.get(kind) is not None]
            if len(contents) != 1:
                has = " and ".join(contents) or "none"
                yield Found(path, f"needs one of data, stringData and binaryData, and has {has}")


TRAPS: Final[Mapping[str, Callable[[Mapping[str, Any]], Iterator[Found]]]] = {
    "memory": memory,
    "cpu": cpu,
    "image tags": numeric_tags,
    "latest": latest_tags,
    "culling": culling,
    "hub.config": config_sections,
    "hub.extraConfig": extra_config,
    "extraFiles": extra_files,
}
"""The traps by the name of their check, each of the values as the chart sees them."""


HUB_KEYS: Final = frozenset(
    ("hub", "proxy", "singleuser", "cull", "scheduling", "prePuller", "imagePullSecrets")
)
"""Keys at the top of the z2jh chart's values that charts around it seldom have."""


def misplaced(
    values: Mapping[str, Any], hub_path: Path, own_keys: frozenset[str]
) -> Iterator[Found]:
    """Settings of the hub at a level where no chart reads them: helm ignores them in silence.

    `hub_path` is where the hub's values stand, `own_keys` are the keys at the top that the
    release's chart and its sub-charts read.
    """
    right = ".".join(hub_path)
    for key in values:
        if key in own_keys or key in hub_path[:1]:
            continue
        if hub_path and key in HUB_KEYS:
            yield Found((key,), f"nothing reads it there: the hub's is {right}.{key}", breaks=False)
        elif key in (*hub_path, "jupyterhub"):
            where = f"under {right}" if hub_path else "at the top"
            words = f"nothing reads it there: the hub's values stand {where}"
            yield Found((key,), words, breaks=False)
    for depth in range(len(hub_path)):
        inner = (*hub_path[: depth + 1], hub_path[depth])
        if isinstance(at(values, inner), Mapping) and inner != hub_path[: depth + 2]:
            words = f"one level too deep: the hub's values stand under {right}"
            yield Found(inner, words, breaks=False)
