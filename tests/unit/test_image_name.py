"""What an image's name leaves out."""

from __future__ import annotations

import pytest

from hubtui.model.image_name import ImageName, full_name, image_name, is_image


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("jupyter/base:1", "docker.io/jupyter/base:1"),
        ("docker.io/busybox:1", "docker.io/library/busybox:1"),
        ("index.docker.io/library/busybox:1", "docker.io/library/busybox:1"),
        ("localhost/mine:1", "localhost/mine:1"),
        ("registry:5000/mine", "registry:5000/mine:latest"),
        ("quay.io/a/b@sha256:ab", "quay.io/a/b@sha256:ab"),
        ("quay.io/a/b:1@sha256:ab", "quay.io/a/b@sha256:ab"),
    ],
)
def test_names_are_compared_with_what_they_leave_out(short: str, long: str) -> None:
    assert full_name(short) == long


def test_a_digest_is_asked_for_before_a_tag() -> None:
    found = image_name("registry:5000/a/b:1.2@sha256:ab")
    assert found == ImageName("registry:5000", "a/b", "1.2", "sha256:ab")
    assert (found.reference, image_name("busybox").reference) == ("sha256:ab", "latest")


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("busybox", True),
        ("registry:5000/a/b_c--d:1.2", True),
        ("Quay.example.org/a:B-1", True),
        ("quay.io/a@sha256:" + "0f" * 32, True),
        ("quay.io/a:1@sha256:" + "0f" * 32, True),
        ("quay.io/A:1", False),
        ("quay.io/a:1:2", False),
        ("quay.io/a@sha256:12", False),
        ("https://quay.io/a", False),
        ("-a", False),
        ("a b", False),
        ("a\n", False),
        ("", False),
        ("{username}/a", False),
    ],
)
def test_what_can_be_a_name(text: str, good: bool) -> None:
    assert is_image(text) is good
