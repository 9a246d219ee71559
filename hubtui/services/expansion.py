"""What there is to choose from before a claim is expanded: how large it is, and sizes that last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubtui.errors import HubtuiError, NotFoundError
from hubtui.model.claims import asked_of, size_of
from hubtui.model.expansion import Size, exact, is_under_way, proposals
from hubtui.model.kinds import CLAIMS
from hubtui.model.quantity import short_size
from hubtui.services.actions.expand_facts import no_such_claim

if TYPE_CHECKING:
    from hubtui.services.session import Session


@dataclass(frozen=True, slots=True)
class Offer:
    """A claim with the sizes that are proposed; bytes, None for what is not known. `full` says when
    its disk will be full, `unmeasured` why it is not known how full it is."""

    claim: str
    size: int | None
    asked: int | None
    used: int | None
    full: str
    unmeasured: str
    sizes: tuple[Size, ...]
    under_way: bool

    @property
    def words(self) -> str:
        """How large and how full it is, in a line."""
        if self.size is None:
            return f"{self.claim} is not bound: it has no size yet"
        used = f"{short_size(self.used)} used" if self.used is not None else "how full is not known"
        why = f" ({self.unmeasured})" if self.used is None and self.unmeasured else ""
        full = f", full {self.full}" if self.full.startswith("in ") else ""
        more = f"; {exact(self.asked or 0)} is asked for already" if self.under_way else ""
        return f"{self.claim} has {exact(self.size)}, {used}{why}{full}{more}"


async def offer(session: Session, name: str, *, measured: bool = False) -> Offer:
    """Sizes for a claim; with `measured` it is asked first how full it is.

    Raises NotFoundError when there is no such claim, DeniedError, UnreachableError.
    """
    try:
        claim = await session.client.get(CLAIMS, session.namespace, name)
    except NotFoundError as error:
        raise await no_such_claim(session, name) from error
    unread = ""
    if measured:
        try:
            await session.storage.fill()
        except HubtuiError as error:
            unread = error.what
    figures, trend = session.disks.of(name), session.trends.of(name)
    used = figures.used if figures is not None and not figures.doubt else None
    size = size_of(claim)
    return Offer(
        claim=name,
        size=size,
        asked=asked_of(claim),
        used=used,
        full=trend.words if trend is not None else "",
        unmeasured=unread or (figures.doubt if figures else session.disks.why_not(name)),
        sizes=proposals(size, used, trend.per_day if trend else None) if size is not None else (),
        under_way=is_under_way(claim),
    )
