"""The images of a release as rows: who runs them, when they were built, from what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hubtui.model.age import age
from hubtui.model.image_name import ImageName, image_name
from hubtui.model.quantity import short_size
from hubtui.services.images import ReleaseImage
from hubtui.views.cells import Cell, Tone, cell, join
from hubtui.views.table import Column

COLUMNS = (
    Column("used_by", "USED BY", 12),
    Column("image", "IMAGE", 16, grow=True),
    Column("tag", "TAG", 8),
    Column("built", "BUILT", 22),
    Column("size", "SIZE", 6, align="right", rank=1),
    Column("origin", "FROM", 8, rank=2),
)


def image_cells(each: ReleaseImage, now: datetime) -> Sequence[Cell]:
    """The cells of one image, one for each of COLUMNS; `?` is followed by the reason."""
    name, facts = image_name(each.image), each.facts
    built = cell(f"? {each.unknown}", Tone.MUTED)
    if facts is not None and facts.built is not None:
        day = f"{facts.built:%Y-%m-%d %H:%M}"
        built = join(cell(day), cell(f"{age(facts.built, now)} ago", Tone.MUTED))
    return (
        cell(", ".join(each.used_by)),
        cell(repository(name)),
        cell(name.tag or name.digest[:_DIGEST] or "latest"),
        built,
        cell(short_size(facts.size) if facts and facts.size else "?", Tone.MUTED),
        cell(facts.origin if facts else "", Tone.MUTED),
    )


def repository(name: ImageName) -> str:
    """An image without its tag."""
    return f"{name.registry}/{name.path}"


_DIGEST = len("sha256:") + 12
