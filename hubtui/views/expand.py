"""The sizes that a claim can be given, as text."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from hubtui.services.expansion import Offer
from hubtui.views.cells import EMPTY, Cell, Tone, cell
from hubtui.views.document import Hung


def size_lines(offer: Offer) -> Iterator[Cell | Hung]:
    """How large it is, and the sizes that are proposed."""
    yield cell(offer.words)
    if offer.sizes:
        sizes = ", ".join(each.written for each in offer.sizes)
        yield cell(f"Sizes worth a thought: {sizes}. A claim never shrinks, so grow it in steps.")


def offer_lines(offer: Offer) -> Iterator[Cell | Hung]:
    """The same with the command of each."""
    yield from size_lines(offer)
    if offer.sizes:
        yield EMPTY
    for each in offer.sizes:
        command = f"hubtui expand {shlex.quote(offer.claim)} {each.written}"
        yield cell(command, Tone.ACCENT)
    yield EMPTY
    yield cell("Nothing was changed. Each of them shows its plan first.")
