"""Create, update and patch: what every write goes through, whatever its form."""

from __future__ import annotations

from typing import Any, Final

from hubtui.demo.api import admitting, bodies, owners, validation
from hubtui.demo.api.applying import applied
from hubtui.demo.api.asked import Target, Writer
from hubtui.demo.api.defaults import filled
from hubtui.demo.api.patches import json_patched, merge_patched
from hubtui.demo.api.strategic import merged
from hubtui.demo.objects import stamp
from hubtui.demo.refusals import RefusedError, bad_request, not_found
from hubtui.demo.resources import Resource
from hubtui.demo.storage import Json, copied
from hubtui.demo.world import World

APPLY: Final = ("application/apply-patch+yaml", "application/apply-patch+cbor")
PATCHES: Final = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)
_KEEP_STATUS: Final = ("Node", "PersistentVolume", "PersistentVolumeClaim")
"""Kinds whose status is stored as it is given at the creation."""


def create(world: World, target: Target, body: Json, writer: Writer) -> Json:
    """Stores a new object. Raises RefusedError: 400, 404, 409, 422."""
    resource = target.resource
    thing = checked(target, body)
    if thing["metadata"].get("resourceVersion"):
        raise bad_request("resourceVersion should not be set on objects to be created")
    thing["metadata"].pop("managedFields", None)
    if "status" in resource.subresources and resource.kind not in _KEEP_STATUS:
        thing.pop("status", None)
    owner = _owner(world, resource, writer)
    return _store_new(world, resource, owners.updated(None, thing, owner), thing, writer)


def _store_new(world: World, resource: Resource, owned: Json, thing: Json, writer: Writer) -> Json:
    metadata = thing["metadata"]
    if not metadata.get("name") and metadata.get("generateName"):
        prefix = metadata["generateName"]
        owned["metadata"]["name"] = prefix + world.chance.suffix(prefix)
    made = _complete(world, resource, owned, None)
    if resource.kind == "Job":
        _select_by_uid(world, resource, made)
    return world.objects.create(resource, made, dry_run=writer.dry_run)


def _select_by_uid(world: World, resource: Resource, job: Json) -> None:
    """Gives a Job the selector and labels that tell its pods from all others."""
    spec = job["spec"]
    if spec.get("manualSelector"):
        return
    # The uid follows from the version, which a trial does not change.
    trial = world.objects.create(resource, job, dry_run=True)
    uid, name = trial["metadata"]["uid"], trial["metadata"]["name"]
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    spec["template"]["metadata"].setdefault("labels", {}).update(
        {
            "batch.kubernetes.io/controller-uid": uid,
            "batch.kubernetes.io/job-name": name,
            "controller-uid": uid,
            "job-name": name,
        }
    )


def update(world: World, target: Target, body: Json, writer: Writer) -> Json:
    """Stores a changed object, or its status. Raises RefusedError: 400, 404, 409, 422."""
    live = world.objects.get(target.resource, target.namespace, target.name)
    return _store(world, target, live, checked(target, body), writer)


def patch(
    world: World, target: Target, body: bytes, content_type: str, writer: Writer
) -> tuple[Json, bool]:
    """Stores a patched object; says whether it is new. Raises RefusedError: 400, 404, 409, 415,
    422."""
    kind = content_type.partition(";")[0].strip().lower()
    resource = target.resource
    _check_options(writer, applies=kind in APPLY)
    if kind in APPLY:
        return _apply(world, target, bodies.read_object(body, kind), writer)
    live = world.objects.get(resource, target.namespace, target.name)
    change = bodies.read(body, "application/json")
    return _store(world, target, live, patched(live, change, kind), writer), False


def _check_options(writer: Writer, *, applies: bool) -> None:
    wrong = ""
    if applies and not writer.named:
        wrong = "fieldManager: Required value: is required for apply patch"
    elif writer.force and not applies:
        wrong = "force: Forbidden: may not be specified for non-apply patch"
    if wrong:
        words = f'PatchOptions.meta.k8s.io "" is invalid: {wrong}'
        raise RefusedError(422, "Invalid", words)


def patched(live: Json, change: Any, kind: str) -> Json:
    """An object after a patch of this content type. Raises RefusedError: 400, 415, 422."""
    if kind == PATCHES[0]:
        after = json_patched(live, change)
    elif kind not in PATCHES:
        raise RefusedError(
            415,
            "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: "
            + ", ".join((*PATCHES, *APPLY)),
        )
    elif not isinstance(change, dict):
        raise bad_request("the patch must be one object")
    else:
        patch_with = merge_patched if kind == PATCHES[1] else merged
        try:
            after = patch_with(copied(live), change)
        except (AttributeError, TypeError) as error:
            raise bad_request(f"the patch does not fit the object: {error}") from error
    if not isinstance(after, dict) or not isinstance(after.get("metadata"), dict):
        raise bad_request("the patch leaves no object")
    return after


