"""Three themes, and what a tone looks like in each.

Colours are for state only: green fine, amber soon, red now, blue the tool's own, violet waiting as
meant; the accent is for focus and keys. Every text colour of the dark and the light theme stands
out from its background by at least 4.5:1 (WCAG AA), stale rows too. The ANSI theme leaves colours
to the terminal.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from hubtui.views.cells import Tone

if TYPE_CHECKING:
    from textual.app import App

DARK = "hubtui-dark"
LIGHT = "hubtui-light"
ANSI = "hubtui-ansi"

MIN_CONTRAST = 4.5

Pair = tuple[str, str]
"""Text colour and background colour of a badge."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The colours of one theme, as Textual writes them (`#rrggbb` or `ansi_green`)."""

    background: str
    tones: Mapping[Tone, str]
    stale: Mapping[Tone, str]
    border: str
    off: str
    cursor: str
    field: str
    contexts: tuple[Pair, ...]
    read_only: Pair
    demo: Pair
    dark: bool = True
    ansi: bool = False


def _tones(*colors: str) -> dict[Tone, str]:
    order = (
        Tone.PLAIN, Tone.STRONG, Tone.MUTED, Tone.FINE, Tone.SOON,
        Tone.NOW, Tone.TOOL, Tone.WAITING, Tone.ACCENT, Tone.LINE_2, Tone.LINE_3, Tone.LINE_4,
    )  # fmt: skip
    return dict(zip(order, colors, strict=True))


LOOKS: dict[str, Look] = {
    DARK: Look(
        background="#121318",
        tones=_tones(
            "#d5d9e0", "#f2f4f8", "#848b98", "#7fb069", "#e8ab3f",
            "#e5535f", "#5aa5e6", "#a08be8", "#f37726", "#e08bc6", "#5fcfc9", "#c9bd8a",
        ),
        stale=_tones(
            "#8b919d", "#a3a9b4", "#7f8591", "#74906b", "#a88c55",
            "#c06a72", "#6f93b5", "#9187b8", "#b98058", "#b07f9f", "#699d9a", "#99937a",
        ),
        border="#3c414c",
        off="#565c68",
        cursor="#272c37",
        field="#1b1e26",
        contexts=(
            ("#8fdcae", "#1d3b2a"), ("#8ec5f0", "#1b3450"), ("#d3b3f3", "#3a2852"),
            ("#f0b8c8", "#4a2433"), ("#e8cf8e", "#40341a"), ("#8adbd8", "#173b3d"),
            ("#f0bd97", "#472b1a"), ("#c5cf8f", "#333a1c"),
        ),
        read_only=("#0f1420", "#5aa5e6"),
        demo=("#171226", "#a08be8"),
    ),
    LIGHT: Look(
        background="#fbfbfc",
        tones=_tones(
            "#2b303a", "#0d1016", "#666c78", "#33752a", "#8a5a00",
            "#c0202f", "#1565b0", "#6445b8", "#b84a00", "#a3247f", "#0b6b6b", "#6e5a14",
        ),
        stale=_tones(
            "#666c78", "#575d69", "#6b717c", "#557550", "#806a42",
            "#a04f57", "#4f7396", "#75689c", "#99623d", "#8f567e", "#4a7676", "#746a48",
        ),
        border="#c3c7cf",
        off="#a3a8b3",
        cursor="#e4e8ef",
        field="#eef0f4",
        contexts=(
            ("#14512b", "#c9ecd6"), ("#123f6b", "#cbe2f8"), ("#4a2580", "#e5d8f8"),
            ("#7a1e3c", "#f8d7e0"), ("#5c4300", "#f5e6bd"), ("#0d4a4c", "#c8ecec"),
            ("#6e3206", "#fadfcb"), ("#3f4a08", "#e6ebc2"),
        ),
        read_only=("#ffffff", "#1565b0"),
        demo=("#ffffff", "#6445b8"),
        dark=False,
    ),
    ANSI: Look(
        background="ansi_default",
        tones=_tones(
            "ansi_default", "ansi_default", "ansi_bright_black", "ansi_green", "ansi_yellow",
            "ansi_red", "ansi_blue", "ansi_magenta", "ansi_cyan", "ansi_bright_magenta",
            "ansi_bright_cyan", "ansi_bright_yellow",
        ),
        stale=_tones(*["ansi_bright_black"] * len(Tone)),
        border="ansi_bright_black",
        off="ansi_bright_black",
        cursor="ansi_default",
        field="ansi_default",
        contexts=tuple(
            ("ansi_black", f"ansi_{color}") for color in ("green", "cyan", "magenta", "white")
        ),
        read_only=("ansi_black", "ansi_cyan"),
        demo=("ansi_black", "ansi_magenta"),
        ansi=True,
    ),
}  # fmt: skip


