"""A stored release is read without helm, and a broken one is told in a sentence."""

from __future__ import annotations

import base64
import gzip
from datetime import UTC, datetime
from typing import Any

import pytest

from hubtui.errors import DecodeError
from hubtui.model import hub_chart, release, release_packing
from hubtui.model.release import Status, decode_payload, head_from_labels
from tests import releases

OBJECT_NAME = "sh.helm.release.v1.hub.v12"


def test_a_head_comes_from_the_labels() -> None:
    created = datetime(2026, 1, 2, tzinfo=UTC)
    head = head_from_labels(
        {
            "owner": "helm",
            "name": "hub",
            "version": "12",
            "status": "pending-upgrade",
            "modifiedAt": "1767366245",
        },
        namespace="hub",
        object_name=OBJECT_NAME,
        created=created,
    )
    assert (head.release, head.revision, head.status) == ("hub", 12, Status.PENDING_UPGRADE)
    assert head.status.pending
    assert head.created == created
    assert head.modified == datetime.fromtimestamp(1767366245, UTC)


def test_a_head_without_labels_comes_from_the_name() -> None:
    head = head_from_labels({}, namespace="hub", object_name=OBJECT_NAME)
    assert (head.release, head.revision, head.status) == ("hub", 12, Status.UNKNOWN)
    assert head.created is head.modified is None


@pytest.mark.parametrize("labels", [{}, {"name": "hub"}, {"name": "hub", "version": "x"}])
def test_a_head_that_names_no_revision_is_an_error(labels: dict[str, str]) -> None:
    with pytest.raises(DecodeError, match="does not say which revision"):
        head_from_labels(labels, namespace="hub", object_name="other")


def test_a_status_that_is_new_to_us_is_unknown() -> None:
    assert Status("pending-something") is Status.UNKNOWN
    assert not Status.UNKNOWN.pending
    assert [each for each in Status if each.pending] == [
        Status.PENDING_INSTALL,
        Status.PENDING_UPGRADE,
        Status.PENDING_ROLLBACK,
    ]


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("config_map", [True, False])
def test_a_payload_is_read_from_either_storage(zipped: bool, config_map: bool) -> None:
    data = releases.packed(releases.release(), zipped=zipped, config_map=config_map)
    payload = decode_payload(data)
    assert (payload.name, payload.revision, payload.status) == ("hub", 12, Status.DEPLOYED)
    assert payload.chart.label == "jupyterhub-4.4.0"
    assert payload.config["singleuser"]["image"]["tag"] == "2026.11"
    assert payload.last_deployed == datetime(2026, 5, 2, 13, 4, 5, tzinfo=UTC)
    assert payload.hooks[0].weight == -10
    assert payload.hooks[0].last_run == release.HookRun("Succeeded")
    assert "Deployment" in payload.manifest


def test_what_go_leaves_out_or_writes_as_null_is_empty() -> None:
    document = releases.release(config=releases.values(), manifest=None, hooks=None)
    document["config"] = None
    document["chart"]["values"] = None
    document["info"]["last_deployed"] = "0001-01-01T00:00:00Z"
    payload = decode_payload(releases.packed(document))
    assert (payload.config, payload.defaults, payload.manifest, payload.hooks) == ({}, {}, "", ())
    assert payload.last_deployed is None
    assert payload.apply_method == ""


def test_the_payload_holds_no_escape_sequence() -> None:
    document = releases.release(config={"a": "\x1b]52;c;x\x07"}, manifest="a: 1\r\nb: 2\r\n")
    payload = decode_payload(releases.packed(document))
    assert payload.config == {"a": "\\x1b]52;c;x\\x07"}
    assert payload.manifest == "a: 1\nb: 2\n"


def test_secrets_stay_out_of_the_repr() -> None:
    payload = decode_payload(releases.packed(releases.release()))
    assert releases.CLIENT_SECRET not in repr(payload)


