"""What there is of a chart instead of a version that is not there, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubtui.clients import chart_offers
from hubtui.clients.gate import Gate
from hubtui.model.chart_offers import Offered, in_index, in_tags, is_not_there
from hubtui.model.deployment import ChartKind, ChartSource

Z2JH = ("4.4.1-0.dev.git.7.h1", "4.4.0", "4.3.3", "4.3.2", "3.3.8", "3.3.7", "2.0.0")


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        ("4.3.9", ("4.3.3", "4.3.2", "4.4.0", "3.3.8", "3.3.7", "2.0.0")),
        ("3.9.9", ("3.3.8", "3.3.7", "4.4.0", "4.3.3", "4.3.2", "2.0.0")),
        ("v3.3.9", ("3.3.8", "3.3.7", "4.4.0", "4.3.3", "4.3.2", "2.0.0")),
        (">=9", ("4.4.0", "4.3.3", "4.3.2", "3.3.8", "3.3.7", "2.0.0")),
        ("latest", ("4.4.0", "4.3.3", "4.3.2", "3.3.8", "3.3.7", "2.0.0")),
        ("4.4.1-0.dev", (Z2JH[0], "4.4.0", "4.3.3", "4.3.2", "3.3.8", "3.3.7", "2.0.0")),
    ],
)
def test_the_nearest_versions_come_first(wanted: str, nearest: tuple[str, ...]) -> None:
    assert Offered(Z2JH).nearest(wanted) == nearest


def test_pre_releases_are_named_where_there_is_nothing_else() -> None:
    assert Offered(("1.0.0-rc.2", "1.0.0-rc.1")).nearest("1.0.0") == ("1.0.0-rc.2", "1.0.0-rc.1")


def test_what_there_is_in_words() -> None:
    assert Offered(Z2JH).words("4.3.9") == (
        "it has 4.3.3, 4.3.2, 4.4.0, 3.3.8, 3.3.7 and 1 more; name one of these with --version"
    )
    assert Offered(charts=("a", "b")).words("1") == (
        "it has a, b; check --chart and where it comes from"
    )
    assert Offered().words("1") == "it has no such chart; check --chart and where it comes from"
    assert Offered(unknown="x does not answer").words("1") == (
        "? which versions there are is not known: x does not answer"
    )


def test_an_index_and_tags_are_read_for_their_versions() -> None:
    entries = {"hub": [{"version": "1.9.0"}, {"version": "1.10.0"}, {}, "x"], "other": None}
    found = in_index({"entries": entries}, "hub")
    assert found == Offered(("1.10.0", "1.9.0"), ("hub", "other"))
    assert in_index({"entries": entries}, "none").versions == ()
    assert in_index({}, "hub") == Offered()
    tags = ("1.9.0", "latest", "1.10.0_b.1", "sha256-0123.sig")
    assert in_tags(tags) == Offered(("1.10.0+b.1", "1.9.0"))


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ('Error: chart "x" version "9" not found in https://h/charts repository', True),
        ("Error: chart \"x\" matching 9 not found in r index. (try 'helm repo update')", True),
        ("Error: Could not locate a version matching provided version string >=7", True),
        ('Error: failed to perform "FetchReference" on source: h:5000/c/x:9: not found', True),
        ("Error: unexpected status code 404: name unknown: Unknown name", True),
        ('Error: template: x/a.yaml:1: function "y" not found', False),
        ("Error: UPGRADE FAILED: release: not found", False),
        ('Error: namespaces "x" not found', False),
    ],
)
def test_helms_words_for_what_is_not_there(words: str, missing: bool) -> None:
    assert is_not_there(words) is missing


@pytest.mark.parametrize(
    ("chart", "says"),
    [
        (
            ChartSource(ChartKind.REPOSITORY, "x", "1", "http://127.0.0.1:1", "x"),
            "http://127.0.0.1:1 does not answer",
        ),
        (
            ChartSource(ChartKind.REPOSITORY, "x", "1", "ftp://hub.example", "x"),
            "it is no https:// address",
        ),
        (ChartSource(ChartKind.REPOSITORY, "hubs/x", "1", name="x"), "helm repo update"),
        (ChartSource(ChartKind.OCI, "oci://127.0.0.1:1/a/x", "1", name="x"), "does not answer"),
    ],
)
async def test_what_cannot_be_asked_is_not_known(
    chart: ChartSource, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = await chart_offers.offered(Gate("read-only"), chart)
    assert says in found.unknown


async def test_an_index_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    written = tmp_path / "helm" / "repository" / "hubs-index.yaml"
    written.parent.mkdir(parents=True)
    written.write_text("a: [\n")
    chart = ChartSource(ChartKind.REPOSITORY, "hubs/x", "1", name="x")
    found = await chart_offers.offered(Gate(), chart)
    assert found.unknown == "The repository's index.yaml cannot be read"
