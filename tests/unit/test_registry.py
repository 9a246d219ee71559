"""What a registry tells of an image, asked anonymously, against a fake of one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from hubtui.clients.gate import Gate
from hubtui.clients.http import Http
from hubtui.clients.registry import Registries
from hubtui.errors import (
    ApiError,
    ConfigError,
    DecodeError,
    DeniedError,
    HubtuiError,
    LimitedError,
    NotFoundError,
)
from hubtui.model.image_facts import CREATED as CREATED_LABEL
from hubtui.model.image_facts import REVISION, SOURCE, ImageFacts
from hubtui.model.image_name import image_name
from tests import fake_registry
from tests.fake_registry import REPOSITORY, TAG, TOKEN, FakeRegistry, digest

BUILT = datetime(2026, 5, 2, 13, 4, 5, 123457, tzinfo=UTC)


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with fake_registry.registry() as fake:
        yield fake


@pytest.fixture
async def registries() -> AsyncIterator[Registries]:
    http = Http(Gate("because"))
    yield Registries(http)
    await http.close()


async def facts(registries: Registries, fake: FakeRegistry, tag: str = TAG) -> ImageFacts:
    return await registries.facts(image_name(f"{fake.host}/{REPOSITORY}:{tag}"))


async def test_an_image_that_repo2docker_built(fake: FakeRegistry, registries: Registries) -> None:
    found = await facts(registries, fake)
    assert (found.built, found.size, found.platform) == (BUILT, 1000, "linux/amd64")
    assert found.origin == "repo2docker 2026.4.0 of https://github.com/uni/image at 3f2a1c9d0e5b"
    assert found.digest == digest(fake.manifests[TAG][1])


async def test_the_anonymous_token_is_asked_for_once_and_goes_to_the_registry_alone(
    fake: FakeRegistry, registries: Registries
) -> None:
    await facts(registries, fake)
    await facts(registries, fake)
    assert [path for path, _ in fake.requests].count("/token") == 1
    assert {token for path, token in fake.requests if path == "/token"} == {""}
    assert {token for _, token in fake.requests[2:]} == {f"Bearer {TOKEN}"}
    assert {token for _, token in fake.fetched} == {""}


async def test_an_image_of_one_platform_and_one_by_its_digest(
    fake: FakeRegistry, registries: Registries
) -> None:
    fake.push_single("single", {"created": fake_registry.CREATED})
    assert (await facts(registries, fake, "single")).built == BUILT
    by_digest = digest(fake.manifests["single"][1])
    pinned = image_name(f"{fake.host}/{REPOSITORY}:gone@{by_digest}")
    assert (await registries.facts(pinned)).digest == by_digest


async def test_a_label_or_an_annotation_is_believed_before_the_configuration(
    fake: FakeRegistry, registries: Registries
) -> None:
    labels = {CREATED_LABEL: "2026-04-01T00:00:00Z", REVISION: "abc", SOURCE: "https://x.org/y"}
    fake.push("labels", {"created": fake_registry.CREATED, "config": {"Labels": labels}})
    found = await facts(registries, fake, "labels")
    assert found.built == datetime(2026, 4, 1, tzinfo=UTC)
    assert found.origin == "of https://x.org/y at abc"
    fake.push("noted", {}, annotations={CREATED_LABEL: "2026-03-01T00:00:00Z"})
    assert (await facts(registries, fake, "noted")).built == datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("created", ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "", "soon"])
async def test_a_date_that_is_none_is_not_told(
    fake: FakeRegistry, registries: Registries, created: str
) -> None:
    fake.push("reproducible", {"created": created})
    assert (await facts(registries, fake, "reproducible")).built is None


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (403, DeniedError, "shows uni/ds-image only to who logs in"),
        (404, NotFoundError, "has no uni/ds-image:2026.11"),
        (429, LimitedError, "too many requests from here"),
        (500, ApiError, "HTTP 500"),
    ],
)
async def test_a_refusal_in_words(
    fake: FakeRegistry, registries: Registries, status: int, kind: type[HubtuiError], words: str
) -> None:
    fake.status = status
    with pytest.raises(kind, match=words):
        await facts(registries, fake)


async def test_a_private_registry_is_asked_for_no_login(
    fake: FakeRegistry, registries: Registries
) -> None:
    fake.login = True
    with pytest.raises(DeniedError, match="asks registries without a login"):
        await facts(registries, fake)


async def test_content_that_is_not_what_its_digest_says_is_not_believed(
    fake: FakeRegistry, registries: Registries
) -> None:
    for key in fake.blobs:
        fake.blobs[key] += b" "
    with pytest.raises(DecodeError, match="It is not believed"):
        await facts(registries, fake)


async def test_a_digest_that_is_a_path_leads_nowhere(
    fake: FakeRegistry, registries: Registries
) -> None:
    fake.manifests["evil"] = ("", b'{"config": {"digest": "../../token"}}')
    with pytest.raises(DecodeError, match="a digest that hubtui cannot check"):
        await facts(registries, fake, "evil")
    fake.manifests["chart"] = ("", b'{"artifactType": "something else"}')
    with pytest.raises(DecodeError, match="no container image"):
        await facts(registries, fake, "chart")


@pytest.mark.parametrize("image", ["quay.io/a/../b:1", "quay.io/A:1", "quay.io/a:1?x=y", "h:x/a"])
async def test_what_is_no_name_is_asked_of_nobody(registries: Registries, image: str) -> None:
    with pytest.raises(ConfigError, match="no name of an image"):
        await registries.facts(image_name(image))


async def test_all_tags_are_listed_page_by_page(fake: FakeRegistry, registries: Registries) -> None:
    for tag in ("1.0", "1.1", "2.0", "2.1"):
        fake.push(tag, {})
    found = await registries.tags(image_name(f"{fake.host}/{REPOSITORY}"))
    assert found == ("1.0", "1.1", "2.0", "2.1", TAG)


async def test_a_list_that_goes_on_elsewhere_or_without_end_is_left(
    fake: FakeRegistry, registries: Registries
) -> None:
    fake.link = f'<{fake.blobs_url}/tags>; rel="next"'
    assert await registries.tags(image_name(f"{fake.host}/{REPOSITORY}")) == (TAG,)
    assert fake.fetched == []
    fake.link = f'</v2/{REPOSITORY}/tags/list>; rel="next"'
    assert set(await registries.tags(image_name(f"{fake.host}/{REPOSITORY}"))) == {TAG}


async def test_a_registry_that_lists_no_tags_says_why(
    fake: FakeRegistry, registries: Registries
) -> None:
    fake.login = True
    with pytest.raises(DeniedError, match="only to who logs in"):
        await registries.tags(image_name(f"{fake.host}/{REPOSITORY}"))
    with pytest.raises(ConfigError, match="is no name in a registry"):
        await registries.tags(image_name(f"{fake.host}/A/../b"))
