"""Who owns which fields: metadata.managedFields, kept by every write (KEP-555)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hubtui.demo.api import fieldsets
from hubtui.demo.api.fieldsets import Fields
from hubtui.demo.storage import Json


@dataclass(frozen=True, slots=True)
class Owner:
    """One entry: a manager, how it wrote and to what, and which fields are its own."""

    manager: str
    operation: str
    subresource: str
    api_version: str
    time: str
    fields: Fields

    def is_same(self, other: Owner) -> bool:
        """Whether two entries are one owner's; an apply's version does not matter."""
        mine = (self.manager, self.operation, self.subresource)
        return mine == (other.manager, other.operation, other.subresource) and (
            self.operation == "Apply" or self.api_version == other.api_version
        )

    @property
    def words(self) -> str:
        """As messages of conflicts name it."""
        said = f'"{self.manager}"'
        if self.subresource:
            said += f' with subresource "{self.subresource}"'
        return f"{said} using {self.api_version}" if self.operation == "Update" else said


def owners_of(thing: Json) -> list[Owner]:
    """The owners that an object names."""
    return [
        Owner(
            str(entry.get("manager", "")),
            str(entry.get("operation", "Update")),
            str(entry.get("subresource", "")),
            str(entry.get("apiVersion", "")),
            str(entry.get("time", "")),
            fieldsets.from_v1(entry.get("fieldsV1") or {}),
        )
        for entry in thing["metadata"].get("managedFields") or ()
    ]


def with_owners(thing: Json, owners: list[Owner]) -> Json:
    """The object with these owners; those that own nothing are left out."""
    entries = []
    for owner in sorted((each for each in owners if each.fields), key=_order):
        entry: Json = {
            "manager": owner.manager,
            "operation": owner.operation,
            "apiVersion": owner.api_version,
            "fieldsType": "FieldsV1",
            "fieldsV1": fieldsets.to_v1(owner.fields),
        }
        if owner.subresource:
            entry["subresource"] = owner.subresource
        if owner.subresource != "scale":  # a real apiserver notes no time there
            entry["time"] = owner.time
        entries.append(entry)
    metadata = {k: v for k, v in thing["metadata"].items() if k != "managedFields"}
    if entries:
        metadata["managedFields"] = entries
    return {**thing, "metadata": metadata}


def _order(owner: Owner) -> tuple[bool, str, str]:
    return owner.operation != "Apply", owner.time, owner.manager


def _said(before: Json | None, after: Json) -> list[Owner]:
    """The owners that a write starts from: those it names (a client may hand fields from one owner
    to another), else those that are stored. One empty entry takes all away."""
    if before is None:
        return []
    named = after["metadata"].get("managedFields")
    return owners_of(after) if named else owners_of(before)


def updated(before: Json | None, after: Json, writer: Owner) -> Json:
    """The object after an ordinary write: what changed is the writer's, and nobody else's."""
    status = writer.subresource == "status"
    old = fieldsets.owned_part(before, status=status) if before else {}
    put, gone = fieldsets.changed(old, fieldsets.owned_part(after, status=status))
    owners = _said(before, after)
    if not put and not gone:
        return with_owners(after, owners)
    mine = next((each for each in owners if each.is_same(writer)), None)
    others = [replace(each, fields=each.fields - put - gone) for each in owners if each is not mine]
    kept = (mine.fields if mine else frozenset()) - gone
    return with_owners(after, [*others, replace(writer, fields=kept | put)])
