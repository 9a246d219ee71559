"""What a hub is deployed from: a folder's layout, its value files, its chart, its git state."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

_SECRET: Final = re.compile(r"secret", re.IGNORECASE)


class Layout(StrEnum):
    """How a deployment folder is laid out (facts.md §6)."""

    HUBPLOY = "hubploy"
    TWO_I2C = "2i2c"
    PLAIN = "plain"


class ValuesMode(StrEnum):
    """What becomes of the values of the running revision (facts.md §5.2)."""

    RESET = "reset"
    """Only the new files count; everything that was set before is forgotten."""
    REUSE = "reuse"
    """The running values, and the running chart's defaults too; new files go over them."""
    RESET_THEN_REUSE = "reset-then-reuse"
    """The new chart's defaults, the running values over them, new files over those."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who can open a sops file: `kind` as people say it ("age", "GCP KMS"), `name` the key."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def to_json(self) -> dict[str, str]:
        return {"kind": self.kind, "name": self.name}


@dataclass(frozen=True, slots=True)
class ValueFile:
    """One file of values. `path` is absolute; `recipients` are those of the sops metadata."""

    path: str
    encrypted: bool = False
    recipients: tuple[Recipient, ...] = ()

    @property
    def named_secret(self) -> bool:
        """Whether the file's or its folder's name says secret: it has to be encrypted then."""
        return any(_SECRET.search(part) for part in self.path.split("/")[-2:])

    def to_json(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "encrypted": self.encrypted,
            "recipients": [recipient.to_json() for recipient in self.recipients],
        }


class ChartKind(StrEnum):
    """Where a chart comes from."""

    FOLDER = "folder"
    ARCHIVE = "archive"
    REPOSITORY = "repository"
    OCI = "oci"
    RUNNING = "running"
    """The chart of the running revision, as Helm stored it."""


@dataclass(frozen=True, slots=True)
class ChartSource:
    """A chart as helm takes it: a path, NAME of a repository's URL, or oci://…

    `repository` is a URL for --repo; `version` is empty for the newest, or what the folder has.
    `missing` are dependencies that Chart.yaml names and charts/ lacks.
    """

    kind: ChartKind
    reference: str
    version: str = ""
    repository: str = ""
    name: str = ""
    missing: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "reference": self.reference,
            "repository": self.repository,
            "name": self.name,
            "version": self.version,
        }


@dataclass(frozen=True, slots=True)
class GitState:
    """A work tree: `dirty` are changed paths, `conflicts` those of an unfinished merge; `branch` is
    empty on none of them, `commit` before the first one. `unfinished` names what git is in the
    middle of, with conflicts or without: a merge, a rebase.

    `ahead` and `behind` count commits against the upstream; None without one.
    """

    root: str
    branch: str
    commit: str
    author: str
    subject: str
    dirty: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    upstream: str = ""
    ahead: int | None = None
    behind: int | None = None
    unfinished: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "root": self.root,
            "branch": self.branch,
            "commit": self.commit,
            "author": self.author,
            "subject": self.subject,
            "dirty": list(self.dirty),
            "conflicts": list(self.conflicts),
            "unfinished": self.unfinished,
            "upstream": self.upstream,
            "ahead": self.ahead,
            "behind": self.behind,
        }


@dataclass(frozen=True, slots=True)
class Distance:
    """From one commit to another: `ahead` counts what the other one lacks, `behind` what it has
    and the first one lacks."""

    ahead: int
    behind: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One hub of a deployment folder: what `helm upgrade` would be given, in its order.

    `problems` are things that stop a plan, in words; `context` is the kubeconfig context that the
    folder names, if it does.
    """

    layout: Layout
    root: str
    hub: str
    environment: str = ""
    release: str
    namespace: str
    chart: ChartSource
    files: tuple[ValueFile, ...] = ()
    sets: tuple[str, ...] = ()
    set_strings: tuple[str, ...] = ()
    context: str = ""
    git: GitState | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What an upgrade is made from. `files` are in their order, `sets` are the names that are set
    one by one, without their values; `chart` has the version that was rendered; `git` is where they
    are written down."""

    files: tuple[ValueFile, ...]
    sets: tuple[str, ...]
    chart: ChartSource
    deployment: Deployment | None = None
    git: GitState | None = None

    def to_json(self) -> dict[str, Any]:
        deployment, git = self.deployment, self.git
        return {
            "layout": deployment.layout.value if deployment is not None else None,
            "folder": deployment.root if deployment is not None else None,
            "hub": deployment.hub if deployment is not None else None,
            "environment": deployment.environment if deployment is not None else None,
            "files": [file.to_json() for file in self.files],
            "sets": list(self.sets),
            "chart": self.chart.to_json(),
            "git": git.to_json() if git is not None else None,
        }
