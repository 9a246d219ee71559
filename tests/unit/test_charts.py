"""Charts: what a reference names, what is not built, and the chart of a stored revision."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from hubtui.clients import charts
from hubtui.errors import DecodeError, UsageError
from hubtui.model.deployment import ChartKind, ChartSource
from hubtui.model.release import decode_payload, decode_rendered
from tests.testbed.build import unpack_helm

URL = "https://hub.jupyter.org/helm-chart/"


def chart(folder: Path, name: str, version: str = "1.0.0", **more: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    body = {"apiVersion": "v2", "name": name, "version": version, **more}
    (folder / "Chart.yaml").write_text(yaml.safe_dump(body))
    return folder


def helm(*words: str, major: int = 4) -> bytes:
    command = [str(unpack_helm().helm(major)), *words]
    ended = subprocess.run(command, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout


def look(reference: str | Path, version: str = "", repository: str = "") -> ChartSource:
    return asyncio.run(charts.source(str(reference), version, repository))


def depends(**versions: str) -> list[dict[str, str]]:
    return [
        {"name": name, "version": version, "repository": URL} for name, version in versions.items()
    ]


def test_a_folder_tells_its_name_and_version(tmp_path: Path) -> None:
    folder = chart(tmp_path / "hub", "hub", "0.1.0")
    assert look(folder) == ChartSource(ChartKind.FOLDER, str(folder), "0.1.0", name="hub")


def test_dependencies_that_are_not_built_are_named(tmp_path: Path) -> None:
    folder = chart(
        tmp_path / "hub",
        "hub",
        dependencies=depends(jupyterhub="4.4.0", support=">=1", other="1.0.0"),
    )
    assert look(folder).missing == ("jupyterhub 4.4.0", "support >=1", "other 1.0.0")
    chart(folder / "charts" / "jupyterhub", "jupyterhub", "4.4.0")
    chart(folder / "charts" / "support", "support", "0.9.0")
    packed = chart(tmp_path / "other", "other")
    helm("package", str(packed), "--destination", str(folder / "charts"))
    assert look(folder).missing == ()


def test_a_dependency_of_another_version_is_not_built(tmp_path: Path) -> None:
    """helm itself takes whatever lies in charts/, and hubploy would have fetched the new one."""
    folder = chart(tmp_path / "hub", "hub", dependencies=depends(jupyterhub="4.4.0"))
    chart(folder / "charts" / "jupyterhub", "jupyterhub", "4.3.3")
    assert look(folder).missing == ("jupyterhub 4.4.0 (charts/ has 4.3.3)",)


def test_the_dependencies_of_an_old_chart_stand_beside_it(tmp_path: Path) -> None:
    folder = chart(tmp_path / "hub", "hub", apiVersion="v1")
    written = yaml.safe_dump({"dependencies": depends(jupyterhub="0.9.0")})
    (folder / "requirements.yaml").write_text(written)
    assert look(folder).missing == ("jupyterhub 0.9.0",)


def test_an_archive_tells_its_name_and_version(tmp_path: Path) -> None:
    helm("package", str(chart(tmp_path / "c", "hub", "2.0.0")), "--destination", str(tmp_path))
    packed = tmp_path / "hub-2.0.0.tgz"
    assert look(packed) == ChartSource(ChartKind.ARCHIVE, str(packed), "2.0.0", name="hub")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (
            ("jupyterhub", "4.4.0", URL),
            ChartSource(ChartKind.REPOSITORY, "jupyterhub", "4.4.0", URL, "jupyterhub"),
        ),
        (
            ("jupyterhub/jupyterhub", "", ""),
            ChartSource(ChartKind.REPOSITORY, "jupyterhub/jupyterhub", name="jupyterhub"),
        ),
        (
            ("oci://quay.io/hubs/hub", "1.2.3", ""),
            ChartSource(ChartKind.OCI, "oci://quay.io/hubs/hub", "1.2.3", name="hub"),
        ),
    ],
    ids=["repository", "added-repository", "oci"],
)
def test_what_is_not_here_is_a_repository_s(
    given: tuple[str, str, str], found: ChartSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert look(*given) == found


def _nothing(folder: Path) -> None:
    folder.mkdir()


def _empty_archive(folder: Path) -> None:
    folder.write_bytes(gzip.compress(b""))


def _no_archive(folder: Path) -> None:
    folder.write_text("text")


def _cut_off(folder: Path) -> None:
    packed = folder.with_name("c")
    helm("package", str(chart(packed, "hub")), "--destination", str(packed))
    folder.write_bytes((packed / "hub-1.0.0.tgz").read_bytes()[:100])


def _broken(folder: Path) -> None:
    chart(folder, "hub")
    (folder / "Chart.yaml").write_text("name: hub\n  version: 1\n")


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (_nothing, UsageError, "has no Chart.yaml"),
        (_no_archive, DecodeError, "cannot be read as a chart's archive"),
        (_empty_archive, DecodeError, "cannot be read as a chart's archive"),
        (_cut_off, DecodeError, "it is none, or broken, or cut off. Fetch it again with helm pull"),
        (_broken, DecodeError, "Chart.yaml, line 2: not valid YAML"),
    ],
)
def test_what_is_no_chart_says_why(
    make: Callable[[Path], None], error: type[Exception], said: str, tmp_path: Path
) -> None:
    make(tmp_path / "hub")
    with pytest.raises(error) as raised:
        look(tmp_path / "hub")
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("./none", "There is no chart at ./none"),
        ("hub", "no repository is named"),
        ("", "no chart"),
    ],
)
def test_a_chart_that_is_nowhere_is_refused(
    reference: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=said):
        look(reference)


@pytest.mark.parametrize(
    ("reference", "repository"),
    [
        ("https://me:geheim@example.org/hub-1.tgz", ""),
        ("oci://me:geheim@example.org/hub", ""),
        ("jupyterhub", "https://geheim@example.org/charts"),
    ],
)
def test_an_address_with_a_login_is_refused_and_not_repeated(
    reference: str, repository: str
) -> None:
    with pytest.raises(UsageError, match="holds a login") as refused:
        look(reference, "", repository)
    assert "geheim" not in str(refused.value)


def test_a_folder_of_the_same_name_is_not_taken_for_a_repository_s_chart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chart(tmp_path / "jupyterhub", "jupyterhub")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="takes that before any repository"):
        look("jupyterhub", "4.4.0", URL)


TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}, labels: {version: {{ .Chart.Version | quote }}}}
data: {
  text: {{ .Values.text | b64enc }},
  number: {{ .Values.number | quote }},
  file: {{ .Files.Get "files/a.bin" | b64enc }},
  list: {{ .Values.list | toJson | quote }}
}
"""
DEFAULTS = {"text": "é😀\u0085\u2028 <&>", "number": 12345678901, "list": [None, 1.5, "y"]}