_ANSI_VARIABLES = {
    "ansi-background": "ansi_default",
    "ansi-foreground": "ansi_default",
    "block-cursor-background": "ansi_white",
    "block-cursor-foreground": "ansi_black",
    "block-cursor-blurred-background": "ansi_default",
    "input-cursor-background": "ansi_default",
    "input-cursor-foreground": "ansi_default",
    "input-cursor-text-style": "reverse",
}
"""What Textual's own widgets need where the terminal's colours are not known."""


def themes() -> list[Theme]:
    """The themes for `App.register_theme`."""
    return [_theme(name, look) for name, look in LOOKS.items()]


def _theme(name: str, look: Look) -> Theme:
    tones = look.tones
    variables = {f"tone-{tone.value}": color for tone, color in tones.items()}
    variables |= {
        "border": tones[Tone.ACCENT],
        "border-blurred": look.border,
        "edge": look.border,
        "field": look.field,
        "cursor": look.cursor,
        "block-cursor-background": look.cursor,
        "block-cursor-foreground": tones[Tone.STRONG],
        "block-cursor-blurred-background": look.cursor,
        "input-cursor-background": tones[Tone.ACCENT],
        "input-cursor-foreground": look.background,
        "footer-key-foreground": tones[Tone.ACCENT],
        "footer-description-foreground": tones[Tone.MUTED],
    }
    if look.ansi:
        variables |= _ANSI_VARIABLES
    return Theme(
        name=name,
        primary=tones[Tone.ACCENT],
        secondary=tones[Tone.TOOL],
        accent=tones[Tone.ACCENT],
        warning=tones[Tone.SOON],
        error=tones[Tone.NOW],
        success=tones[Tone.FINE],
        foreground=tones[Tone.PLAIN],
        background=look.background,
        surface=look.field,
        panel=look.field,
        dark=look.dark,
        ansi=look.ansi,
        variables=variables,
    )


Styles = Mapping[Tone, Style]


@dataclass(frozen=True, eq=False)
class Palette:
    """What tones look like on the terminal, for widgets that draw their own lines."""

    tones: Styles
    stale: Styles
    cursor: Styles
    cursor_stale: Styles
    blank: Style
    border: Style
    focus: Style
    off: Style
    read_only: Style
    demo: Style
    contexts: tuple[Style, ...]

    def context(self, name: str) -> Style:
        """The badge of a context: the same colours for the same name, on every machine."""
        return self.contexts[zlib.crc32(name.encode()) % len(self.contexts)]

    def row(self, *, cursor: bool, stale: bool) -> Styles:
        """The tones of a table's row."""
        if cursor:
            return self.cursor_stale if stale else self.cursor
        return self.stale if stale else self.tones


@lru_cache(maxsize=8)
def palette_of(look: Look) -> Palette:
    """The styles of one look. Each has its background: Textual adds none to lines of segments."""
    behind = look.background
    return Palette(
        tones=_styles(look.tones, behind, look),
        stale=_styles(look.stale, behind, look),
        cursor=_cursor_styles(look.tones, look),
        cursor_stale=_cursor_styles(look.stale, look),
        blank=_style(None, behind),
        border=_style(look.border, behind),
        focus=_style(look.tones[Tone.ACCENT], behind, bold=True),
        off=_style(look.off, behind),
        read_only=_style(*look.read_only, bold=True),
        demo=_style(*look.demo, bold=True),
        contexts=tuple(_style(*pair) for pair in look.contexts),
    )