WHOLE = releases.packed(releases.release())
INNER = base64.b64decode(WHOLE)
GZIPPED = base64.b64decode(INNER)


def _stored(raw: bytes) -> str:
    return base64.b64encode(base64.b64encode(raw)).decode()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        (WHOLE[:-5], "not whole base64"),
        ("%%%", "not whole base64"),
        (_stored(GZIPPED[:200]), "cut off in its gzip part"),
        (_stored(GZIPPED[:40] + b"\x00\xff\x00" * 9 + GZIPPED[60:]), "not whole gzip"),
        (_stored(b"\x00\x01\x02"), "neither gzip nor JSON"),
        (releases.packed(b'{"name": "hub", '), "not readable JSON"),
        (releases.packed(b'{"name": 7}'), "not of a Helm release"),
        (releases.packed(b'{"name": "hub"}'), "not of a Helm release"),
        (releases.packed(b'{"name": "\xff\xfe"}'), "not readable JSON"),
        (_stored(gzip.compress(b"[1]")), "not of a Helm release"),
    ],
    ids=[
        *("nothing", "blank", "cut base64", "no base64", "cut gzip", "broken gzip", "no payload"),
        *("cut JSON", "name no text", "no release", "no UTF-8", "a list"),
    ],
)
def test_each_way_to_be_broken_has_its_sentence(data: str, said: str) -> None:
    with pytest.raises(DecodeError, match=said) as told:
        decode_payload(data)
    assert told.value.meaning
    assert releases.CLIENT_SECRET not in str(told.value)


def test_a_payload_of_another_revision_is_told() -> None:
    head = head_from_labels({}, namespace="hub", object_name="sh.helm.release.v1.hub.v11")
    with pytest.raises(DecodeError, match=r"holds revision 12 of 'hub', not revision 11"):
        decode_payload(WHOLE, head)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_packing, "MAX_JSON", 2**20)
    with pytest.raises(DecodeError, match="more than 1 MiB"):
        decode_payload(_stored(gzip.compress(b" " * (2**20 + 1))))


def _parent(name: str, dependencies: list[Any] | None, prefix: str) -> release.Payload:
    objects = releases.hub_objects(releases.values(), prefix=prefix)
    document = releases.release(
        config={"jupyterhub": releases.values()}, manifest=releases.manifest(objects)
    )
    document["chart"] = {"metadata": {"name": name, "version": "0.1", "dependencies": dependencies}}
    return decode_payload(releases.packed(document))


@pytest.mark.parametrize(
    ("name", "dependencies", "prefix", "path"),
    [
        ("hub", [{"name": "jupyterhub"}], "hub/charts/jupyterhub", ("jupyterhub",)),
        ("hub", [{"name": "jupyterhub", "alias": "jh"}], "hub/charts/jh", ("jh",)),
        (
            "daskhub",
            [{"name": "basehub"}],
            "daskhub/charts/basehub/charts/jupyterhub",
            ("basehub", "jupyterhub"),
        ),
    ],
)
def test_a_hub_is_found_in_a_sub_chart(
    name: str, dependencies: list[Any], prefix: str, path: tuple[str, ...]
) -> None:
    payload = _parent(name, dependencies, prefix)
    assert hub_chart.hub_path(payload) == path
    assert hub_chart.jupyterhub_version(payload) == "5.5.0"
    assert hub_chart.hub_chart_version(payload) == "4.4.0"


def test_the_hubs_own_chart_says_its_versions() -> None:
    payload = decode_payload(WHOLE)
    assert hub_chart.hub_path(payload) == ()
    assert hub_chart.jupyterhub_version(payload) == "5.5.0"


def test_another_chart_is_no_hub() -> None:
    document = releases.release(manifest="kind: Pod\nmetadata: {name: a}\n")
    document["chart"] = {"metadata": {"name": "nginx"}}
    payload = decode_payload(releases.packed(document))
    assert not hub_chart.is_hub_chart(payload)
    assert hub_chart.jupyterhub_version(payload) is None
