"""Images that cannot be pulled, or are being pulled."""

from __future__ import annotations

import re
from typing import Final

from hubtui.model.kube import Container, Event
from hubtui.model.quantity import short_size
from hubtui.model.roles import Role
from hubtui.model.why_facts import Cause, Evidence, Facts, Why, sentence

FAILING: Final = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
_TOLD = re.compile(r'(?:Failed to pull|Back-off pulling) image(?: "[^"]*")?: ?')
_RPC = re.compile(r"^.*\bdesc = ", re.DOTALL)
_RUNTIME = re.compile(
    r'^failed to pull and unpack image "[^"]*": (?:failed to resolve reference "[^"]*": )?'
)
"""What containerd puts before them, which names the image twice."""
_PULLED_SIZE = re.compile(r"Image size: (\d+) bytes")

_KINDS: Final = (
    (
        ("unauthorized", "authentication required", "denied", "forbidden"),
        "The registry refuses: the image is private or its name is wrong.",
        "Check the pull secret (imagePullSecrets, imagePullSecret.create) and the name.",
    ),
    (
        ("toomanyrequests", "rate limit", "429"),
        "The registry has had too many requests from here.",
        "Wait, log in with a pull secret, or use a mirror.",
    ),
    (
        ("no matching manifest", "no match for platform"),
        "The image does not exist for this node's architecture.",
        "Build it for the platform, or keep it off these nodes.",
    ),
    (
        ("not found", "manifest unknown", "name unknown", "does not exist"),
        "The registry has no such image or tag.",
        "Check the name and the tag; a rollback brings the former one back (r).",
    ),
    (
        ("no space left", "disk quota"),
        "The node's disk is full.",
        "Free space on the node, or cordon it.",
    ),
    (
        ("x509", "certificate", "tls:"),
        "The registry's certificate is not trusted.",
        "Check the registry's certificate and the node's clock.",
    ),
    (
        ("no such host", "timeout", "deadline exceeded", "refused", "unreachable", "reset", " eof"),
        "The node does not reach the registry.",
        "Check the registry's address, DNS and the way out of the node.",
    ),
    (
        ("invalid reference", "couldn't parse image", "invalidimagename"),
        "That is no name of an image.",
        "Correct the name in the values or in the profile.",
    ),
)


_FINAL: Final = (
    *("unauthorized", "authentication required", "denied", "forbidden", "no matching manifest"),
    *("no match for platform", "not found", "manifest unknown", "name unknown", "does not exist"),
    *("invalid reference", "couldn't parse image", "invalidimagename", "errimageneverpull"),
)


def is_final(words: str) -> bool:
    """Whether a registry's words say that it helps nothing to ask again."""
    said = words.lower()
    return "no such host" not in said and any(part in said for part in _FINAL)


def not_pulled(facts: Facts) -> Why | None:
    """An image that cannot be pulled."""
    for _, container, status in facts.containers:
        waiting = status.state.waiting if status else None
        if waiting is not None and waiting.reason in FAILING:
            return _failing(facts, container, waiting.reason, waiting.message)
    return None


def _failing(facts: Facts, container: Container, reason: str, message: str) -> Why:
    event = _failure_of(facts, container.image)
    said = registry_words(event.message if event else "") or registry_words(message)
    means, todo = _kind(f"{said} {reason}")
    where = facts.pod.spec.node_name
    told = f": {said}" if said else f" ({reason})"
    evidence = (Evidence("container", f"{container.name} waits: {reason} {message}".strip(),
                         warning=True),)  # fmt: skip
    return Why(
        Cause.IMAGE,
        sentence(
            f"Image {container.image} cannot be pulled{f' on {where}' if where else ''}{told}"
        ),
        means,
        todo,
        evidence,
        subject=container.image,
    )


def _failure_of(facts: Facts, image: str) -> Event | None:
    failures = [e for e in facts.events if e.reason == "Failed" and "pull" in e.message.lower()]
    return next(
        (e for e in failures if f'"{image}"' in e.message), failures[0] if failures else None
    )


def registry_words(message: str) -> str:
    """The registry's own words: without what kubelet and runtime put before them."""
    bare = _RUNTIME.sub("", _RPC.sub("", _TOLD.sub("", message)).strip())
    return "" if bare in ("Error: ImagePullBackOff", "Error: ErrImagePull") else bare[:400]


def _kind(said: str) -> tuple[str, str]:
    low = said.lower()
    for words, means, todo in _KINDS:
        if any(word in low for word in words):
            return means, todo
    return "", "Check the image's name, the registry, and the node's way to it."


def pulling(facts: Facts) -> Why | None:
    """An image that is being pulled just now."""
    started = facts.newest("Pulling")
    if started is None or not _still(facts, started):
        return None
    image = image_in(started.message) or _unstarted(facts)
    size = size_of(facts, image)
    since = facts.since(started.last_seen)
    where = facts.pod.spec.node_name or "The node"
    means = "The first pull of a large image takes minutes; other pods with it start at once then."
    if facts.role is Role.USERS:
        means += " The hub gives up after its start timeout (singleuser.startTimeout, 300 s)."
    return Why(
        Cause.PULLING,
        sentence(
            f"{where} pulls image {image}{f' ({size})' if size else ''}"
            f"{f' since {since}' if since else ''}"
        ),
        means,
        "Pull images beforehand when this is too slow.",
        subject=image,
    )


def _still(facts: Facts, started: Event) -> bool:
    """Whether no later event says that the pull has ended."""
    for event in facts.events:
        if event is started:
            return True
        if event.reason in ("Pulled", "Failed", "BackOff", "Created", "Started"):
            return False
    return True


def image_in(message: str) -> str:
    """The image that a kubelet's message names; "" when it names none."""
    match = re.search(r'image "([^"]+)"', message)
    return match.group(1) if match else ""


def _unstarted(facts: Facts) -> str:
    for _, container, status in facts.containers:
        if status is None or status.state.waiting is not None:
            return container.image
    return "?"


def size_of(facts: Facts, image: str) -> str:
    """How large an image is: as a node that has it, or the pull's own event, says."""
    names = {image, f"docker.io/{image}", f"docker.io/library/{image}"}
    for node in facts.nodes:
        for found in node.status.images:
            if found.size_bytes and names.intersection(found.names or ()):
                return short_size(found.size_bytes)
    for event in facts.events:
        match = _PULLED_SIZE.search(event.message)
        if match and f'"{image}"' in event.message:
            return short_size(int(match.group(1)))
    return ""
