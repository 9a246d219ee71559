"""`hubtui upgrade --repo` makes the release that `hubploy deploy` makes: its own code says so."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from hubtui.clients import repo
from hubtui.config import Settings
from hubtui.model.deployment import Deployment, ValuesMode
from hubtui.model.values_json import encoded
from hubtui.services.actions.upgrade_request import UpgradeRequest
from hubtui.services.upgrade_values import gather
from tests.git_folder import GitFolder
from tests.hubploy_run import Asked, deploy
from tests.sops_keys import AgeKey, encrypted
from tests.testbed.build import unpack_helm

_SEEN = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Chart.Name }}, namespace: {{ .Release.Namespace }}}
data: {release: {{ .Release.Name }}, values: {{ toJson .Values | b64enc }}}
"""
CLUSTER = (
    "cluster: {provider: kubeconfig, kubeconfig: {filename: kube.yaml, context: '{namespace}'}}\n"
)
ONE_IMAGE = "images: {image_name: quay.io/hubs/bio, registry: {provider: dockerconfig}}\n"
IMAGES = """\
images:
  images:
  - {name: quay.io/hubs/bio, path: image}
  - {name: quay.io/hubs/lab, path: lab, helm_substitution_path: jupyterhub.lab.image}
  registry: {provider: dockerconfig}
"""


def chart(folder: Path, name: str, values: dict[str, object], **more: object) -> None:
    (folder / "templates").mkdir(parents=True)
    body = {"apiVersion": "v2", "name": name, "version": "1.0.0", **more}
    (folder / "Chart.yaml").write_text(yaml.safe_dump(body))
    (folder / "values.yaml").write_text(yaml.safe_dump(values))
    (folder / "templates" / "seen.yaml").write_text(_SEEN)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitFolder:
    """A repository as hubploy wants it, with secrets here and in a submodule's place."""
    for name in [name for name in os.environ if name.startswith("SOPS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    key = AgeKey.generate()
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(key.written(tmp_path / "keys.txt")))
    made = GitFolder(tmp_path / "repo")
    sub_chart = {"name": "jupyterhub", "version": "1.0.0", "repository": ""}
    chart(made.root / "hub", "hub", {"own": {"a": 1}}, dependencies=[sub_chart])
    chart(
        made.root / "hub" / "charts" / "jupyterhub",
        "jupyterhub",
        {"cull": {"timeout": 3600, "every": 600}, "singleuser": {"profileList": [1]}},
    )
    for hub in ("bio", "stat"):
        made.write(f"deployments/{hub}/hubploy.yaml", CLUSTER)
    below = "deployments/bio"
    made.write(
        f"{below}/config/common.yaml",
        "own: {b: 2}\njupyterhub: {cull: {timeout: null}, singleuser: {profileList: [1, 2]}}\n",
    )
    made.write(
        f"{below}/config/prod.yaml",
        "jupyterhub:\n  singleuser: {profileList: [{x: y}]}\n  when: 2026-01-01\n  tag: 0123\n",
    )
    made.write(f"{below}/config/staging.yaml", "own: {b: staging}\n")
    made.write(f"{below}/image/Dockerfile", "FROM scratch\n")
    made.write(f"{below}/lab/Dockerfile", "FROM scratch\n")
    inner = {"jupyterhub": {"hub": {"token": "canary-1", "other": "canary-2"}}}
    encrypted(made.root / below / "secrets" / "prod.yaml", inner, key)
    outer = {"jupyterhub": {"hub": {"other": "canary-3"}, "n": 5, "day": "2026-01-01"}}
    encrypted(made.root / "secrets" / below / "secrets" / "prod.yaml", outer, key)
    made.commit("Start")
    return made


def ours(
    folder: GitFolder, environment: str, sets: tuple[str, ...] = (), strings: tuple[str, ...] = ()
) -> tuple[Deployment, str]:
    """What hubtui reads of the folder, and what helm renders of the values that it would give."""
    found = asyncio.run(repo.read(folder.root, "bio", environment))
    request = UpgradeRequest(
        mode=ValuesMode.RESET, deployment=found, sets=sets, set_strings=strings
    )
    values = encoded(asyncio.run(gather(Settings(), request)).document)
    words = ["template", found.release, found.chart.reference, "--namespace", found.namespace]
    ended = subprocess.run(
        [str(unpack_helm().helm(4)), *words, "-f", "-"],
        input=values,
        capture_output=True,
        check=True,
    )
    return found, ended.stdout.decode()


def same(found: Deployment, asked: Asked, root: Path) -> None:
    """Names, chart and files are hubploy's; what it decrypted is a file of its own by then."""
    assert (found.release, found.namespace) == (asked.release, asked.namespace)
    assert found.chart.reference == str(root / asked.chart)
    opened = ["decrypted" if file.encrypted else file.path for file in found.files]
    theirs = [str(root / path) for path in asked.files]
    assert opened == [path if path.startswith(str(root)) else "decrypted" for path in theirs]
    assert "--wait" in asked.words  # what hubtui never passes


@pytest.mark.parametrize("environment", ["prod", "staging", "develop"])
def test_each_environment_gets_what_hubploy_gives_it(folder: GitFolder, environment: str) -> None:
    folder.write("deployments/bio/config/develop.yaml", "")
    asked = deploy(folder.root, "bio", "hub", environment)
    found, rendered = ours(folder, environment)
    same(found, asked, folder.root)
    assert rendered == asked.rendered
    assert found.release == f"bio-{environment}"
    assert found.context == f"bio-{environment}"


def test_what_is_set_by_hand_goes_over_the_files_as_with_hubploy(folder: GitFolder) -> None:
    sets = ("jupyterhub.cull.every=60,own.list={a,1}", "own.b=null")
    strings = ("jupyterhub.tag=2024",)
    options = [word for text in sets for word in ("--set", text)]
    options += [word for text in strings for word in ("--set-string", text)]
    asked = deploy(folder.root, "bio", "hub", "prod", *options)
    assert ours(folder, "prod", sets, strings)[1] == asked.rendered


@pytest.mark.parametrize("images", [ONE_IMAGE, IMAGES], ids=["one", "several"])
def test_the_images_that_hubploy_builds_get_its_tags(folder: GitFolder, images: str) -> None:
    folder.write("deployments/bio/hubploy.yaml", CLUSTER + images)
    folder.write("deployments/bio/lab/Dockerfile", "FROM scratch\nRUN true\n")
    folder.commit("Lab")
    asked = deploy(folder.root, "bio", "hub", "prod")
    found, rendered = ours(folder, "prod")
    same(found, asked, folder.root)
    assert rendered == asked.rendered
    theirs = asked.words[asked.words.index("--set-string") :]
    assert list(found.set_strings) == theirs[1::2]
