"""Leftovers as rows, sums and sentences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hubtui.model.hub_listing import FRESH
from hubtui.model.leftovers import Kind, Leftover
from hubtui.model.why_facts import Missing
from hubtui.services.leftovers import Found
from hubtui.views import leftovers as views
from hubtui.views.cells import plain
from hubtui.views.document import Hung

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOME = Leftover(
    kind=Kind.NO_USER,
    name="claim-gone",
    evidence="the hub has no user gone",
    user="gone",
    size=10 * 2**30,
    used=2**30,
    last_used=NOW - timedelta(days=40),
    created=NOW - timedelta(days=400),
    volume="pv-1",
    reclaim="Delete",
)
OLD = Leftover(kind=Kind.OLD_NAME, name="claim-old", evidence="x", doubt="look first", volume="v")
KEPT = Leftover(
    kind=Kind.RELEASED, name="pv-2", evidence="its claim claim-z is gone", claim="claim-z",
    volume="pv-2", reclaim="Retain", size=2**30,
)  # fmt: skip


def cells(each: Leftover) -> list[str]:
    found = Found(at=NOW, items=(each,))
    return [plain(cell) for cell in views.rows(found, NOW)[each.key]]


def test_a_row_says_whose_it_is_its_size_and_what_a_deletion_does() -> None:
    assert cells(HOME) == [
        "claim-gone", "no user", "gone", "10G", "1G", "40 d", "400 d", "deleted", "–",
    ]  # fmt: skip
    assert cells(OLD) == ["claim-old", "▲ old name", "?", "?", "?", "?", "?", "?", "▲ look first"]
    assert cells(KEPT)[:3] == ["pv-2", "released", "claim-z"]
    assert cells(KEPT)[-2:] == ["kept", "a volume: by kubectl"]


def test_sums_are_at_least_where_a_size_is_not_known() -> None:
    found = Found(at=NOW, items=(HOME, OLD, KEPT))
    assert plain(views.headline(found, ())) == "3, ≥ 11G"
    assert plain(views.headline(found, (HOME,))) == "3, ≥ 11G 1 marked, 10G"
    assert plain(views.headline(Found(at=NOW), ())) == "none"
    assert plain(views.headline(Found(at=NOW, refusal="x"), ())) == "?"


def test_nothing_is_a_sentence_with_the_reason() -> None:
    assert views.sentence(None) == views.LOOKING
    assert views.sentence(Found(at=NOW, claims=3, users=1200)) == (
        "Nothing is left over: 3 claims and 1,200 users were looked at."
    )
    refused = Found(at=NOW, refusal="no answer", missing=(Missing("hub", "no answer"),))
    assert views.sentence(refused) == "Nothing is called left over: no answer."
    assert [plain(each) for each in views.notes(refused)] == [
        "No claim is called left over: no answer."
    ]


def test_a_list_grows_old() -> None:
    found = Found(at=NOW)
    assert not views.freshness(found, NOW + timedelta(seconds=50)).stale
    assert views.freshness(found, NOW + FRESH + timedelta(seconds=1)).stale


def test_all_there_is_to_tell_of_one() -> None:
    lines = views.lines(KEPT, NOW, "kubectl delete pv pv-2")
    told = [plain(each.cell if isinstance(each, Hung) else each) for each in lines]
    assert told[0] == "Volume pv-2"
    assert told[1] == "Its claim claim-z is gone."
    assert told[-1].strip() == "kubectl delete pv pv-2"
