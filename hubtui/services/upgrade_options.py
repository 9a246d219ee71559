"""What an upgrade's options name: the deployment folder, the chart, the files, the mode."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from msgspec import structs

from hubtui.clients import charts, repo, sops
from hubtui.clients.kubeconfig import contexts
from hubtui.config import Settings
from hubtui.errors import UsageError
from hubtui.model.age import duration
from hubtui.model.deployment import (
    ChartKind,
    ChartSource,
    Deployment,
    Layout,
    ValueFile,
    ValuesMode,
)
from hubtui.model.hub_chart import CHART
from hubtui.model.release import in_force
from hubtui.services.actions.release_facts import heads_of
from hubtui.services.actions.upgrade_checks import MODE_WORDS
from hubtui.services.actions.upgrade_request import UpgradeRequest
from hubtui.services.session import Session
from hubtui.services.upgrade_sources import Z2JH, with_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was typed. Empty: not named."""

    chart: str = ""
    version: str = ""
    chart_repo: str = ""
    files: Sequence[str] = ()
    sets: Sequence[str] = field(default=(), repr=False)
    set_strings: Sequence[str] = field(default=(), repr=False)
    repo: str = ""
    hub: str = ""
    env: str = ""
    values_mode: str = ""
    timeout: str = ""

    @property
    def folder(self) -> bool:
        """Whether a deployment folder is meant, named or the one that one is in."""
        return bool(self.repo or self.hub or self.env)

    @property
    def only_version(self) -> bool:
        """Whether another version is named, and neither the chart nor a folder that has one."""
        return bool(self.version) and not self.chart and not self.folder

    @property
    def something(self) -> bool:
        """Whether anything but a folder is named."""
        return bool(self.chart or self.version or self.files or self.sets or self.set_strings)


async def meant(settings: Settings, wanted: Wanted) -> tuple[Settings, UpgradeRequest]:
    """The upgrade that is meant, and the settings of the hub that it is for.

    Raises UsageError for what is missing, and what reading the folder, the chart and the files
    raises.
    """
    deployment = await _deployment(settings, wanted)
    chart = await _chart(wanted, deployment)
    request = UpgradeRequest(
        mode=_mode(settings, wanted, deployment),
        deployment=deployment,
        chart=chart,
        sets=tuple(wanted.sets),
        set_strings=tuple(wanted.set_strings),
        timeout=_timeout(wanted.timeout),
    )
    request = await with_files(request, await _files(wanted.files))
    return settings if deployment is None else _scoped(settings, deployment), request


async def with_running_chart(session: Session, wanted: Wanted) -> Wanted:
    """What was typed, with the chart that another version is meant of: where z2jh's own runs it is
    that one, of its own repository. Raises NotFoundError without a release,
    DecodeError for a revision that cannot be read."""
    heads = await heads_of(session)
    payload = await session.releases.payload(in_force(heads) or heads[0])
    if payload.chart.name != CHART:
        return wanted
    return replace(wanted, chart=CHART, chart_repo=wanted.chart_repo or Z2JH)


async def _deployment(settings: Settings, wanted: Wanted) -> Deployment | None:
    """The folder that is named, or the one around the current one, or what the configuration
    says; None when all is named by options."""
    if wanted.repo:
        start = _path(wanted.repo)
        root = await asyncio.to_thread(repo.find, start) or start
        return await _read(root, wanted)
    if wanted.something and not wanted.folder:
        return None
    root_here = await asyncio.to_thread(repo.find, Path.cwd())
    if root_here is not None:
        return await _read(root_here, wanted)
    if wanted.folder:
        raise UsageError(
            "The current folder is in no deployment folder",
            remedy="Name one with --repo PATH.",
        )
    found = await repo.configured(settings, settings.release, settings.namespace)
    if found is None:
        raise UsageError(
            "It is not said what to upgrade to",
            remedy="Name a chart (--chart), values (-f, --set) or a deployment folder (--repo).",
        )
    return found


async def _read(root: Path, wanted: Wanted) -> Deployment:
    """The folder's hub. hubploy has no option for a chart's repository (facts.md §6.1)."""
    layout = await asyncio.to_thread(repo.layout, root)
    if layout is Layout.HUBPLOY and wanted.chart_repo:
        raise UsageError(
            "--chart-repo does not go with a folder of hubploy's, which has its chart in it",
            remedy="Leave it out, or name the chart as oci://… or REPOSITORY/NAME with --chart.",
        )
    return await repo.read(root, wanted.hub, wanted.env, chart=wanted.chart)


def _scoped(settings: Settings, deployment: Deployment) -> Settings:
    """The folder says which hub it is, where nobody else does; the plan says where it differs."""
    known = {context.name for context in contexts(settings)}
    context = deployment.context if deployment.context in known else ""
    return structs.replace(
        settings,
        context=settings.context or context,
        namespace=settings.namespace or deployment.namespace,
        release=settings.release or deployment.release,
    )


def _mode(settings: Settings, wanted: Wanted, deployment: Deployment | None) -> ValuesMode:
    """What becomes of the running values: never guessed. hubploy and 2i2c's deployer give helm
    their files and none of the three flags, which is reset (facts.md §5.2, §6)."""
    if wanted.values_mode:
        return ValuesMode(wanted.values_mode)
    if deployment is not None and deployment.layout in (Layout.HUBPLOY, Layout.TWO_I2C):
        return ValuesMode.RESET
    plain = settings.deployment
    if deployment is not None and plain is not None and plain.mode is not None:
        return plain.mode
    raise UsageError(
        "It is not said what becomes of the values of the running revision",
        remedy="Choose with --values-mode: " + "; ".join(MODE_WORDS.values()) + ".",
    )


async def _chart(wanted: Wanted, deployment: Deployment | None) -> ChartSource | None:
    """The chart that is named beside the folder's own; None for that one, or the running one."""
    if not wanted.chart:
        if wanted.version or wanted.chart_repo:
            raise UsageError(
                "--version and --chart-repo say something of a chart, and none is named",
                remedy=f"Name it: --chart {CHART} --chart-repo {Z2JH}, or another one.",
            )
        return None
    if deployment is not None and deployment.layout is Layout.HUBPLOY:
        # The chart is the folder's own, as on hubploy's own command line.
        found = deployment.chart
        if wanted.version and found.kind in (ChartKind.REPOSITORY, ChartKind.OCI):
            return replace(found, version=wanted.version)
        _same_version(wanted, found)
        return None
    found = await charts.source(wanted.chart, wanted.version, wanted.chart_repo)
    _same_version(wanted, found)
    return found


def _same_version(wanted: Wanted, found: ChartSource) -> None:
    if wanted.version and found.version != wanted.version:
        raise UsageError(
            f"{wanted.chart} is version {found.version or '(not known)'}, not {wanted.version}",
            meaning="helm takes no notice of --version for a chart that is on the disk.",
        )


async def _files(names: Sequence[str]) -> tuple[ValueFile, ...]:
    found = []
    for name in names:
        path = _path(name)
        if not await asyncio.to_thread(path.is_file):
            raise UsageError(f"There is no file {name}")
        found.append(await asyncio.to_thread(sops.inspect, path))
    return tuple(found)


def _path(name: str) -> Path:
    return Path(name).expanduser().absolute()


def _timeout(text: str) -> str:
    if text:
        try:
            duration(text)
        except ValueError:
            raise UsageError(
                f"--timeout {text!r} is no duration", remedy="Write it as 10m or 1h30m."
            ) from None
    return text
