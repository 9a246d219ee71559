"""Every text can be read: contrast is computed, not judged by eye."""

from __future__ import annotations

import pytest
from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from hubtui.tui import theme
from hubtui.views.cells import Tone

OWN = [theme.DARK, theme.LIGHT]


def contrast_of(style: Style, background: str) -> float:
    assert style.color is not None
    behind = Color.parse(background)
    if style.bgcolor is not None:
        behind = Color.from_rich_color(style.bgcolor)
    return theme.contrast(Color.from_rich_color(style.color), behind)


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("cursor", [False, True])
@pytest.mark.parametrize("stale", [False, True])
@pytest.mark.parametrize("tone", list(Tone))
def test_every_tone_can_be_read(name: str, cursor: bool, stale: bool, tone: Tone) -> None:
    look = theme.LOOKS[name]
    style = theme.palette_of(look).row(cursor=cursor, stale=stale)[tone]
    assert contrast_of(style, look.background) >= theme.MIN_CONTRAST


@pytest.mark.parametrize("name", OWN)
def test_every_badge_can_be_read(name: str) -> None:
    look = theme.LOOKS[name]
    palette = theme.palette_of(look)
    for style in (*palette.contexts, palette.read_only, palette.demo):
        assert contrast_of(style, look.background) >= theme.MIN_CONTRAST


@pytest.mark.parametrize("name", [name for name in BUILTIN_THEMES if "ansi" not in name])
def test_a_theme_of_textual_is_made_readable(name: str) -> None:
    variables = BUILTIN_THEMES[name].to_color_system().generate()
    look = theme.look_from(variables)
    for style in theme.palette_of(look).tones.values():
        assert contrast_of(style, look.background) >= theme.MIN_CONTRAST


def test_the_ansi_theme_uses_the_terminals_own_colours_only() -> None:
    look = theme.LOOKS[theme.ANSI]
    colours = [look.background, look.border, *look.tones.values(), *look.stale.values()]
    assert all(colour.startswith("ansi_") for colour in colours)


def test_states_differ_from_each_other_in_every_theme() -> None:
    for look in theme.LOOKS.values():
        states = [look.tones[t] for t in (Tone.FINE, Tone.SOON, Tone.NOW, Tone.TOOL, Tone.WAITING)]
        assert len(set(states)) == len(states)


def test_a_context_keeps_its_colour() -> None:
    palette = theme.palette_of(theme.LOOKS[theme.DARK])
    assert palette.context("gke-eu-prod") == palette.context("gke-eu-prod")
    badges = {palette.context(f"cluster-{n}") for n in range(40)}
    assert len(badges) == len(palette.contexts)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#ffffff", "#ffffff", 1.0)],
)
def test_contrast_is_the_one_of_wcag(one: str, other: str, expected: float) -> None:
    assert theme.contrast(Color.parse(one), Color.parse(other)) == pytest.approx(expected, abs=0.01)
