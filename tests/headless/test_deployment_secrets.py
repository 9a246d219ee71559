"""What the deployment keeps encrypted is secret on every screen, whatever its name, without a
key."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hubtui.model.redact import MASK
from tests.headless.apiserver import ApiServer
from tests.headless.conftest import Command
from tests.sops_keys import AgeKey, encrypted

TAG = {"singleuser": {"image": {"tag": "2026.11"}}}
CONFIG = '[deployment]\nfiles = ["public.yaml", "sealed.yaml"]\n'
CLUSTER = """
name: eu
hubs:
  - name: hub
    helm_chart: basehub
    helm_chart_values_files: [public.yaml, enc-hub.secret.values.yaml]
"""


@pytest.fixture
def configured(tmp_path: Path) -> None:
    """The configuration names the files that the hub is deployed from."""
    folder = tmp_path / "config" / "hubtui"
    encrypted(folder / "sealed.yaml", TAG, AgeKey.generate())
    (folder / "public.yaml").write_text("singleuser: {memory: {limit: 4G}}\n")
    (folder / "config.toml").write_text(CONFIG)


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One is in the folder of the deployment."""
    folder = tmp_path / "deployments" / "config" / "clusters" / "eu"
    encrypted(folder / "enc-hub.secret.values.yaml", TAG, AgeKey.generate())
    (folder / "public.yaml").write_text("singleuser: {memory: {limit: 4G}}\n")
    (folder / "cluster.yaml").write_text(CLUSTER)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("where", ["configured", "in_folder"])
def test_what_an_encrypted_file_holds_is_masked(
    hubtui: Command, api: ApiServer, request: pytest.FixtureRequest, where: str
) -> None:
    request.getfixturevalue(where)
    given = yaml.safe_load(hubtui("values").out)
    assert given["singleuser"]["image"]["tag"] == MASK
    assert given["singleuser"]["image"]["name"] != MASK
    assert given["singleuser"]["memory"]["limit"] == "4G"
    changes = hubtui("diff", "1", "2", "--json").document["changes"]["values"]
    (tag,) = [each for each in changes if each["path"] == "singleuser.image.tag"]
    assert (tag["before"], tag["after"]) == (MASK, MASK)


def test_a_file_named_secret_counts_too(hubtui: Command, api: ApiServer, in_folder: Path) -> None:
    sealed = in_folder / "enc-hub.secret.values.yaml"
    sealed.write_text(yaml.safe_dump(TAG))
    assert yaml.safe_load(hubtui("values").out)["singleuser"]["image"]["tag"] == MASK


def test_a_broken_file_beside_it_changes_nothing(
    hubtui: Command, api: ApiServer, in_folder: Path
) -> None:
    (in_folder / "public.yaml").write_text("singleuser: [\n")
    assert yaml.safe_load(hubtui("values").out)["singleuser"]["image"]["tag"] == MASK


def test_a_folder_that_cannot_be_read_stands_in_nobodys_way(
    hubtui: Command, api: ApiServer, in_folder: Path
) -> None:
    (in_folder / "cluster.yaml").write_text("hubs: [\n")
    assert yaml.safe_load(hubtui("values").out)["singleuser"]["image"]["tag"] == "2026.11"
