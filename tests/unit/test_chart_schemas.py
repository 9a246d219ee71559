"""The schemas of charts on the disk, as helm itself names those charts and packs them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from hubtui.clients.chart_schemas import schemas
from hubtui.model.schema_words import faults
from tests.testbed.build import unpack_helm

HELM = 4


def chart(folder: Path, name: str, keys: str, dependencies: str = "") -> Path:
    (folder / "templates").mkdir(parents=True)
    (folder / "templates" / "none.yaml").write_text("")
    (folder / "Chart.yaml").write_text(
        f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n{dependencies}"
    )
    schema = {"additionalProperties": False, "properties": {key: {} for key in keys.split()}}
    (folder / "values.schema.json").write_text(json.dumps(schema))
    return folder


def helm(*arguments: str) -> str:
    done = subprocess.run(
        [str(unpack_helm().helm(HELM)), *arguments], capture_output=True, text=True, check=False
    )
    return done.stderr


@pytest.fixture
def umbrella(tmp_path: Path) -> Path:
    """daskhub over basehub over jupyterhub, the middle one under another name."""
    dask = chart(
        tmp_path / "daskhub",
        "daskhub",
        "base global",
        "dependencies: [{name: basehub, version: 1.0.0, alias: base}]\n",
    )
    base = chart(
        dask / "charts" / "basehub",
        "basehub",
        "jupyterhub global",
        "dependencies: [{name: jupyterhub, version: 1.0.0}]\n",
    )
    chart(base / "charts" / "jupyterhub", "jupyterhub", "cull global")
    return dask


@pytest.mark.parametrize("packed", ["folders", "archives in charts/", "one archive"])
def test_sub_charts_are_found_where_their_values_stand(
    umbrella: Path, tmp_path: Path, packed: str
) -> None:
    where = umbrella
    if packed == "archives in charts/":
        below = umbrella / "charts" / "basehub"
        assert helm("package", str(below), "-d", str(umbrella / "charts")) == ""
        shutil.rmtree(below)
    elif packed == "one archive":
        assert helm("package", str(umbrella), "-d", str(tmp_path)) == ""
        where = tmp_path / "daskhub-1.0.0.tgz"
    found = schemas(where)
    assert found.places == {
        "daskhub": (),
        "basehub": ("base",),
        "jupyterhub": ("base", "jupyterhub"),
    }
    assert set(found.versions.items()) == {(name, "1.0.0") for name in found.places}
    values = tmp_path / "values.yaml"
    values.write_text("base: {jupyterhub: {cul: {}}}\n")
    said = faults(helm("template", "t", str(where), "-f", str(values)), found.schemas, found.places)
    assert [str(fault) for fault in said] == [
        "base.jupyterhub.cul: jupyterhub has no such setting; did you mean base.jupyterhub.cull?"
    ]


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08broken"])
def test_what_is_no_chart_has_no_schemas(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "chart.tgz").write_bytes(content)
    for path in (tmp_path / "chart.tgz", tmp_path, tmp_path / "nowhere"):
        assert schemas(path).schemas == {}


@pytest.mark.parametrize("broken", ["{", "[1]", '"x"'])
def test_a_schema_that_cannot_be_read_is_none(umbrella: Path, broken: str) -> None:
    (umbrella / "values.schema.json").write_text(broken)
    assert schemas(umbrella).schemas.keys() == {"basehub", "jupyterhub"}
