"""The layout of 2i2c's infrastructure: `config/clusters/CLUSTER/cluster.yaml` (facts.md §6.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from hubtui.clients import charts, sops, value_files
from hubtui.errors import UsageError
from hubtui.model.cluster_names import gke_context
from hubtui.model.deployment import ChartKind, ChartSource, Deployment, Layout
from hubtui.model.values_path import mapping_at

_CLUSTERS: Final = "config/clusters"
_NOT_DONE: Final = ("chart_override", "domain_override_file")
"""What 2i2c's deployer does to a chart or its values, and hubtui does not."""


def is_root(root: Path) -> bool:
    """Whether the folder holds such clusters."""
    return any((root / _CLUSTERS).glob("*/cluster.yaml"))


def hubs(root: Path) -> tuple[tuple[str, str], ...]:
    """Every hub with its cluster. Raises DecodeError for a cluster.yaml that is no YAML."""
    return tuple(
        (str(hub["name"]), written.parent.name)
        for written in sorted((root / _CLUSTERS).glob("*/cluster.yaml"))
        for hub in _hubs(value_files.harmless(written))
    )


def read(root: Path, hub: str, cluster: str) -> Deployment:
    """What `deployer deploy CLUSTER HUB` would hand to helm. Raises UsageError, DecodeError."""
    folder = root / _CLUSTERS / cluster
    config = value_files.harmless(folder / "cluster.yaml")
    entry = _entry(config, hub, cluster)
    chart, problems = _chart(root, str(entry.get("helm_chart") or ""))
    problems += [
        f"{hub} has {name}, which hubtui does not apply" for name in _NOT_DONE if entry.get(name)
    ]
    files = []
    for name in _names(entry.get("helm_chart_values_files")):
        path = folder / name
        if path.suffix == ".jsonnet":
            problems.append(f"{name} has to be rendered by jsonnet, which hubtui does not do")
        elif not path.is_file():
            problems.append(f"{name} is not in {folder}")
        else:
            files.append(sops.inspect(path))
    return Deployment(
        layout=Layout.TWO_I2C,
        root=str(root),
        hub=hub,
        environment=cluster,
        release=hub,
        namespace=hub,
        chart=chart,
        files=tuple(files),
        context=gke_context(mapping_at(config, ("gcp",))),
        problems=tuple(problems),
    )


def value_paths(root: Path, hub: str, cluster: str) -> list[Path]:
    """The value files that there are, in their order. Raises UsageError, DecodeError."""
    folder = root / _CLUSTERS / cluster
    entry = _entry(value_files.harmless(folder / "cluster.yaml"), hub, cluster)
    paths = [folder / name for name in _names(entry.get("helm_chart_values_files"))]
    return [path for path in paths if path.is_file()]


def _entry(config: Mapping[str, Any], hub: str, cluster: str) -> Mapping[str, Any]:
    entry = next((each for each in _hubs(config) if each["name"] == hub), None)
    if entry is None:
        raise UsageError(f"{hub} is no hub of cluster {cluster}")
    return entry


def _chart(root: Path, name: str) -> tuple[ChartSource, list[str]]:
    folder = root / "helm-charts" / name
    if not name or not (folder / "Chart.yaml").is_file():
        return ChartSource(ChartKind.FOLDER, ""), [f"there is no chart helm-charts/{name or '?'}"]
    rendered = folder / "values.jsonnet"
    problems = (
        [f"{rendered.name} of {name} has to be rendered by jsonnet, which hubtui does not do"]
        if rendered.is_file()
        else []
    )
    return charts.named(str(folder)), problems


def _hubs(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    found = config.get("hubs")
    for hub in found if isinstance(found, list) else ():
        if isinstance(hub, Mapping) and isinstance(hub.get("name"), str):
            yield hub


def _names(value: object) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []
