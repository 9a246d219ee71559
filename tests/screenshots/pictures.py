"""SVG to PNG, by librsvg and a font that draws boxes without gaps."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

FONT = "DejaVu Sans Mono"
CELL = 12.2
"""Width of a cell in the pictures that Rich makes, whose own font is 0.61 em wide."""

ADVANCE = 1233 / 2048
"""Width of a letter of FONT in em. librsvg does not stretch text to a `textLength`."""


_BRAILLE = re.compile(r'<text ([^>]*?)x="([\d.]+)"([^>]*)>([^<]*[\u2801-\u28ff][^<]*)</text>')


def _letter_by_letter(found: re.Match[str]) -> str:
    """A text with braille, each letter at its place: FONT has none, another one's is wider."""
    before, start, after, words = found.groups()
    return "".join(
        f'<text {before}x="{float(start) + CELL * index:.1f}"{after}>{html.escape(letter)}</text>'
        for index, letter in enumerate(html.unescape(words))
        if not letter.isspace()
    )


def to_png(svg: Path) -> None:
    """Writes the PNG beside an SVG. Ends the program where the converter is missing."""
    converter = shutil.which("rsvg-convert")
    if converter is None:
        sys.exit("rsvg-convert is missing: apt-get install librsvg2-bin fonts-dejavu-core")
    text = svg.read_text(encoding="utf-8")
    text = re.sub(r"@font-face \{.*?\}", "", text, flags=re.DOTALL)
    text = re.sub(r"font-family: Fira Code[^;]*;", f"font-family: {FONT};", text)
    text = text.replace("font-size: 20px", f"font-size: {CELL / ADVANCE:.3f}px")
    text = _BRAILLE.sub(_letter_by_letter, text)
    # Without this librsvg drops the blanks that a text begins with.
    text = text.replace("&#160;", " ").replace("<text ", '<text xml:space="preserve" ')
    subprocess.run(
        [converter, "--format=png", f"--output={svg.with_suffix('.png')}"],
        input=text.encode(),
        check=True,
    )
