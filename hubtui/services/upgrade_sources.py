"""Where an upgrade comes from, as somebody puts it: what was typed becomes an UpgradeRequest.

What is missing or cannot be meant is a UsageError; everything that is named is looked at only to
say what it is.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from hubtui.errors import HubtuiError, ToolError, UsageError
from hubtui.model.deployment import ChartSource, Deployment, ValueFile, ValuesMode
from hubtui.model.hub_chart import CHART, hub_path
from hubtui.model.overlay import nulls
from hubtui.model.release import Payload, in_force
from hubtui.model.text import one_line
from hubtui.model.values_path import at, dotted
from hubtui.services.actions.upgrade_request import UpgradeRequest
from hubtui.services.session import Session

Z2JH: Final = "https://hub.jupyter.org/helm-chart/"
"""The repository of the z2jh chart (facts.md §0)."""

_TAG: Final = re.compile(r"\w[\w.-]{0,127}", re.ASCII)


class Source(StrEnum):
    """What an upgrade is made from."""

    FOLDER = "folder"
    FILES = "files"
    CHART = "chart"
    TAG = "tag"
    EDIT = "edit"


USUAL: Final[Mapping[Source, ValuesMode]] = {
    Source.FOLDER: ValuesMode.RESET,
    Source.FILES: ValuesMode.RESET,
    Source.CHART: ValuesMode.RESET_THEN_REUSE,
    Source.TAG: ValuesMode.REUSE,
    Source.EDIT: ValuesMode.RESET_THEN_REUSE,
}
"""The mode that most want with a source; it is proposed, never taken by itself."""


@dataclass(slots=True)
class Typed:
    """What was typed and chosen so far; it stays when one goes back and forth.

    `hub` is the name in the folder, `hub/environment` where it has several, `folder_chart` a folder
    of hubploy's; without a folder the deployment of the configuration is meant. `files` are paths
    with commas between. `chart` and `version` are the other chart to go to; `with_chart` and
    `with_version` the one to use with what else changes, empty for the one that runs. `text` is the
    edited text, `overlay` what it changes.
    """

    source: Source | None = None
    mode: ValuesMode | None = None
    folder: str = ""
    hub: str = ""
    folder_chart: str = ""
    files: str = ""
    chart: str = ""
    version: str = ""
    with_chart: str = ""
    with_version: str = ""
    repository: str = ""
    tag: str = ""
    text: str = field(default="", repr=False)
    overlay: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Running:
    """What the revision in force says of where an upgrade starts from."""

    payload: Payload = field(repr=False)
    hub_path: tuple[str, ...] | None

    @property
    def chart_is_whole(self) -> bool:
        """Whether Helm stores all of the chart that runs: of one with sub-charts it does not."""
        return self.hub_path == () and not self.payload.chart.dependencies

    @property
    def tag_path(self) -> tuple[str, ...]:
        """Where the tag of the user servers' image stands in the release's values."""
        return (*(self.hub_path or ()), "singleuser", "image", "tag")

    @property
    def image(self) -> str:
        """The image of user servers as the values name it: `name:tag`; empty when they do not."""
        found = [self._value((*self.tag_path[:-1], name)) for name in ("name", "tag")]
        return ":".join(one_line(str(value)) for value in found if value)

    def _value(self, path: Sequence[str]) -> Any:
        own = at(self.payload.config, path)
        return own if own is not None else at(self.payload.defaults, path)


async def running(session: Session) -> Running:
    """The revision in force. Raises UsageError without one, and what reading it raises."""
    force = in_force(session.releases.heads(session.release))
    if force is None:
        raise UsageError(f"There is no release {session.release} to upgrade")
    payload = await session.releases.payload(force)
    return Running(payload, hub_path(payload))


async def proposed(session: Session) -> Typed:
    """What to start from: the deployment folder around the current one, the hub of this release,
    the usual repository, and the mode that the configuration names."""
    from hubtui.clients import repo

    typed = Typed()
    root = await asyncio.to_thread(repo.find, Path.cwd())
    if root is not None:
        typed.folder = str(root)
        typed.hub = await hub_in(typed.folder, session.release)
    elif session.settings.deployment is not None:
        typed.mode = session.settings.deployment.mode
    if session.hub.chart_version:
        typed.chart, typed.repository = CHART, Z2JH
    return typed


async def hub_in(folder: str, release: str) -> str:
    """The hub of a folder that a release is named after; empty when it cannot be told."""
    from hubtui.clients import repo

    if not folder.strip():
        return ""
    try:
        found = await asyncio.to_thread(repo.named_after, _path(folder), release)
    except HubtuiError:
        return ""
    return "/".join(part for part in found or () if part)


async def hubs(folder: str) -> tuple[str, ...]:
    """The hubs of a deployment folder, `hub/environment` where they have several environments.
    Empty for what is no such folder."""
    from hubtui.clients import repo

    if not folder.strip():
        return ()
    try:
        found = await asyncio.to_thread(repo.hubs, _path(folder))
    except HubtuiError:
        return ()
    return tuple("/".join(part for part in names if part) for names in found)


async def deployment(session: Session, typed: Typed) -> Deployment:
    """What the typed folder deploys, or the configuration without one.

    Raises UsageError for a folder or a hub that is not there, DecodeError for broken YAML.
    """
    from hubtui.clients import repo

    if typed.folder.strip():
        hub, _, environment = typed.hub.strip().partition("/")
        chart = typed.folder_chart.strip()
        return await repo.read(_path(typed.folder), hub, environment, chart=chart)
    found = await repo.configured(session.settings, session.release, session.namespace)
    if found is None:
        raise UsageError("No deployment folder is named")
    return found


async def request(session: Session, typed: Typed, now: Running) -> UpgradeRequest:
    """The upgrade that is meant. Raises UsageError, which says what is missing."""
    if typed.source is None:
        raise UsageError("Nothing is chosen to upgrade from")
    if typed.mode is None:
        raise UsageError("It is not said what becomes of the values that are set")
    asked = UpgradeRequest(mode=typed.mode)
    match typed.source:
        case Source.FOLDER:
            return replace(asked, deployment=await deployment(session, typed))
        case Source.FILES:
            asked = await with_files(asked, await value_files(typed.files))
        case Source.CHART:
            if not typed.chart.strip():
                raise UsageError(
                    "No chart is named", remedy="Name a folder, an archive, oci://…, or its name."
                )
            return replace(asked, chart=await _chart(typed.chart, typed.version, typed.repository))
        case Source.TAG:
            asked = replace(asked, set_strings=(_tag(typed, now),))
        case Source.EDIT:
            asked = replace(asked, overlay=_overlay(typed))
    if not typed.with_chart.strip():
        return asked
    chart = await _chart(typed.with_chart, typed.with_version, typed.repository)
    return replace(asked, chart=chart)


async def with_files(asked: UpgradeRequest, files: tuple[ValueFile, ...]) -> UpgradeRequest:
    """The request with these files, and the work tree that holds them where no folder has its
    own."""
    from hubtui.clients import git

    if not files or asked.deployment is not None:
        return replace(asked, files=files)
    try:
        found = await git.holding([Path(file.path).parent for file in files])
    except ToolError as error:
        return replace(asked, files=files, no_git=error.what)
    return replace(asked, files=files, git=found)


async def value_files(text: str) -> tuple[ValueFile, ...]:
    """The files that are named with commas between. Raises UsageError for one that is not there."""
    from hubtui.clients import sops

    paths = [_path(part) for part in text.split(",") if part.strip()]
    if not paths:
        raise UsageError("No value file is named")
    for path in paths:
        if not await asyncio.to_thread(path.is_file):
            raise UsageError(f"There is no file {one_line(str(path))}")
    return tuple([await asyncio.to_thread(sops.inspect, path) for path in paths])


async def _chart(reference: str, version: str, repository: str) -> ChartSource:
    from hubtui.clients import charts

    name = reference.strip()
    local = await asyncio.to_thread(_path(name).exists)
    repository = "" if local or name.startswith("oci://") else repository.strip()
    return await charts.source(name, version.strip(), repository)


def _tag(typed: Typed, now: Running) -> str:
    tag = typed.tag.strip()
    if not _TAG.fullmatch(tag):
        words = f"{one_line(tag)!r} is no tag of an image" if tag else "No tag is named"
        raise UsageError(words)
    if now.hub_path is None:
        raise UsageError("The release has no hub whose image could be changed")
    return f"{dotted(now.tag_path)}={tag}"


def _overlay(typed: Typed) -> Mapping[str, Any]:
    if not typed.overlay:
        raise UsageError("Nothing was edited: there is nothing to do")
    if typed.mode is ValuesMode.RESET:
        raise UsageError(
            "An edit cannot go with reset: what the editor did not show would be forgotten",
            remedy="Choose reuse or reset-then-reuse.",
        )
    if typed.mode is ValuesMode.REUSE and (gone := next(nulls(typed.overlay), None)):
        raise UsageError(
            f"{dotted(gone)} was taken away, and with reuse helm keeps it all the same",
            remedy="Choose reset-then-reuse.",
        )
    return typed.overlay


def _path(text: str) -> Path:
    try:
        return Path(text.strip()).expanduser().absolute()
    except RuntimeError:  # ~name of somebody whom there is not
        return Path(text.strip()).absolute()


async def completions(text: str) -> str | None:
    """The path that what is typed may become, the last one where commas separate several; None
    when nothing fits."""
    before, comma, last = text.rpartition(",")
    if not last.strip():
        return None
    found = await asyncio.to_thread(_complete, last)
    return None if found is None else f"{before}{comma}{found}"


def _complete(text: str) -> str | None:
    folder, slash, start = text.rpartition("/")
    try:
        names = sorted(_path(f"{folder}{slash}" or ".").iterdir())
    except OSError:
        return None
    fitting = [p for p in names if p.name.startswith(start) and (start or p.name[0] != ".")]
    if not fitting:
        return None
    end = "/" if fitting[0].is_dir() else ""
    return f"{folder}{slash}{fitting[0].name}{end}"
