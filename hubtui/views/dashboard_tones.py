"""What stands for Grafana's colours, and how a number of a panel is written."""

from __future__ import annotations

import colorsys
import re
from datetime import UTC, datetime
from typing import Final

from hubtui.model import age
from hubtui.model.dashboard import Look
from hubtui.model.units import text_of
from hubtui.views.cells import SIGN_FINE, SIGN_NOW, SIGN_SOON, Tone

_WORDS: Final = {
    "green": Tone.FINE,
    "yellow": Tone.SOON,
    "orange": Tone.SOON,
    "red": Tone.NOW,
    "blue": Tone.TOOL,
    "purple": Tone.WAITING,
}
_HUES: Final = (
    (20, Tone.NOW), (70, Tone.SOON), (170, Tone.FINE), (255, Tone.TOOL), (330, Tone.WAITING),
    (361, Tone.NOW),
)  # fmt: skip
_HEX: Final = re.compile(r"#([0-9a-fA-F]{6})")
_RGB: Final = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})", re.ASCII)
_GREY: Final = 0.15

_SIGNS: Final = {Tone.FINE: SIGN_FINE, Tone.SOON: SIGN_SOON, Tone.NOW: SIGN_NOW}

_FROM_NOW: Final = "dateTimeFromNow"


def tone_of_colour(colour: str) -> Tone:
    """The tone that is nearest to a colour, `red`, `dark-red` or `#d44a3a`; PLAIN for none."""
    for word, tone in _WORDS.items():
        if colour.rpartition("-")[2] == word:
            return tone
    parts = _parts(colour)
    if parts is None:
        return Tone.PLAIN
    hue, saturation, _ = colorsys.rgb_to_hsv(*(part / 255 for part in parts))
    if saturation < _GREY:
        return Tone.PLAIN
    return next(tone for most, tone in _HUES if hue * 360 < most)


def _parts(colour: str) -> tuple[int, int, int] | None:
    if found := _HEX.fullmatch(colour):
        number = int(found[1], 16)
        return number >> 16, number >> 8 & 0xFF, number & 0xFF
    if found := _RGB.match(colour):
        return min(255, int(found[1])), min(255, int(found[2])), min(255, int(found[3]))
    return None


def tone_of_value(look: Look, value: float | None) -> Tone:
    """The tone of the threshold that a value has passed; PLAIN where there is but one."""
    if value is None or value != value or len(look.thresholds) < 2:
        return Tone.PLAIN
    return tone_of_colour(look.colour_of(value))


def sign_of_tone(tone: Tone) -> str:
    """The sign beside a number of that tone, as colour never stands alone; "" for none."""
    return _SIGNS.get(tone, "")


def words_of(value: float | None, look: Look, now: datetime) -> str:
    """A number as its field shows it: the text that stands for it, else in its unit."""
    if mapped := look.mapped(value):
        return mapped
    if look.unit == _FROM_NOW and value is not None:
        return _ago(value, now)
    return text_of(value, look.unit, look.decimals)


def _ago(value: float, now: datetime) -> str:
    try:
        then = datetime.fromtimestamp(value / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return "?"
    return f"{age.age(then, now)} ago"
