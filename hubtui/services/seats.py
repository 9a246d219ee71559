"""How many more users fit: what they ask for joined with what the nodes have left.

A node that changes costs itself alone. What users ask for is read again with another revision of
the release, and compared with the newest server's pod every so often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from hubtui.errors import HubtuiError
from hubtui.model.kinds import CSI_NODES, QUOTAS, WHOLE_PODS
from hubtui.model.kube import Pod, StatefulSet
from hubtui.model.kube_needs import CsiNode, Quota
from hubtui.model.placeholders import Simulation, simulate
from hubtui.model.placing import Wanting
from hubtui.model.quota_room import limits_of, unread, unsaid
from hubtui.model.roles import Role, component_of, role_of
from hubtui.model.seats import (
    Growth,
    Limit,
    Pending,
    Place,
    Seats,
    Tally,
    seats_of,
    take_first,
)
from hubtui.model.singleuser import Offer, of_template
from hubtui.model.why_facts import Missing
from hubtui.services.nodes import NodeRow
from hubtui.services.seat_offers import SeatOffers
from hubtui.services.seat_places import (
    gives_way,
    has_several,
    like_new,
    place_of,
    volume_limit,
    volumes_on,
)
from hubtui.services.seat_queue import Group, Queue
from hubtui.services.store import State, Store

if TYPE_CHECKING:
    from hubtui.services.session import Session

WAITING: Final = "spec.nodeName="
"""The field selector of pods without a node."""


class Seating:
    """The seats of one hub, for who looks at them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._nodes = session.nodes
        feeds, namespace = session.feeds, session.namespace
        self.quotas: Store[Quota] = feeds.add(QUOTAS, namespace, follow=False)
        self.drivers: Store[CsiNode] = feeds.add(CSI_NODES, "", follow=False)
        waiting = feeds.add(WHOLE_PODS, namespace, fields=WAITING, follow=False)
        self._queue = Queue(waiting, session.release)
        self._asked = SeatOffers(session)
        self._nodes_seen = self._nodes.subscribe()
        self._quotas_seen = self.quotas.subscribe()
        self._drivers_seen = self.drivers.subscribe()
        self._version = -1
        self._offers: tuple[tuple[Offer, Tally], ...] = ()
        self._places: dict[str, Place] = {}
        self._found: tuple[Seats | None, str] = (None, self._asked.missing)

    # -- who looks

    def start(self, who: str = "") -> None:
        """Somebody looks: nodes, quotas and pods that wait are followed from here on."""
        self._nodes.start(who)
        self._session.feeds.look(self.quotas, self.drivers, self._queue.store)
        self._asked.see_to()

    def pause(self, who: str = "") -> None:
        """Somebody looks no more."""
        self._nodes.pause(who)

    async def fill(self) -> None:
        """Reads everything once; where it is followed, waits until it was read.

        Raises what `Nodes.fill` raises; what else could not be read is in `missing` and `notes`.
        """
        feeds, stores = self._session.feeds, self._session.pods.stores
        await self._nodes.fill()
        for store in (self.quotas, self.drivers, self._queue.store, stores.statefulsets):
            with suppress(HubtuiError):
                await feeds.fill(store)
        await self._asked.read()

    async def close(self) -> None:
        """Ends the reading."""
        await self._asked.close()

    # -- the answers

    @property
    def answer(self) -> Seats | None:
        """The seats as of the last update; None where `missing` says why they are not known."""
        return self._found[0]

    @property
    def missing(self) -> str:
        """Why nothing is known; empty when it is."""
        return self._found[1]

    def notes(self) -> tuple[Missing, ...]:
        """What could not be read, and why."""
        rest = (
            ("quotas", self.quotas),
            ("volume limits", self.drivers),
            ("pods that wait", self._queue.store),
        )
        found = [
            Missing(source, store.health.error.what)
            for source, store in rest
            if store.health.error is not None
        ]
        return (*self._nodes.notes(), *found)

    def simulate(self, placeholders: int) -> Simulation | None:
        """What another number of placeholders would do now; None where seats are not known."""
        if self.answer is None:
            return None
        workload = self.placeholder_set()
        written = workload.spec.template if workload is not None else None
        holder, offer = self._holder(), self.answer.usual.offer
        user = offer.wanting
        present = {
            number: pod.spec.node_name
            for pod in self._session.pods.stores.pods
            if self._holds(pod) and (number := _number(pod.metadata.name)) is not None
        }
        empty = {name: self._place(name, self._holds) for name in self._places}
        places = {name: place.emptied() for name, place in empty.items() if place is not None}
        way = _has_priority(written) if workload is not None else holder.priority < user.priority
        found = simulate(places, user, holder, placeholders, present, gives_way=way)
        return found.within((*self._limits_of_hub(), *self._limits(offer)))

    def quota_for(self, placeholders: int) -> Limit | None:
        """The quota that lets no so many placeholders more through; None where each does, or
        quotas are not read."""
        holder = self._holder()
        limits = (limit for quota in self.quotas for limit in limits_of(quota, holder, {}))
        tight = min(limits, key=lambda limit: limit.left, default=None)
        return tight if tight is not None and tight.left < placeholders else None

    def _holder(self) -> Wanting:
        """What a placeholder asks for."""
        workload = self.placeholder_set()
        written = workload.spec.template if workload is not None else None
        return of_template(written) or self._asked.holder

    def _holds(self, pod: Pod) -> bool:
        return role_of(pod, self._session.release) is Role.USER_PLACEHOLDER

    def placeholder_set(self) -> StatefulSet | None:
        """The chart's StatefulSet of placeholders."""
        release = self._session.release
        for each in self._session.pods.stores.statefulsets:
            labels = each.metadata.labels
            if component_of(labels) == Role.USER_PLACEHOLDER and (
                not release or labels.get("release", release) == release
            ):
                return each
        return None

    # -- the join

    def update(self) -> bool:
        """Takes in what became known since the last call; whether the answer may be another."""
        self._nodes.update()
        self._asked.see_to()
        names = self._changed_nodes()
        for name in names:
            self._take(name)
        queue = self._queue.update(self._places)
        quotas = any(self._quotas_seen.drain())
        offers = self._is_new_offer()
        missing = self._unknown()
        changed = bool(names) or queue or quotas or offers or missing != self.missing
        if changed:
            self._found = (None if missing else self._seats(), missing)
        return changed

    def _unknown(self) -> str:
        if not self._asked.offers:
            return self._asked.missing
        store = self._nodes.store
        if store.health.state is State.DENIED and store.health.error is not None:
            return store.health.error.what
        return "" if store.complete else "the nodes are not read yet"

    def _changed_nodes(self) -> set[str]:
        everything, names = self._nodes_seen.drain()
        if any(self._drivers_seen.drain()) or everything:
            names = {*self._places, *(row.name for row in self._nodes.rows())}
        return names

    def _is_new_offer(self) -> bool:
        if self._asked.version == self._version:
            return False
        self._version = self._asked.version
        self._offers = tuple((offer, Tally(offer.wanting)) for offer in self._asked.offers)
        for name in list(self._places):
            self._take(name)
        return True

    def _take(self, name: str) -> None:
        priority = self._offers[0][0].wanting.priority if self._offers else 0
        place = self._place(name, lambda pod: gives_way(pod, priority))
        if place is None:
            self._places.pop(name, None)
        else:
            self._places[name] = place
        self._put(name, place)

    def _place(self, name: str, is_soft: Callable[[Pod], bool]) -> Place | None:
        row = self._nodes.row(name)
        if row is None:
            return None
        return place_of(row, self._nodes.pods_on(name), is_soft, self._volumes(row))

    def _put(self, name: str, place: Place | None) -> None:
        for _, tally in self._offers:
            tally.put(name, place)
        self._queue.put(name, place)

    def _volumes(self, row: NodeRow) -> int | None:
        """How many volumes more a node takes; None where nothing is known of a limit."""
        if not any(offer.wanting.claims for offer, _ in self._offers):
            return None
        most = volume_limit(row, self.drivers.get(f"/{row.name}"), self._asked.driver)
        if most is None:
            return None
        pods = self._nodes.pods_on(row.name)
        return most - volumes_on(pods, self._session.namespace, self._asked.shared)

    def _seats(self) -> Seats:
        groups = self._queue.largest()
        before = [(each.tally, len(each.names)) for each in groups if self._takes_seats(each)]
        taken, fits = take_first(before, self._places)
        fitting = dict(zip((id(tally) for tally, _ in before), fits, strict=True))
        growth, of_hub = tuple(self._growth()), tuple(self._limits_of_hub())
        offers = tuple(
            seats_of(tally, offer, taken, (*of_hub, *self._limits(offer)), growth)
            for offer, tally in self._offers
        )
        return Seats(
            offers=offers,
            pending=tuple(_pending(each, fitting.get(id(each.tally))) for each in groups),
            held=sum(place.soft_pods for place in self._places.values()),
            at_most=any(row.at_least for row in self._nodes.rows()),
            notes=(*self._asked.notes, *self._more_notes()),
        )

    def _takes_seats(self, group: Group) -> bool:
        """Whether the pods of a group come before a user who starts now."""
        user = self._offers[0][0].wanting
        return not group.stuck and group.tally.wanting.priority >= user.priority

    def _limits(self, offer: Offer) -> Iterator[Limit]:
        for quota in self.quotas:
            yield from limits_of(quota, offer.wanting, offer.limits)

    def _limits_of_hub(self) -> Iterator[Limit]:
        most = self._asked.most_servers
        if most:
            release = self._session.release
            waits = [p for p in self._nodes.pending() if role_of(p, release) is Role.USERS]
            running = sum(row.users for row in self._nodes.rows()) + len(waits)
            yield Limit(f"hub.activeServerLimit {most}", max(most - running, 0))

    def _growth(self) -> Iterator[Growth]:
        """The pools of which a maximum is told, and a node of each as a new one would be."""
        most = self._session.settings.nodes.max
        for pool, number in most.items():
            rows = [row for row in self._nodes.rows() if row.pool == pool and row.node is not None]
            open_ones = [
                row
                for row in rows
                if row.standing.ready and not row.standing.cordoned and not row.standing.leaving
            ]
            newest = max(open_ones, key=_created, default=None)
            like = None
            if newest is not None:
                told = self.drivers.get(f"/{newest.name}")
                limit = volume_limit(newest, told, self._asked.driver)
                like = like_new(newest, self._nodes.pods_on(newest.name), limit)
            yield Growth(pool, max(number - len(rows), 0), like)

    def _more_notes(self) -> Iterator[str]:
        usual = self._offers[0][0]
        for quota in self.quotas:
            name = quota.metadata.name
            if unread(quota):
                yield f"ResourceQuota {name} has a scope: it is not counted"
            for key in unsaid(quota, usual.wanting, usual.limits):
                yield (
                    f"ResourceQuota {name} counts {key}, of which a server says nothing: it is "
                    "refused unless a LimitRange says it"
                )
        claims = any(offer.wanting.claims for offer, _ in self._offers)
        if claims and not self.drivers.complete:
            yield "how many volumes a node takes is unknown"
        elif claims and any(has_several(each, self._asked.driver) for each in self.drivers):
            yield "which of a node's limits of volumes counts is unknown: none is counted"
        for each in self._growth():
            if each.like is None:
                yield f"pool {each.pool} has no node to tell from what its further ones would take"
        more = len(self._queue.groups) - len(self._queue.largest())
        if more > 0:
            yield f"{more} more kinds of waiting pods are not looked at"


def _pending(group: Group, fit: int | None) -> Pending:
    count = len(group.names)
    fits = fit if fit is not None else 0
    return Pending(group.tally.wanting, count, fits, group.first, group.placeholders)


def _created(row: NodeRow) -> str:
    return str(row.node.metadata.creation_timestamp) if row.node is not None else ""


def _number(pod: str) -> int | None:
    """The number of a StatefulSet's pod."""
    tail = pod.rpartition("-")[2]
    return int(tail) if tail.isdecimal() else None


def _has_priority(template: object) -> bool:
    spec = template.get("spec") if isinstance(template, dict) else None
    return isinstance(spec, dict) and bool(spec.get("priorityClassName"))
