"""The values of the scenarios' releases. Their secrets are made up, and open nothing."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

Values = dict[str, Any]

CHART: Final = ("4.4.0", "5.5.0")
NEXT_CHART: Final = ("5.0.0", "6.1.1")
"""Version and app version of the chart, and of the one after it (facts.md §0)."""

GOOD: Final = "2026-08-17"
BETTER: Final = "2026-10-05"
LATEST: Final = "2026-11-16"
TYPO: Final = "2026-1O-05"
ARCHIVED: Final = "stats-204-2025"
"""Tags of the users' image; nobody has ever pushed TYPO, which has an O for a 0, and ARCHIVED is
not kept any more."""

JUPYTER: Final = "quay.io/jupyter/"
PUBLISHED: Final = re.compile(
    r"(base|minimal|scipy|r|julia|datascience|pytorch|tensorflow|pyspark|all-spark)-notebook:"
    r"(latest|\d{4}-\d{2}-\d{2}|(python|hub|lab|ubuntu|x86_64)-[\w.-]+)"
)
"""The images of Jupyter's Docker Stacks and how their tags look; there are no others."""

CRYPT_KEY: Final = "0123456789abcdef" * 4

_SCOPES: Final = [
    *("list:users", "read:users", "read:servers", "read:users:activity", "list:groups"),
    *("read:groups", "list:services", "read:services", "read:hub", "read:metrics", "proxy"),
    *("delete:servers", "servers"),
]
_PROFILES: Final[list[Values]] = [
    {"display_name": "Python and R", "slug": "standard", "default": True},
    {
        "display_name": "RStudio",
        "slug": "rstudio",
        "kubespawner_override": {"default_url": "/rstudio"},
    },
    {
        "display_name": "Large memory",
        "slug": "large",
        "kubespawner_override": {"mem_guarantee": "4G", "mem_limit": "8G"},
    },
    {
        "display_name": "Julia",
        "slug": "julia",
        "kubespawner_override": {"image": f"quay.io/jupyter/datascience-notebook:{BETTER}"},
    },
    {
        "display_name": "STATS 204 of 2025",
        "slug": "stats-204",
        "kubespawner_override": {"image": f"quay.io/jupyter/scipy-notebook:{ARCHIVED}"},
    },
]
COURSE: Final = "course"
"""A pool of nodes that only the servers of its own profile may go to."""

_COURSE: Final[Values] = {
    "display_name": "Course of 16 cores",
    "slug": COURSE,
    "kubespawner_override": {
        "node_selector": {"cloud.google.com/gke-nodepool": COURSE},
        "tolerations": [
            {"key": key, "operator": "Equal", "value": value, "effect": "NoSchedule"}
            for key, value in (("hub.jupyter.org/dedicated", "user"), (COURSE, "only"))
        ],
    },
}
_SHARED: Final[Values] = {
    "name": "shared-home",
    "persistentVolumeClaim": {"claimName": "shared-home"},
}
_MOUNTED: Final[Values] = {
    "name": "shared-home",
    "mountPath": "/home/jovyan/shared",
    "subPath": "{username}",
}
"""A folder on the shared home for everybody, beside the claim of their own."""

BASE: Final[Values] = {
    "hub": {
        "config": {
            "JupyterHub": {
                "admin_access": True,
                "authenticator_class": "generic-oauth",
                "cookie_secret": "c0ffee" * 10 + "c0de",
            },
            "ConfigurableHTTPProxy": {"auth_token": "made-up-token-of-the-proxy"},
            "GenericOAuthenticator": {
                "client_id": "jupyterhub",
                "client_secret": "made-up-secret-of-the-login",
            },
        },
        "services": {"hubtui": {"apiToken": "0f" * 32}},
        "loadRoles": {"hubtui": {"services": ["hubtui"], "scopes": _SCOPES}},
        "resources": {
            "requests": {"cpu": "500m", "memory": "512Mi"},
            "limits": {"memory": "2Gi"},
        },
    },
    "proxy": {"chp": {"resources": {"limits": {"memory": "512Mi"}}}},
    "singleuser": {
        "image": {"name": "quay.io/jupyter/scipy-notebook", "tag": GOOD},
        "memory": {"guarantee": "1G", "limit": "2G"},
        "profileList": _PROFILES[:3],
        "storage": {"extraVolumes": [_SHARED], "extraVolumeMounts": [_MOUNTED]},
    },
    "scheduling": {"podPriority": {"enabled": True}, "userPlaceholder": {"replicas": 3}},
    "prePuller": {"pullProfileListImages": False},
}


@dataclass(frozen=True, slots=True)
class Seed:
    """One revision: its values, its chart, and how helm's run ended. `after` is the seed whose
    revision is there before it."""

    values: Values
    after: str = ""
    chart: tuple[str, str] = CHART
    ends: Literal["well", "failed", "killed"] = "well"


def _with(base: Values, **changes: Any) -> Values:
    """A copy with values at dotted paths (`__` for a dot) changed."""
    made = copy.deepcopy(base)
    for path, value in changes.items():
        *parents, last = path.split("__")
        at = made
        for step in parents:
            at = at.setdefault(step, {})
        at[last] = value
    return made


_NOW: Final = _with(
    BASE,
    singleuser__image__tag=BETTER,
    singleuser__memory__limit="4G",
    singleuser__profileList=_PROFILES,
    scheduling__userPlaceholder__replicas=5,
)
_LATEST: Final = _with(_NOW, singleuser__image__tag=LATEST)

SEEDS: Final[dict[str, Seed]] = {
    "installed": Seed(BASE),
    "mistyped": Seed(_with(BASE, singleuser__image__tag=TYPO), "installed", ends="failed"),
    "present": Seed(_NOW, "installed"),
    "interrupted": Seed(_LATEST, "present", ends="killed"),
    "next-chart": Seed(_NOW, "present", NEXT_CHART),
    "too-large": Seed(_with(_NOW, singleuser__memory={"guarantee": "64G", "limit": "64G"}),
                      "present"),
    "no-image": Seed(
        _with(_NOW, singleuser__image__tag=TYPO, prePuller__hook={"enabled": False}), "present"
    ),
    "hungry-hub": Seed(
        _with(_NOW, hub__resources={"requests": {"cpu": "6", "memory": "24Gi"}}), "present"
    ),
    "long-cull": Seed(
        _with(_NOW, singleuser__profileList=[*_PROFILES, _COURSE], cull={"timeout": 8 * 3600}),
        "present",
    ),
    "small-hub": Seed(
        _with(
            _NOW,
            hub__resources={
                "requests": {"cpu": "500m", "memory": "256Mi"},
                "limits": {"memory": "256Mi"},
            },
        ),
        "present",
    ),
}  # fmt: skip
"""By the name of the file."""
