"""Whether a node has an image, as far as its status tells.

A kubelet reports the 50 largest images of its node at most (nodeStatusMaxImages).
"""

from __future__ import annotations

from typing import Final

from hubtui.model.image_name import full_name
from hubtui.model.kube_needs import Node

LISTED: Final = 50


def has_image(node: Node, image: str) -> bool | None:
    """Whether a node has an image; None where its list cannot tell."""
    listed = node.status.images
    wanted = full_name(image)
    if any(wanted == full_name(name) for each in listed for name in each.names or ()):
        return True
    return None if not listed or len(listed) >= LISTED else False
