"""Deployment folders: what `helm upgrade` would be given for a hub of one.

Two layouts are known by their files, hubploy's and that of 2i2c's infrastructure (facts.md §6); a
plain deployment is named in the configuration.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from hubtui.clients import charts, git, repo_2i2c, repo_hubploy, sops
from hubtui.config import Settings, config_file
from hubtui.errors import UsageError
from hubtui.model.deployment import ChartKind, ChartSource, Deployment, Layout


def find(start: Path) -> Path | None:
    """The deployment folder that holds the path, or is it; None when there is none.

    It is looked for no higher than the root of the git work tree.
    """
    here = start.absolute()
    for folder in (here, *here.parents):
        if layout(folder) is not None:
            return folder
        if (folder / ".git").is_dir():  # a submodule has a file there
            return None
    return None


def layout(root: Path) -> Layout | None:
    """How a folder is laid out; None when it is no deployment folder."""
    if repo_hubploy.is_root(root):
        return Layout.HUBPLOY
    return Layout.TWO_I2C if repo_2i2c.is_root(root) else None


def hubs(root: Path) -> tuple[tuple[str, str], ...]:
    """Every hub of the folder with its environment; with 2i2c's layout that is the cluster.

    Raises UsageError for another folder, DecodeError for a file that is no YAML.
    """
    if _known(root) is Layout.HUBPLOY:
        return repo_hubploy.hubs(root)
    return repo_2i2c.hubs(root)


def named_after(root: Path, release: str) -> tuple[str, str] | None:
    """The one hub of the folder that is deployed as this release; None when it is not clear.

    Raises what `hubs` raises.
    """
    known = _known(root)
    fitting = [
        (hub, environment)
        for hub, environment in hubs(root)
        if release == (f"{hub}-{environment}" if known is Layout.HUBPLOY else hub)
    ]
    return fitting[0] if len(fitting) == 1 else None


async def read(root: Path, hub: str = "", environment: str = "", *, chart: str = "") -> Deployment:
    """One hub of the folder, the only one when none is named. `chart` is a folder of hubploy's.

    Raises UsageError for a hub that is not there or not clear, DecodeError for a file that is no
    YAML, ToolError when git refuses to look.
    """
    root = _absolute(root)
    known = _known(root)
    hub, environment = chosen(await asyncio.to_thread(hubs, root), hub, environment)
    if known is Layout.HUBPLOY:
        found = await repo_hubploy.read(root, hub, environment, chart)
    else:
        found = await asyncio.to_thread(repo_2i2c.read, root, hub, environment)
    unbuilt = _unbuilt(found.chart)
    return replace(found, git=await git.state(root), problems=(*found.problems, *unbuilt))


def value_paths(settings: Settings, start: Path, release: str) -> list[Path]:
    """The value files that a release is deployed from: those of the deployment folder that holds a
    path, without one those that the configuration names. Nothing is said of what they hold.

    Raises DecodeError for a folder that cannot be understood.
    """
    root = find(start)
    if root is None:
        plain = settings.deployment
        return _paths(_absolute(config_file()).parent, plain.files) if plain else []
    named = named_after(root, release)
    if named is None:
        return []
    if _known(root) is Layout.HUBPLOY:
        return repo_hubploy.value_paths(root, *named)
    return repo_2i2c.value_paths(root, *named)


def chosen(there: tuple[tuple[str, str], ...], hub: str, environment: str) -> tuple[str, str]:
    """The one hub and environment that is meant. Raises UsageError, which names those there are."""
    fitting = [
        each
        for each in there
        if (not hub or each[0] == hub) and (not environment or each[1] == environment)
    ]
    if len(fitting) == 1:
        return fitting[0]
    named = " ".join(part for part in (hub, environment) if part)
    what = f"{named} is no hub of this folder" if named else "This folder has several hubs"
    if fitting and named:
        what = f"{named} is not clear in this folder"
    offered = ", ".join(" ".join(each) for each in (fitting or there))
    raise UsageError(
        what if there else "This folder has no hub",
        remedy=f"There are: {offered}." if there else "",
    )


async def configured(settings: Settings, release: str, namespace: str) -> Deployment | None:
    """The plain deployment of the configuration, for the release that is open; None without one.

    Relative paths start at the configuration file. Raises UsageError for a chart that is none,
    DecodeError for a file that is no YAML, ToolError when git refuses to look.
    """
    plain = settings.deployment
    if plain is None:
        return None
    base = _absolute(config_file()).parent
    files = _paths(base, plain.files)
    chart = await asyncio.to_thread(
        _plain_chart, base, plain.chart, plain.version, plain.repository
    )
    inspected = [await asyncio.to_thread(sops.inspect, file) for file in files]
    root = files[0].parent if files else base
    return Deployment(
        layout=Layout.PLAIN,
        root=str(root),
        hub=release,
        release=release,
        namespace=namespace,
        chart=chart,
        files=tuple(inspected),
        git=await git.state(root),
        problems=_unbuilt(chart),
    )


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _paths(base: Path, names: Iterable[str]) -> list[Path]:
    return [base / Path(name).expanduser() for name in names]


def _plain_chart(base: Path, chart: str, version: str, repository: str) -> ChartSource:
    if not chart:
        return ChartSource(ChartKind.RUNNING, "")
    local = base / Path(chart).expanduser()
    there = not repository and "://" not in chart and local.exists()
    return charts.named(str(local) if there else chart, version, repository)


def _unbuilt(chart: ChartSource) -> tuple[str, ...]:
    if not chart.missing:
        return ()
    missing = ", ".join(chart.missing)
    return (
        f"dependencies of the chart are not built: {missing}; "
        f"run helm dependency update {chart.reference}",
    )


def _known(root: Path) -> Layout:
    found = layout(root)
    if found is None:
        raise UsageError(
            f"{root} is no deployment folder",
            meaning="It has neither deployments/HUB/hubploy.yaml nor "
            "config/clusters/CLUSTER/cluster.yaml.",
            remedy="Name the folder that has one of them with --repo.",
        )
    return found
