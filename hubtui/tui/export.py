"""Saves what is on the screen; the ending of the name says in which form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import App

from hubtui.errors import HubtuiError, UsageError
from hubtui.services.save import save
from hubtui.services.session import Session
from hubtui.services.store import utc_now
from hubtui.views.export import FORMS, About, exported, form_of
from hubtui.views.table import TableSource


def proposed(what: str, form: str) -> str:
    """A name to start from: it sorts by time and is not there yet."""
    return f"{what}-{utc_now():%Y%m%d-%H%M%S}.{form}"


def about(session: Session, kind: str, notes: Sequence[str] = ()) -> About:
    """What a file of this kind says of where it is from."""
    return About(
        kind=kind,
        context=session.context.name,
        namespace=session.namespace,
        release=session.release,
        as_of=utc_now(),
        notes=tuple(note for note in notes if note),
    )


def save_table(app: App[Any], name: str, source: TableSource, about: About) -> None:
    """Writes all rows of a table as text, CSV or JSON."""
    form = form_of(name)
    if not form:
        endings = ", ".join(f".{form}" for form in FORMS)
        problem = UsageError(
            f"{name!r} does not say in which form", remedy=f"Let it end in one of {endings}."
        )
        app.notify(str(problem), severity="error", timeout=6, markup=False)
        return
    save_lines(app, name, exported(form, source, about))


def save_lines(app: App[Any], name: str, lines: Sequence[str], *, masked: bool = False) -> None:
    """Writes lines to a new file and says where."""
    try:
        path = save(name, lines)
    except HubtuiError as error:
        app.notify(str(error), severity="error", timeout=6, markup=False)
        return
    also = ", secrets masked" if masked else ""
    app.notify(f"Saved as {path}, readable for you only{also}.", timeout=5, markup=False)
