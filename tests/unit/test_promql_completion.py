"""What fits at the cursor of a query (`|`), and the query with a word that was taken."""

from __future__ import annotations

import pytest

from hubtui.model.promql_completion import Offer, Wanted, fitting, place_of, taken, words


def at(marked: str) -> tuple[str, int]:
    """The query and the cursor's place in it, from a query with `|` where the cursor is."""
    before, _, after = marked.partition("¦")
    return before + after, len(before)


@pytest.mark.parametrize(
    ("marked", "wanted", "typed", "selectors"),
    [
        ("¦", Wanted.EXPRESSION, "", ()),
        ("jupyter¦", Wanted.EXPRESSION, "jupyter", ()),
        ("sum(rate(hub¦", Wanted.EXPRESSION, "hub", ()),
        ("up and jup¦", Wanted.EXPRESSION, "jup", ()),
        ("sum by (le) (jup¦)", Wanted.EXPRESSION, "jup", ()),
        ("a / on (node) b¦", Wanted.EXPRESSION, "b", ()),
        ("up ¦", Wanted.WORD, "", ()),
        ("sum b¦", Wanted.WORD, "b", ()),
        ("sum(up) un¦", Wanted.WORD, "un", ()),
        ("up{¦}", Wanted.LABEL, "", ("up",)),
        ("up{job='x', na¦}", Wanted.LABEL, "na", ("up",)),
        ("{na¦}", Wanted.LABEL, "na", ()),
        ("sum by (¦) (rate(a[5m]) / b)", Wanted.LABEL, "", ("a", "b")),
        ("sum(up) by (pod, n¦", Wanted.LABEL, "n", ("up",)),
        ("up{job¦}", Wanted.LABEL, "job", ("up",)),
        ("up{job ¦}", Wanted.NOTHING, "", ("up",)),
        ('up{job="h¦"}', Wanted.VALUE, "h", ("up",)),
        ('up{job="h¦', Wanted.VALUE, "h", ("up",)),
        ('up{a="1",job=~"x|h¦"}', Wanted.VALUE, "h", ('up{a="1"}',)),
        ('{job="h¦"}', Wanted.VALUE, "h", ()),
        ('{a="1",job="h¦"}', Wanted.VALUE, "h", ('{a="1"}',)),
        ("up{job='h¦'} + down{job='x'}", Wanted.VALUE, "h", ("up",)),
        ('label_replace(up, "a¦', Wanted.NOTHING, "a", ()),
        ("rate(up[5¦", Wanted.LENGTH, "5", ()),
        ("up offset ¦", Wanted.LENGTH, "", ()),
        ("sum by¦ (x)", Wanted.WORD, "by", ()),
        ("sum by ¦", Wanted.NOTHING, "", ()),
        ("up > 10¦", Wanted.NOTHING, "10", ()),
        ("up # of al¦", Wanted.NOTHING, "", ()),
    ],
)
def test_what_fits_at_the_cursor(
    marked: str, wanted: Wanted, typed: str, selectors: tuple[str, ...]
) -> None:
    place = place_of(*at(marked))
    assert (place.wanted, place.typed, place.selectors) == (wanted, typed, selectors)


@pytest.mark.parametrize(
    ("marked", "offer", "then"),
    [
        ("jup¦", Offer("jupyterhub_users", "metric"), "jupyterhub_users¦"),
        ("sum(ju¦pyter)", Offer("jupyterhub_users", "metric"), "sum(jupyterhub_users¦)"),
        ("ra¦", Offer("rate", "function"), "rate(¦"),
        ("ra¦(up)", Offer("rate", "function"), "rate¦(up)"),
        ("up{na¦}", Offer("namespace", "label"), "up{namespace¦}"),
        ('up{job="h¦', Offer("hub", "value"), 'up{job="hub"¦'),
        ('up{job="h¦"}', Offer("hub", "value"), 'up{job="hub"¦}'),
        ('up{job="h¦ello"}', Offer("hub", "value"), 'up{job="hub"¦}'),
        ('up{job=~"a|h¦"}', Offer("h.b", "value"), 'up{job=~"a|h\\\\.b"¦}'),
        ("up{job='¦'}", Offer("it's", "value"), "up{job='it\\'s'¦}"),
        ("up{job=`¦`}", Offer("a\\b", "value"), "up{job=`a\\b`¦}"),
        ("rate(up[¦])", Offer("5m", "time"), "rate(up[5m¦])"),
    ],
)
def test_a_word_that_is_taken(marked: str, offer: Offer, then: str) -> None:
    query, cursor = at(marked)
    assert taken(query, cursor, place_of(query, cursor), offer) == at(then)


def test_what_begins_as_typed_is_offered_first_and_a_whole_word_no_more() -> None:
    names = [Offer(name, "metric") for name in ("hub_up", "up", "uptime")]
    assert [each.text for each in fitting(place_of("up", 2), names)] == ["up", "uptime", "hub_up"]
    assert fitting(place_of("uptime", 6), names) == ()
    place = place_of("sum(up) b", 9)
    assert [each.text for each in fitting(place, words(place))] == ["bool", "by"]
