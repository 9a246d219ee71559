"""What users can start by the values in force, compared with what the newest server's pod asks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from hubtui.errors import ApiError, HubtuiError, NotFoundError
from hubtui.model import kube
from hubtui.model.kinds import STORAGE_CLASSES, WHOLE_PODS
from hubtui.model.packing import amounts, sum_of
from hubtui.model.placing import Wanting
from hubtui.model.release import in_force
from hubtui.model.roles import Role, role_of
from hubtui.model.singleuser import Offer, offers, placeholder, shared_claims
from hubtui.model.user_pod import by_pod
from hubtui.model.values_path import at
from hubtui.services.store import utc_now

if TYPE_CHECKING:
    from hubtui.services.session import Session

log = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=5)
AGAIN: Final = timedelta(seconds=30)
"""Between two comparisons with the newest pod; where the values could not be read."""


class SeatOffers:
    """What users ask for. `version` changes with each read that found something else."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.offers: tuple[Offer, ...] = ()
        self.notes: tuple[str, ...] = ()
        self.missing = "the release's values are not read yet"
        """Why nothing is known; empty when the last read was well."""
        self.holder = Wanting({}, {})
        """What a placeholder asks for by the values."""
        self.shared: frozenset[str] = frozenset()
        """The claims that all servers mount."""
        self.driver = ""
        """The storage driver of the users' own volumes; empty where it cannot be told."""
        self.most_servers = 0
        """How many servers the hub lets run at once; 0 when it sets no limit."""
        self.version = 0
        self._of: object = None
        self._at: datetime | None = None
        self._reading: asyncio.Task[None] | None = None

    def see_to(self) -> None:
        """Has them read where another revision is in force, or it is time."""
        pause = AGAIN if self.missing else EVERY
        is_due = self._at is None or utc_now() - self._at >= pause
        if not is_due and self._revision() == self._of:
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self.read(), name="what users ask for")
            self._reading.add_done_callback(_report)

    async def close(self) -> None:
        """Ends the reading."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def read(self) -> None:
        """Reads them once. What goes wrong is in `missing`; those from before stay."""
        self._at, self._of = utc_now(), self._revision()
        try:
            values = await self._session.hub_link.values()
            if not values:
                raise NotFoundError("The release's values hold nothing of a hub", status=404)
            found, notes = await self._compared(offers(values))
            driver = await self._driver(values) if any(e.wanting.claims for e in found) else ""
        except HubtuiError as error:
            self.missing = error.what
            return
        before = (self.offers, self.notes, self.missing, self.driver)
        self.offers, self.notes, self.missing, self.driver = found, notes, "", driver
        self._take(values)
        if before != (found, notes, "", driver):
            self.version += 1

    def _take(self, values: Mapping[str, Any]) -> None:
        self.holder, self.shared = placeholder(values), shared_claims(values)
        most = at(values, ("hub", "activeServerLimit"))
        self.most_servers = most if isinstance(most, int) else 0

    async def _driver(self, values: Mapping[str, Any]) -> str:
        """Of the class of the users' claims, which may be the cluster's default one."""
        name = str(at(values, ("singleuser", "storage", "dynamic", "storageClass")) or "")
        client = self._session.client
        try:
            if name:
                return (await client.get(STORAGE_CLASSES, "", name)).driver
            found = [each for each in await client.list(STORAGE_CLASSES) if each.is_default]
        except ApiError as error:
            log.info("the class of the users' claims: %s", error)
            return ""
        return found[0].driver if len(found) == 1 else ""

    def _revision(self) -> object:
        force = in_force(self._session.releases.heads(self._session.release))
        return force.revision if force is not None else None

    async def _compared(
        self, by_values: tuple[Offer, ...]
    ) -> tuple[tuple[Offer, ...], tuple[str, ...]]:
        """The offers beside the newest server's pod, if it was made since the values are in
        force."""
        newest = self._newest()
        if newest is None or await self._is_older(newest):
            return by_values, ()
        meta = newest.metadata
        try:
            pod = await self._session.client.get(WHOLE_PODS, meta.namespace, meta.name)
        except ApiError as error:
            log.info("the newest server's pod: %s", error)
            return by_values, ()
        limits = sum_of(amounts(each.resources.limits) for each in pod.spec.containers)
        return by_pod(by_values, meta.name, Wanting.of(pod), limits)

    def _newest(self) -> kube.Pod | None:
        servers = (
            pod
            for pod in self._session.pods.stores.pods
            if role_of(pod, self._session.release) is Role.USERS
            and pod.metadata.deletion_timestamp is None
            and pod.metadata.creation_timestamp is not None
        )
        return max(servers, key=lambda pod: str(pod.metadata.creation_timestamp), default=None)

    async def _is_older(self, pod: kube.Pod) -> bool:
        release = self._session.release
        heads = self._session.releases.heads(release)
        force = in_force(heads or await self._session.releases.refresh(release))
        since = force.created if force is not None else None
        created = pod.metadata.creation_timestamp
        return since is not None and created is not None and created < since


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("what users ask for could not be read", exc_info=error)