def _apply(world: World, target: Target, body: Json, writer: Writer) -> tuple[Json, bool]:
    resource = target.resource
    wanted = checked(target, body)
    if wanted["metadata"].get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    owner = _owner(world, resource, writer, target.subresource, "Apply")
    live = world.objects.find(resource, target.namespace, target.name)
    if live is not None:
        after = applied(live, wanted, owner, force=writer.force)
        if wanted["metadata"].get("resourceVersion"):
            after["metadata"]["resourceVersion"] = wanted["metadata"]["resourceVersion"]
        return _store(world, target, live, after, writer, owned=True), False
    if target.subresource:
        raise not_found(resource, target.name)
    nothing = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {k: wanted["metadata"][k] for k in _IDENTITY if k in wanted["metadata"]},
    }
    made = applied(nothing, wanted, owner, force=True)
    return _store_new(world, resource, made, made, writer), True


_IDENTITY: Final = ("name", "namespace")


def checked(target: Target, body: Json) -> Json:
    """A copy of a body that fits its path. Raises RefusedError (400)."""
    thing = copied(body)
    resource = target.resource
    version, kind = thing.get("apiVersion", ""), thing.get("kind", "")
    if (version or resource.api_version) != resource.api_version or (
        kind or resource.kind
    ) != resource.kind:
        raise bad_request(
            f'{resource.kind} in version "{resource.version}" cannot be handled as a {kind}: '
            f'no kind "{kind}" is registered for version "{version}"'
        )
    metadata = thing.setdefault("metadata", {})
    if not _is_metadata(metadata):
        raise _misshapen(resource)
    for field, said in (("name", target.name), ("namespace", target.namespace)):
        given = metadata.get(field)
        if given and said and given != said:
            whose = "name" if field == "name" else "namespace"
            raise bad_request(
                f"the {whose} of the provided object does not match the {whose} sent on the request"
                if field == "namespace"
                else f"the name of the object ({given}) does not match the name on the URL ({said})"
            )
        if said:
            metadata[field] = said
    if not resource.namespaced:
        metadata.pop("namespace", None)
    thing["apiVersion"], thing["kind"] = resource.api_version, resource.kind
    return thing


def _is_metadata(metadata: Any) -> bool:
    """Whether what all objects have has the right types."""
    return (
        isinstance(metadata, dict)
        and all(isinstance(metadata.get(name, ""), str) for name in _TEXTS)
        and all(isinstance(metadata.get(name) or {}, dict) for name in ("labels", "annotations"))
        and all(
            isinstance(each, dict if name != "finalizers" else str)
            for name in _LISTS
            for each in _items(metadata.get(name))
        )
    )


_TEXTS: Final = ("name", "namespace", "generateName", "uid", "resourceVersion")
_LISTS: Final = ("ownerReferences", "managedFields", "finalizers")


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [0]


def _store(
    world: World,
    target: Target,
    live: Json,
    after: Json,
    writer: Writer,
    *,
    owned: bool = False,
) -> Json:
    resource, status = target.resource, target.subresource == "status"
    after = checked(target, after)
    _check_uid(live, after)
    if status:
        after = {**live, "status": after.get("status", {}), "metadata": after["metadata"]}
    else:
        status_now = {"status": live["status"]} if "status" in live else {}
        after = _complete(world, resource, after | status_now, live)
    version = after["metadata"].get("resourceVersion")
    if not owned:
        owner = _owner(world, resource, writer, target.subresource)
        after = owners.updated(live, after, owner)
    if status:
        return _store_status(world, resource, live, after, version, writer)
    return world.objects.update(resource, after, dry_run=writer.dry_run)


def _store_status(
    world: World, resource: Resource, live: Json, after: Json, version: str, writer: Writer
) -> Json:
    metadata = {**live["metadata"], "resourceVersion": version}
    if "managedFields" in after["metadata"]:
        metadata["managedFields"] = after["metadata"]["managedFields"]
    objects = world.objects
    probe = objects.update_status(resource, {**after, "metadata": metadata}, dry_run=True)
    if writer.dry_run:
        return probe
    name, namespace = live["metadata"]["name"], live["metadata"].get("namespace", "")

    def put(thing: Json) -> None:
        thing["status"] = after["status"]
        thing["metadata"] = metadata

    return objects.change(resource, namespace, name, put) or probe


def _complete(world: World, resource: Resource, thing: Json, before: Json | None) -> Json:
    """The object with its defaults. Raises RefusedError: 400 when it has not the shape of its kind,
    403, 422."""
    try:
        made = filled(world, thing, before)
        validation.check(resource, made, before)
        admitting.admit(world, resource, made, before)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _misshapen(resource) from error
    return made


def _misshapen(resource: Resource) -> RefusedError:
    return bad_request(
        f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}: '
        "json: cannot unmarshal a value into a field of another type"
    )


def _check_uid(live: Json, after: Json) -> None:
    given, uid = after["metadata"].get("uid"), live["metadata"]["uid"]
    if given and given != uid:
        raise RefusedError(
            409,
            "Conflict",
            f"Operation cannot be fulfilled on {live['kind'].lower()}s "
            f'"{live["metadata"]["name"]}": StorageError: invalid object, Code: 4, '
            f"AdditionalErrorMsg: Precondition failed: UID in precondition: {given}, "
            f"UID in object meta: {uid}",
        )


def _owner(
    world: World,
    resource: Resource,
    writer: Writer,
    subresource: str = "",
    operation: str = "Update",
) -> owners.Owner:
    return owners.Owner(
        writer.manager,
        operation,
        subresource,
        resource.api_version,
        stamp(world.timeline.now),
        frozenset(),
    )
