"""What a new revision is planned from: those there are, what it would hold, and the helm for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from hubtui.clients.helm import Helm, Version
from hubtui.errors import DecodeError, NotFoundError, ToolError
from hubtui.model.diff import RevisionDiff, steps
from hubtui.model.diff_content import Content, content_steps
from hubtui.model.manifest import Broken, Resource
from hubtui.model.redact import Redactor
from hubtui.model.release import Payload, RevisionHead
from hubtui.services.actions import ActionSession
from hubtui.services.unhurried import unhurried

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Side:
    """One of two revisions: its head, and its content or why that cannot be read.

    A revision that an upgrade would make has a head without an object (`there` is false).
    """

    head: RevisionHead
    payload: Payload | None = None
    content: Content | None = None
    error: str = ""

    @property
    def there(self) -> bool:
        """Whether the cluster has it already."""
        return bool(self.head.object_name)

    @property
    def server_side(self) -> bool:
        """Whether helm has the server apply its objects (facts.md §5.4)."""
        return self.payload is not None and self.payload.apply_method == "ssa"

    @property
    def resources(self) -> tuple[Resource, ...]:
        documents = self.content.objects if self.content else ()
        return tuple(item for item in documents if isinstance(item, Resource))

    @property
    def broken(self) -> tuple[Broken, ...]:
        """What of the manifest and the hooks cannot be read."""
        return self.content.broken if self.content else ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was read for one plan."""

    heads: tuple[RevisionHead, ...]
    current: Side
    target: Side
    changes: RevisionDiff | None
    helm: Helm | None
    version: Version | None
    helm_error: str
    server: str
    authority: str
    redactor: Redactor = field(default_factory=Redactor)

    @property
    def newest(self) -> RevisionHead:
        return self.heads[0]

    @property
    def next_revision(self) -> int:
        """The number of the revision that is planned."""
        return self.newest.revision + 1

    @property
    def server_side(self) -> bool:
        """Whether helm has the server apply the objects of both."""
        return self.current.server_side and self.target.server_side


async def compared(
    before: Side, after: Side, redactor: Redactor
) -> tuple[Side, Side, RevisionDiff | None]:
    """Both sides with their content, and what changes; None when one of them cannot be read."""
    if before.payload and after.payload:
        old = await unhurried(content_steps(before.payload))
        new = await unhurried(content_steps(after.payload, known=old))
        before = Side(before.head, before.payload, old)
        after = Side(after.head, after.payload, new)
        return before, after, await unhurried(steps(old, new, redactor))
    if after.payload:
        after = Side(after.head, after.payload, await unhurried(content_steps(after.payload)))
    return before, after, None


async def heads_of(session: ActionSession) -> tuple[RevisionHead, ...]:
    """The revisions as the server has them, newest first. Raises NotFoundError without any."""
    heads = tuple(await session.releases.refresh(session.release))
    if not heads:
        raise NotFoundError(
            f"There is no release {session.release} in namespace {session.namespace}", status=404
        )
    return heads


async def stored(session: ActionSession, head: RevisionHead) -> Side:
    """A revision as its storage object holds it, its content not read yet."""
    try:
        return Side(head, await session.releases.payload(head))
    except (DecodeError, NotFoundError) as error:
        return Side(head, error=error.what)


async def find_helm(session: ActionSession) -> tuple[Helm | None, Version | None, str]:
    """The helm there is and its version, or why there is none."""
    try:
        helm = await Helm.find(session.settings, session.context, session.gate)
        return helm, await helm.version(), ""
    except ToolError as error:
        return None, None, str(error)
