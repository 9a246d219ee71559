"""What changed between the majors of the z2jh chart, and which values it concerns.

Sources, in jupyterhub/zero-to-jupyterhub-k8s:

* `jupyterhub/templates/NOTES.txt`, which fails for settings that are gone: at 020c2bd those of 1.0,
  at 433b0e1 `rbac.enabled` and `hub.fsGid` of 2.0; later `cloudMetadata` (#3192) and
  `httpRoute.gateway`.
* `docs/source/changelog.md`: "Breaking changes" of 0.10.0, 1.0.0 (#2211), 2.0.0, 3.0.0 and 4.0.0.
* `docs/source/administrator/upgrading/`: `upgrade-1-to-2.md`, `upgrade-2-to-3.md` and
  `upgrade-3-to-4.md`; `index.md` on the database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hubtui.model.values_path import Path, at, dotted, has, mapping_at, walk
from hubtui.model.z2jh_values import Found


@dataclass(frozen=True, slots=True)
class Gone:
    """A setting that the chart no longer takes from `since`, its major, on."""

    path: Path
    since: int
    instead: str


GONE: Final = (
    Gone(("auth",), 1, "hub.config"),
    Gone(("hub", "extraConfigMap"), 1, "custom"),
    Gone(("hub", "uid"), 1, "hub.containerSecurityContext.runAsUser"),
    Gone(("hub", "imagePullSecret"), 1, "imagePullSecret"),
    Gone(("singleuser", "imagePullSecret"), 1, "imagePullSecret"),
    Gone(("proxy", "pdb"), 1, "proxy.chp.pdb"),
    Gone(("proxy", "networkPolicy"), 1, "proxy.chp.networkPolicy"),
    Gone(("proxy", "containerSecurityContext"), 1, "proxy.chp.containerSecurityContext"),
    Gone(
        ("singleuser", "cloudMetadata", "enabled"),
        1,
        "singleuser.cloudMetadata.blockWithIptables, which means the opposite",
    ),
    Gone(("hub", "fsGid"), 2, "hub.podSecurityContext.fsGroup"),
    Gone(
        ("rbac", "enabled"),
        2,
        "rbac.create, and serviceAccount.create of hub, proxy.traefik, scheduling.userScheduler "
        "and prePuller.hook",
    ),
    Gone(("httpRoute", "gateway"), 5, "httpRoute.parentRefs"),
)


def gone(values: Mapping[str, Any], major: int) -> Iterator[Found]:
    """Settings that a chart of this major refuses."""
    for setting in GONE:
        if major >= setting.since and at(values, setting.path) is not None:
            yield Found(setting.path, f"gone since chart {setting.since}.0: use {setting.instead}")
    blocked: Path = ("singleuser", "cloudMetadata", "blockWithIptables")
    allowed: Path = ("singleuser", "networkPolicy", "egressAllowRules", "cloudMetadataServer")
    if major >= 3 and at(values, blocked) is True and at(values, allowed) is True:
        words = f"blocks what {dotted(allowed)} allows: the chart refuses both as true"
        yield Found(blocked, words)


@dataclass(frozen=True, slots=True)
class Major:
    """What a major of the chart brings: `points` for everyone, `concerns` by the values."""

    number: int
    points: tuple[str, ...]
    concerns: tuple[Callable[[Mapping[str, Any]], Iterator[Found]], ...] = ()


def _egress(values: Mapping[str, Any]) -> Iterator[Found]:
    for parent in (("hub",), ("proxy", "chp"), ("proxy", "traefik"), ("singleuser",)):
        path: Path = (*parent, "networkPolicy", "egress")
        if at(values, path) and not has(values, (*path[:-1], "egressAllowRules")):
            words = "egressAllowRules are new and allow more than these rules alone"
            yield Found(path, words, breaks=False)


def _braces(values: Mapping[str, Any]) -> Iterator[Found]:
    environment: Path = ("hub", "config", "KubeSpawner", "environment")
    for path in (("singleuser", "extraEnv"), environment):
        for name, value in mapping_at(values, path).items():
            if isinstance(value, str) and re.search(r"[{}]", value):
                words = "KubeSpawner expands { and } there: write {{ and }} for the characters"
                yield Found((*path, name), words, breaks=False)


def _nobody_allowed(values: Mapping[str, Any]) -> Iterator[Found]:
    sections = mapping_at(values, ("hub", "config"))
    set_ = any(
        (str(key).startswith("allow") or key == "admin_users") and value
        for section in sections.values()
        if isinstance(section, Mapping)
        for key, value in section.items()
    )
    if not set_:
        words = "no allow_all, allowed_users or the like: JupyterHub 5 then lets nobody in"
        yield Found(("hub", "config"), words, breaks=False)


def _templated_names(values: Mapping[str, Any]) -> Iterator[Found]:
    spawner = mapping_at(values, ("hub", "config", "KubeSpawner"))
    if "slug_scheme" in spawner:
        return
    for root in (("singleuser",), ("hub", "config", "KubeSpawner")):
        for path, value in walk(at(values, root), root):
            if isinstance(value, str) and re.search(r"\{(?:user|server)name\}", value):
                words = "names of users are written otherwise by KubeSpawner 7"
                hint = "hub.config.KubeSpawner.slug_scheme: escape keeps them"
                yield Found(path, f"{words}: {hint}", breaks=False)


MAJORS: Final = (
    Major(
        1,
        (
            "a schema is checked: unknown settings are refused",
            "resource requests have no default",
            "deleting a user deletes the user's claim (KubeSpawner.delete_pvc)",
        ),
    ),
    Major(
        2,
        (
            "JupyterHub 1 → 3, with a new database schema",
            "the image's own command starts a server, and JupyterLab is the default",
            "hub.extraConfig goes over hub.config",
        ),
        (_egress,),
    ),
    Major(
        3,
        (
            "JupyterHub 3 → 4, with a new database schema",
            "OAuthenticator 16: who may log in has to be said (allow_all)",
        ),
        (_braces,),
    ),
    Major(
        4,
        (
            "JupyterHub 4 → 5, with a new database schema",
            "who may log in has to be said, with every authenticator (allow_all)",
            "KubeSpawner 7 names pods and claims in another way",
            "Kubernetes 1.28 or newer",
        ),
        (_nobody_allowed, _templated_names),
    ),
    Major(5, ("httpRoute.gateway is gone", "Kubernetes 1.32 or newer")),
)


def passed(before: int, after: int) -> tuple[Major, ...]:
    """The majors that an upgrade goes through, the last one included."""
    return tuple(major for major in MAJORS if before < major.number <= after)
