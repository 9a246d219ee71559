"""How many placeholders there shall be, with what a number does before its plan is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from hubtui.errors import UsageError
from hubtui.model.placeholders import Simulation
from hubtui.model.seats import Seats
from hubtui.services.actions.scale_placeholders import NAME, ScaleRequest
from hubtui.services.session import Session
from hubtui.tui.screens.maintenance import RequestForm
from hubtui.tui.widgets.form_fields import Field
from hubtui.views.cells import EMPTY, Cell, Tone, cell
from hubtui.views.document import Hung
from hubtui.views.seats import by_profile, groups, headline, simulated

WHO: Final = "placeholders"


class PlaceholdersScreen(RequestForm):
    """A number, and at which user the next node is asked for with it."""

    ACTION = NAME
    TITLE_ = "Placeholders"
    BUTTON = "Scale"
    FIELDS = (Field("number", "Number", "how many hold room for users that come"),)
    WORDS = (
        "A placeholder holds the room of one user. With pod priority a user who finds no room "
        "takes its place at once, and an autoscaler adds a node for the placeholder meanwhile.",
        "",
        "The number holds until the next upgrade of the release: the plan has what to put into "
        "the values.",
    )

    def __init__(self, session: Session) -> None:
        self._simulated: tuple[object, Seats | None, Simulation | None] = None, None, None
        workload = session.seats.placeholder_set()
        super().__init__(session, {"number": str(workload.spec.replicas if workload else "")})

    def on_mount(self) -> None:
        self._session.seats.start(WHO)
        super().on_mount()

    def on_unmount(self) -> None:
        self._session.seats.pause(WHO)

    def request(self, typed: Mapping[str, str]) -> object:
        """The number. Raises UsageError."""
        text = typed["number"].strip()
        if not (text.isascii() and text.isdecimal()):
            raise UsageError(f"{text!r} is no number" if text else "How many?")
        return ScaleRequest(int(text))

    def _lines(self, now: datetime) -> Iterable[Cell | Hung]:
        yield from super()._lines(now)
        seats = self._session.seats
        seats.update()
        yield EMPTY
        if seats.answer is None:
            yield cell(f"What it does is not known: {seats.missing}.")
            return
        try:
            wanted = self.request(self._typed)
        except UsageError:
            wanted = None
        yield cell(headline(seats.answer), Tone.STRONG)
        if found := self._simulation(wanted, seats.answer):
            yield cell(simulated(found))
        yield EMPTY
        yield from by_profile(seats.answer)
        yield from groups(seats.answer)

    def _simulation(self, wanted: object, answer: Seats) -> Simulation | None:
        """What the number would do, worked out once for each number and answer."""
        if not isinstance(wanted, ScaleRequest):
            return None
        number, of, _ = self._simulated
        if number != wanted or of is not answer:
            self._simulated = wanted, answer, self._session.seats.simulate(wanted.number)
        return self._simulated[2]

    def beat(self, now: datetime) -> None:
        self._words.touch()
        super().beat(now)