def _styles(tones: Mapping[Tone, str], background: str, look: Look) -> Styles:
    # Sixteen colours are too few to tell the accent from a state without its weight.
    bold = {Tone.STRONG, Tone.ACCENT} if look.ansi else {Tone.STRONG}
    return {tone: _style(color, background, bold=tone in bold) for tone, color in tones.items()}


def _cursor_styles(tones: Mapping[Tone, str], look: Look) -> Styles:
    if look.ansi:
        # Sixteen colours have none for a quiet bar: the cursor line is shown in reverse.
        return {tone: Style(reverse=True, bold=tone is Tone.STRONG) for tone in tones}
    bar = Color.parse(look.cursor)
    on_bar = {tone: readable(Color.parse(color), bar).hex for tone, color in tones.items()}
    return _styles(on_bar, look.cursor, look)


def palette(app: App[Any]) -> Palette:
    """The styles of the theme that the app shows; a theme of Textual's own is made readable."""
    theme = app.current_theme
    look = LOOKS.get(theme.name)
    return palette_of(look) if look is not None else _foreign(theme.name, app)


def ascii_only(app: App[Any]) -> bool:
    """Whether the terminal's encoding has no signs beyond ASCII: `ascii_only` of the app."""
    return bool(getattr(app, "ascii_only", False))


_foreign_palettes: dict[str, Palette] = {}


def _foreign(name: str, app: App[Any]) -> Palette:
    if name not in _foreign_palettes:
        _foreign_palettes[name] = palette_of(look_from(app.get_css_variables()))
    return _foreign_palettes[name]


def look_from(variables: Mapping[str, str]) -> Look:
    """The look of a theme that is not ours, from its CSS variables, made readable."""
    background = Color.parse(variables["background"])
    if background.ansi is not None:
        return LOOKS[ANSI]
    plain = Color.parse(variables["foreground"])
    dim = plain.blend(background, 0.4)
    colors = [plain, plain, dim] + [
        Color.parse(variables[name])
        for name in ("success", "warning", "error", "primary", "secondary", "accent")
    ]
    dark = background.brightness < 0.5
    own = LOOKS[DARK if dark else LIGHT]
    colors += [Color.parse(own.tones[tone]) for tone in (Tone.LINE_2, Tone.LINE_3, Tone.LINE_4)]
    texts = [readable(color, background).hex for color in colors]
    stale = [readable(color.blend(background, 0.4), background).hex for color in colors]
    return Look(
        background=background.hex,
        tones=_tones(*texts),
        stale=_tones(*stale),
        border=background.blend(plain, 0.25).hex,
        off=background.blend(plain, 0.4).hex,
        cursor=background.blend(plain, 0.12).hex,
        field=background.blend(plain, 0.05).hex,
        contexts=own.contexts,
        read_only=own.read_only,
        demo=own.demo,
        dark=dark,
    )


def readable(color: Color, background: Color) -> Color:
    """The colour, moved towards black or white until it can be read on the background."""
    target = Color.parse("#ffffff" if background.brightness < 0.5 else "#000000")
    for step in range(11):
        moved = color.blend(target, step / 10, alpha=1.0)
        if contrast(moved, background) >= MIN_CONTRAST:
            return moved
    return target


def contrast(one: Color, other: Color) -> float:
    """The contrast of two colours as WCAG 2.1 defines it, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(color.r) + 0.7152 * linear(color.g) + 0.0722 * linear(color.b)


def _style(color: str | None, background: str | None = None, *, bold: bool = False) -> Style:
    return Style(
        color=Color.parse(color).rich_color if color else None,
        bgcolor=Color.parse(background).rich_color if background else None,
        bold=bold or None,
    )
