"""What an operator reads of a diff, and how they move in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hubtui.model.diff import RevisionDiff, compare, compare_payloads
from hubtui.model.diff_content import Content
from hubtui.model.manifest import read
from hubtui.model.redact import Redactor
from hubtui.model.release import decode_payload
from hubtui.views.cells import Tone, plain
from hubtui.views.diff import DiffView
from tests import releases

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def _payload(*args: Any, **kwargs: Any) -> Any:
    return decode_payload(releases.packed(releases.release(*args, **kwargs)))


def _view(after: Any = None) -> DiffView:
    given = releases.values("2026.09", "2G")
    other = after or _payload(11, given)
    return DiffView(compare_payloads(_payload(12), other, Redactor()))


def _of(before: str, after: str) -> DiffView:
    old, new = (Content("live", "hub", objects=read(text)) for text in (before, after))
    return DiffView(compare(old, new, Redactor()))


def test_a_rollback_reads_like_this() -> None:
    view = _view()
    assert plain(view.headline()) == "12 → 11 ~3 +0 -0"
    assert view.lines() == [
        "▾ Images                             1 changed",
        "  ~ singleuser  quay.io/uni/ds-image  2026.11 → 2026.09",
        "▾ Values                             2 changed",
        '  ~ singleuser.image.tag     "2026.11" → "2026.09"',
        "  ~ singleuser.memory.limit  4G → 2G",
        "▾ Secret/hub                         1 changed",
        "    data.values.yaml   •••••• changed, shown as Values above",
        "▾ ConfigMap/hub                      1 noise",
        "    data.checksum_hook-image-puller   (noise: checksum)",
        "▾ Deployment/hub                     1 changed · 1 noise",
        "    spec.template.metadata.annotations.checksum/secret   (noise: checksum)",
        '  - spec.template.spec.containers[hub].env[IMAGE].value: "2026.11"',
        '  + spec.template.spec.containers[hub].env[IMAGE].value: "2026.09"',
        "▾ DaemonSet/continuous-image-puller  1 changed",
        "  - spec.template.spec.initContainers[image-pull-singleuser].image:"
        " quay.io/uni/ds-image:2026.11",
        "  + spec.template.spec.initContainers[image-pull-singleuser].image:"
        " quay.io/uni/ds-image:2026.09",
        "▸ 36 objects unchanged",
    ]


def test_every_tone_has_its_sign() -> None:
    view = _view()
    signs = {Tone.NOW: "-", Tone.FINE: "+", Tone.SOON: "~"}
    seen = set()
    for key in list(view.keys()):
        (row,) = view.cells(key, NOW)
        tone = row[0][1]
        if tone in signs:
            seen.add(tone)
            assert plain(row).lstrip().startswith(signs[tone])
    assert seen == set(signs)


def test_enter_folds_and_unfolds() -> None:
    view = _view()
    view.drain()
    assert view.toggle("images")
    assert view.lines()[:2] == [
        "▸ Images                             1 changed",
        "▾ Values                             2 changed",
    ]
    assert view.drain().order
    assert not view.drain()
    assert view.toggle("images")
    assert view.is_open("images")
    assert not view.toggle("images/0")
    assert not view.toggle("nothing")
    assert view.toggle("unchanged")
    assert "    ConfigMap/other-0" in view.lines()


def test_a_row_that_has_just_been_folded_away_is_blank_until_it_is_gone() -> None:
    """A table may paint once more between the fold and the beat that takes the row away."""
    view = _view()
    assert plain(view.cells("images/0", NOW)[0]) != ""
    view.toggle("images")
    assert plain(view.cells("images/0", NOW)[0]) == ""


def test_n_goes_from_change_to_change_and_stops_at_the_ends() -> None:
    view = _view()
    seen = []
    key = view.next_change(None)
    while key is not None:
        seen.append(key)
        key = view.next_change(key)
    assert seen[:4] == ["images/0", "values/0", "values/1", "o:/Secret/hub/hub/0"]
    back = []
    key = view.next_change(None, -1)
    while key is not None:
        back.append(key)
        key = view.next_change(key, -1)
    assert back == seen[::-1]


def test_n_stops_at_a_folded_object_but_not_at_noise() -> None:
    view = _view()
    objects = [key for key in list(view.keys()) if key.startswith("o:") and view.is_open(key)]
    for key in objects:
        view.toggle(key)
    stops = []
    at = view.next_change("values/1")
    while at is not None:
        stops.append(at)
        at = view.next_change(at)
    assert stops == [key for key in objects if "ConfigMap" not in key]


def test_values_only_leaves_the_values() -> None:
    view = _view()
    view.show_values_only(True)
    assert [line for line in view.lines() if not line.startswith(" ")] == ["▾ Values  2 changed"]
    view.show_values_only(False)
    assert len(view.lines()) == 17


def test_many_objects_with_noise_only_share_a_row() -> None:
    view = _view(_payload(13, chart="4.5.0"))
    last = view.lines()[-1]
    assert last.startswith("▸ 38 objects differ in noise only")
    assert last.endswith("checksum, chart version")
    assert "▸ Hooks" in "\n".join(view.lines())


def test_a_long_text_is_folded_and_shown_by_line() -> None:
    text = "kind: ConfigMap\nmetadata: {name: a}\ndata:\n  f: |\n" + "    x: %s\n" * 3
    view = _of(text % (1, 2, 3), text % (1, 5, 3))
    assert view.lines() == [
        "▾ ConfigMap/a  1 changed",
        "  ▾ data.f  +1 -1 lines",
        "      x: 1",
        "    - x: 2",
        "    + x: 5",
        "      x: 3",
    ]


def test_an_object_that_comes_unfolds_to_its_yaml() -> None:
    view = _of(
        "null", "kind: Secret\nmetadata: {name: a}\ndata: {token: " + releases.OTHER_SECRET + "}"
    )
    assert view.lines() == ["▸ Secret/a  added"]
    (key,) = view.keys()
    view.toggle(key)
    assert view.lines()[1:] == [
        "  + kind: Secret",
        "  + metadata:",
        "  +   name: a",
        "  + data:",
        "  +   token: ••••••",
    ]


def test_the_full_text_is_there_on_demand() -> None:
    long = "y" * 300
    view = _of("kind: P\nmetadata: {name: a}\nx: z", f"kind: P\nmetadata: {{name: a}}\nx: {long}")
    row = next(key for key in list(view.keys()) if key.endswith("+"))
    assert long not in "\n".join(view.lines())
    assert view.lines(40)[2] == f"  + x: {'y' * 32}…"
    assert view.detail(row) == ["x", "- z", f"+ {long}"]
    assert view.detail("nothing") == []


def test_no_secret_is_in_any_line_or_detail() -> None:
    view = _view(_payload(11, releases.values("2026.09", "2G", releases.OTHER_SECRET)))
    view.open_all()
    shown = "\n".join(view.lines())
    shown += "\n".join(line for key in list(view.keys()) for line in view.detail(key))
    assert shown.count("••••••") > 4
    for canary in (releases.OTHER_SECRET, releases.CLIENT_SECRET, releases.TOKEN, releases.COOKIE):
        assert canary not in shown


def test_what_stands_where_no_row_is() -> None:
    assert DiffView().empty() == "Comparing…"
    same = DiffView(RevisionDiff("12", "11"))
    assert same.keys() == []
    assert same.empty() == "Nothing differs between 12 and 11."
    assert DiffView().freshness(NOW).words == "comparing"