def chart_of_all(folder: Path) -> Path:
    made = chart(folder, "hub", "1.2.3", appVersion="5", kubeVersion=">=1.20.0-0")
    for name in ("templates/deep", "files"):
        (made / name).mkdir(parents=True)
    (made / "values.yaml").write_text(yaml.safe_dump(DEFAULTS, allow_unicode=True), "utf-8")
    (made / "values.schema.json").write_text('{"properties": {"text": {"type": "string"}}}')
    (made / "templates/deep/map.yaml").write_text(TEMPLATE)
    (made / "templates/_helpers.tpl").write_text('{{ define "x" }}x{{ end }}')
    (made / "templates/NOTES.txt").write_text("Hello\r\n")
    (made / "files/a.bin").write_bytes(bytes(range(256)))
    return made


def stored(folder: Path, **changed: Any) -> str:
    """A chart as helm stores it with a release, in what a Secret holds."""
    words = ("install", "hub", str(folder), "--dry-run=client", "-o", "json")
    release = json.loads(helm(*words))
    release["chart"] |= changed
    packed = base64.b64encode(gzip.compress(json.dumps(release, ensure_ascii=False).encode()))
    return base64.b64encode(packed).decode()


@pytest.mark.parametrize("major", [3, 4])
def test_the_chart_that_runs_renders_as_it_did(tmp_path: Path, major: int) -> None:
    made = chart_of_all(tmp_path / "hub")
    folder = charts.unpack_running(decode_payload(stored(made)), tmp_path / "running")
    again = helm("template", "hub", str(folder), major=major)
    assert b"ConfigMap" in again
    assert again == helm("template", "hub", str(made), major=major)
    assert look(folder).version == "1.2.3"
    refused = [str(unpack_helm().helm(major)), "template", "hub", str(folder), "--set", "text=5"]
    assert subprocess.run(refused, capture_output=True, check=False).returncode  # the schema's word


def test_only_its_owner_can_look_at_an_unpacked_chart(tmp_path: Path) -> None:
    payload = decode_payload(stored(chart_of_all(tmp_path / "hub")))
    folder = charts.unpack_running(payload, tmp_path / "running")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    assert modes == {0o600, 0o700}


def test_a_chart_with_sub_charts_cannot_be_had(tmp_path: Path) -> None:
    made = chart(tmp_path / "hub", "hub", dependencies=depends(inner="1.0.0"))
    inner = chart(made / "charts" / "inner", "inner")
    (inner / "templates").mkdir()
    (inner / "templates" / "a.yaml").write_text("{apiVersion: v1, kind: Pod, metadata: {name: a}}")
    with pytest.raises(DecodeError, match=r"has sub-charts \(inner\)") as caught:
        charts.unpack_running(decode_payload(stored(made)), tmp_path / "running")
    assert "--chart" in caught.value.remedy
    chart(made, "hub")  # it names none, and helm takes what is in charts/ all the same
    with pytest.raises(DecodeError, match=r"has sub-charts \(inner\)"):
        charts.unpack_running(decode_payload(stored(made)), tmp_path / "running")
    assert not (tmp_path / "running").exists()


@pytest.mark.parametrize("name", ["../evil", "/evil", "templates/../../evil", ""])
def test_no_file_is_written_outside_of_the_folder(tmp_path: Path, name: str) -> None:
    files = [{"name": name, "data": ""}]
    payload = decode_payload(stored(chart(tmp_path / "hub", "hub"), files=files))
    with pytest.raises(DecodeError, match="outside of it"):
        charts.unpack_running(payload, tmp_path / "a" / "running")
    assert not (tmp_path / "a").exists()


def test_what_was_only_rendered_holds_no_chart(tmp_path: Path) -> None:
    made = chart(tmp_path / "hub", "hub")
    rendered = decode_rendered(helm("install", "hub", str(made), "--dry-run=client", "-o", "json"))
    with pytest.raises(DecodeError, match="is empty"):
        charts.unpack_running(rendered, tmp_path / "running")
