"""hubploy's layout: `deployments/HUB/` with hubploy.yaml, config/ and secrets/ (facts.md §6.1)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from hubtui.clients import charts, git, sops, value_files
from hubtui.model.cluster_names import gke_context
from hubtui.model.deployment import ChartKind, ChartSource, Deployment, Layout, ValueFile
from hubtui.model.merge import merged
from hubtui.model.values_path import mapping_at

ENVIRONMENTS: Final = ("develop", "staging", "prod")
"""Those that hubploy deploys to."""

IMAGE: Final = "jupyterhub.singleuser.image"
"""Where hubploy sets an image unless hubploy.yaml names another place."""

_TAG_LENGTH: Final = 7
_LETTER: Final = re.compile(r"[a-z]")


def is_root(root: Path) -> bool:
    """Whether the folder holds such deployments."""
    return any((root / "deployments").glob("*/hubploy.yaml"))


def hubs(root: Path) -> tuple[tuple[str, str], ...]:
    """Every hub with each environment that has a file of its own; all of them when none has."""
    found = []
    for written in sorted((root / "deployments").glob("*/hubploy.yaml")):
        hub = written.parent.name
        own = [env for env in ENVIRONMENTS if _own_files(root, hub, env)]
        found += [(hub, env) for env in own or ENVIRONMENTS]
    return tuple(found)


async def read(root: Path, hub: str, environment: str, chart: str) -> Deployment:
    """What `hubploy deploy HUB CHART ENVIRONMENT` would hand to helm."""
    folder = root / "deployments" / hub
    config = await asyncio.to_thread(value_files.harmless, folder / "hubploy.yaml")
    values = await asyncio.to_thread(_files, root, hub, environment)
    source, problems = await asyncio.to_thread(_chart, root, chart)
    images, unknown = await _images(root, folder, mapping_at(config, ("images",)))
    name = f"{hub}-{environment}"
    return Deployment(
        layout=Layout.HUBPLOY,
        root=str(root),
        hub=hub,
        environment=environment,
        release=name,
        namespace=name,
        chart=source,
        files=values,
        set_strings=images,
        context=_context(mapping_at(config, ("cluster",)), name),
        problems=(*problems, *unknown, *await asyncio.to_thread(_untagged, values, images)),
    )


def _files(root: Path, hub: str, environment: str) -> tuple[ValueFile, ...]:
    return tuple(sops.inspect(path) for path in value_paths(root, hub, environment))


def value_paths(root: Path, hub: str, environment: str) -> list[Path]:
    """The value files that there are, in hubploy's order."""
    common = root / "deployments" / hub / "config" / "common.yaml"
    paths = [common] if common.is_file() else []
    return paths + _own_files(root, hub, environment)


def _own_files(root: Path, hub: str, environment: str) -> list[Path]:
    """The files of one environment in hubploy's order: config, secrets, those of a submodule."""
    below = Path("deployments") / hub
    name = f"{environment}.yaml"
    places = (
        root / below / "config" / name,
        root / below / "secrets" / name,
        root / "secrets" / below / "secrets" / name,
    )
    return [path for path in places if path.is_file()]


def _chart(root: Path, named: str) -> tuple[ChartSource, tuple[str, ...]]:
    """hubploy is told the chart's folder; the only one that there is need not be named."""
    if named:
        local = root / named
        return charts.named(str(local) if local.exists() else named), ()
    folders = sorted(path.parent for path in root.glob("*/Chart.yaml"))
    if len(folders) == 1:
        return charts.named(str(folders[0])), ()
    there = ", ".join(folder.name for folder in folders) or "none"
    problem = f"which chart is not clear: name it with --chart (in this folder: {there})"
    return ChartSource(ChartKind.FOLDER, ""), (problem,)


async def _images(
    root: Path, folder: Path, config: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What hubploy up to 0.4 sets for the images it builds, and what it could not know."""
    sets: list[str] = []
    problems: list[str] = []
    for name, path, place in _named(config):
        commit = await git.last_commit(root, folder / path)
        if commit and await git.ends_at(root, commit):
            problems.append(
                f"image {name}: the history of this clone ends before the commit that its tag is "
                "named after; git fetch --unshallow, or fetch-depth: 0 in a workflow"
            )
        elif commit:
            sets += [f"{place}.tag={image_tag(commit)}", f"{place}.name={name}"]
        else:
            problems.append(f"image {name}: {path} has no commit, so its tag is not known")
    return tuple(sets), tuple(problems)


def _named(config: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    if config.get("image_name"):
        yield str(config["image_name"]), "image", str(config.get("image_config_path") or IMAGE)
        return
    images = config.get("images")
    for image in images if isinstance(images, list) else ():
        if isinstance(image, Mapping) and image.get("name"):
            place = str(image.get("helm_substitution_path") or IMAGE)
            yield str(image["name"]), str(image.get("path") or "image"), place


def image_tag(commit: str) -> str:
    """The tag of an image: the commit that last changed its folder, cut off, but with a letter in
    it: helm would take a number otherwise."""
    letter = _LETTER.search(commit)
    return commit[: max(_TAG_LENGTH, letter.end() if letter else len(commit))]


def _untagged(found: tuple[ValueFile, ...], images: tuple[str, ...]) -> tuple[str, ...]:
    """hubploy 1.2 refuses an image without a tag: it would get the one of the chart's image."""
    values = merged(*(value_files.harmless(file.path) for file in found))
    image = mapping_at(values, IMAGE.split("."))
    if not image.get("name") or image.get("tag") or any(IMAGE in text for text in images):
        return ()
    return (f"{IMAGE}.name is set and no tag beside it",)


def _context(cluster: Mapping[str, Any], namespace: str) -> str:
    """The kubeconfig context that hubploy would make or use; "" where its name is not known."""
    provider = str(cluster.get("provider") or "")
    own = mapping_at(cluster, (provider,))
    if provider == "kubeconfig":
        return str(own.get("context") or "").replace("{namespace}", namespace)
    if provider == "gcloud":
        return gke_context(own)
    return str(own.get("cluster") or "") if provider == "azure" else ""
