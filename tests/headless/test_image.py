"""`hubtui image`: the images of the release, and when they were built, where somebody asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import fake_registry
from tests.fake_registry import REPOSITORY, TAG, FakeRegistry
from tests.headless import cluster
from tests.headless.apiserver import ApiServer
from tests.headless.conftest import Command
from tests.releases import packed, release, values


@pytest.fixture
def registry(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRegistry]:
    """The registry of the user image; every other one is out of reach."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with fake_registry.registry() as fake:
        given = values(tag=TAG)
        given["singleuser"]["image"]["name"] = f"{fake.host}/{REPOSITORY}"
        api.objects.append(cluster.helm_secret(3, "deployed", packed(release(3, given))))
        api.objects[:] = [
            each for each in api.objects if not each["metadata"]["name"].endswith("hub.v2")
        ]
        yield fake


def test_the_images_of_the_release_and_who_runs_them(hubtui: Command, api: ApiServer) -> None:
    found = hubtui("image", "--json")
    assert found.code == 0
    first, *others = found.document["items"]
    assert (first["repository"], first["tag"]) == ("quay.io/uni/ds-image", "2026.11")
    assert first["used_by"] == ["singleuser"]
    assert (first["built"], first["unknown"]) == (None, "the registry was not asked")
    assert {"quay.io/jupyterhub/k8s-hub"} <= {each["repository"] for each in others}
    (note,) = found.document["notes"]
    assert "--registry asks" in note["reason"]
    header, row, *_ = hubtui("image").out.splitlines()
    assert header.split() == ["USED", "BY", "IMAGE", "TAG", "BUILT", "SIZE", "FROM"]
    assert row.split()[:4] == ["singleuser", "quay.io/uni/ds-image", "2026.11", "?"]


def test_no_registry_is_asked_without_being_told_to(
    hubtui: Command, api: ApiServer, registry: FakeRegistry
) -> None:
    assert hubtui("image").code == 0
    assert registry.requests == []


def test_a_registry_tells_when_and_from_what_the_image_was_built(
    hubtui: Command, api: ApiServer, registry: FakeRegistry
) -> None:
    found = hubtui("image", "--registry", "--json", "--read-only")
    assert found.code == 0
    first, *others = found.document["items"]
    assert (first["built"], first["unknown"]) == ("2026-05-02T13:04:05Z", "")
    assert first["labels"]["repo2docker.version"] == "2026.4.0"
    assert first["size_bytes"] == 1000
    assert {each["built"] for each in others} == {None}
    assert all("does not answer" in each["unknown"] for each in others)
    assert len(found.document["notes"]) == len(others)
    text = hubtui("image", "--registry").out
    assert "2026-05-02 13:04" in text
    assert "repo2docker 2026.4.0 of https://github.com/uni/image" in text


def test_an_image_that_the_registry_does_not_have(
    hubtui: Command, api: ApiServer, registry: FakeRegistry
) -> None:
    del registry.manifests[TAG]
    found = hubtui("image", "--registry", "--json").document["items"][0]
    assert found["built"] is None
    assert found["unknown"] == f"{registry.host} has no {REPOSITORY}:{TAG}"
