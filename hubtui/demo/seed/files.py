"""The stored releases as files: YAML that can be read, and only what differs.

Times are left out; the chart's files, which helm stores with every release, are those in `chart/`;
and a document of the manifest that is the same in the seed before stands as its number there.
"""

from __future__ import annotations

import base64
import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from hubtui.demo.storage import Json

HERE: Final = Path(__file__).parent
CHART: Final = HERE.parent / "chart"
_IN_CHART: Final = ("templates", "values", "schema", "files", "lock")
_TIMES: Final = ("first_deployed", "last_deployed", "deleted")
_MODIFIED: Final = ("modtime", "schemamodtime")


_BETWEEN: Final = "---\n"


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such, also where a line ends with a space."""

    def analyze_scalar(self, scalar: str) -> Any:
        found = super().analyze_scalar(scalar)
        found.allow_block = found.allow_block or "\n" in scalar.strip("\n")
        return found


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def path_of(name: str) -> Path:
    """Where a seed is kept."""
    return HERE / f"{name}.yaml"


def decoded(secret: Json) -> Json:
    """The release that a Secret of helm's holds (facts.md §5.1)."""
    packed = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    found: Json = json.loads(gzip.decompress(packed))
    return found


def encoded(release: Json) -> str:
    """A release as the data of helm's Secret holds it."""
    packed = gzip.compress(json.dumps(release).encode(), 6, mtime=0)
    return base64.b64encode(base64.b64encode(packed)).decode()


def reduced(release: Json, before: str = "") -> Json:
    """A release as its file has it; `before` names the seed that it goes on from."""
    info = {k: v for k, v in release["info"].items() if k not in _TIMES}
    chart = {k: v for k, v in release["chart"].items() if k not in (*_IN_CHART, *_MODIFIED)}
    hooks = [
        {**hook, "last_run": {"phase": (hook.get("last_run") or {}).get("phase", "")}}
        for hook in release.get("hooks") or ()
    ]
    kept = {k: v for k, v in release.items() if k != "version"}
    known = documents(before) if before else []
    manifest = [
        known.index(text) if text in known else text
        for text in str(release["manifest"]).split(_BETWEEN)
    ]
    return {**kept, "info": info, "chart": chart, "hooks": hooks, "manifest": manifest,
            "before": before}  # fmt: skip


def write(name: str, release: Json, before: str = "") -> None:
    """Writes a release as a file."""
    found = reduced(release, before)
    text = yaml.dump(found, Dumper=_Dumper, sort_keys=True, width=1000, allow_unicode=True)
    path_of(name).write_text(text, encoding="utf-8")


@cache
def _read(name: str) -> Any:
    return yaml.load(path_of(name).read_bytes(), Loader=yaml.CSafeLoader)


@cache
def documents(name: str) -> list[str]:
    """The documents of a seed's manifest."""
    seed = _read(name)
    known = documents(seed["before"]) if seed["before"] else []
    return [known[each] if isinstance(each, int) else each for each in seed["manifest"]]


def read(name: str) -> Json:
    """A release with its chart, without times. Not to be changed."""
    release: Json = {k: v for k, v in _read(name).items() if k != "before"}
    chart = {**release["chart"], **chart_files()}
    return {**release, "chart": chart, "manifest": _BETWEEN.join(documents(name))}


@cache
def chart_files() -> Json:
    """The chart's files as helm stores them with every release."""
    templates = sorted((CHART / "templates").iterdir())
    return {
        "lock": None,
        "templates": [
            {"name": f"templates/{path.name}", "data": _base64(path)} for path in templates
        ],
        "values": yaml.load((CHART / "values.yaml").read_bytes(), Loader=yaml.CSafeLoader),
        "schema": _base64(CHART / "values.schema.json"),
        "files": [],
    }


def base64_of(text: str) -> str:
    """A text as Secrets hold it."""
    return base64.b64encode(text.encode()).decode()


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
