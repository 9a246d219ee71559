"""What differs between two revisions: complete, quiet about noise, silent on secrets."""

from __future__ import annotations

from typing import Any

import pytest

from hubtui.model.diff import RevisionDiff, compare_payloads, payload_steps
from hubtui.model.diff_images import ImageChange, split_image
from hubtui.model.redact import MASK, Redactor
from hubtui.model.release import decode_payload
from tests import releases
from tests.differing import REVEAL, said


def _payload(*args: Any, **kwargs: Any) -> Any:
    return decode_payload(releases.packed(releases.release(*args, **kwargs)))


def _diff(redactor: Redactor | None = None) -> RevisionDiff:
    before = _payload(12)
    after = _payload(11, releases.values("2026.09", "2G", releases.OTHER_SECRET))
    return compare_payloads(before, after, redactor or Redactor())


def test_the_change_of_an_image_is_said_once_and_first() -> None:
    assert _diff().images == (
        ImageChange(
            "singleuser", "", "quay.io/uni/ds-image:2026.11", "quay.io/uni/ds-image:2026.09"
        ),
    )


def test_values_are_compared_leaf_by_leaf() -> None:
    assert said(_diff().values) == [
        ("singleuser.image.tag", "changed", "2026.11", "2026.09"),
        ("singleuser.memory.limit", "changed", "4G", "2G"),
        ("hub.config.GitHubOAuthenticator.client_secret", "changed", MASK, MASK),
    ]


def test_a_value_that_comes_is_noted_with_the_default_that_it_replaces() -> None:
    given_values = releases.values()
    given_values["singleuser"]["memory"]["guarantee"] = "2G"
    (change,) = compare_payloads(_payload(11), _payload(12, given_values), REVEAL).values
    assert said([change]) == [("singleuser.memory.guarantee", "added", None, "2G")]
    assert change.note == "default 1G"
    given_values["singleuser"]["memory"]["guarantee"] = "1G"
    (change,) = compare_payloads(_payload(11), _payload(12, given_values), REVEAL).values
    assert change.noise == "the chart's default"


def test_a_default_that_is_overridden_before_and_after_is_noise() -> None:
    """As --reuse-values leaves it: what ran is stored as the chart's own values too."""
    made = releases.release(12, releases.values("2026.09"))
    shipped = made["chart"]["values"]
    made["chart"]["values"] = {
        "singleuser": {
            "memory": {"guarantee": "2G"},
            "image": {"name": "quay.io/uni/ds-image", "tag": "2026.11"},
        }
    }
    assert shipped["singleuser"]["memory"]["guarantee"] == "1G"
    after = decode_payload(releases.packed(made))
    found = {
        change.path: change.noise
        for change in compare_payloads(_payload(11), after, REVEAL).defaults
    }
    assert found == {
        "singleuser.memory.limit": "null, as if it were not there",
        "singleuser.memory.guarantee": "",
        "singleuser.image.name": "the operator's own value counts",
        "singleuser.image.tag": "the operator's own value counts",
    }


def test_objects_are_folded_and_noise_is_told_apart() -> None:
    diff = _diff()
    assert [(each.title, each.counted, len(each.noise)) for each in diff.objects] == [
        ("Secret/hub", 1, 0),
        ("ConfigMap/hub", 0, 1),
        ("Deployment/hub", 2, 1),
        ("DaemonSet/continuous-image-puller", 1, 0),
    ]
    assert str(diff.counts) == "~3 +0 -0"
    assert len(diff.unchanged) == 36
    assert diff.hooks == ()


def test_the_hubs_values_file_points_to_the_values() -> None:
    (change,) = _diff().objects[0].changes
    assert (change.path, change.before, change.after) == ("data.values.yaml", MASK, MASK)
    assert change.note == "shown as Values above"
    assert change.masked


def test_another_chart_version_is_noise_in_labels_only() -> None:
    before, after = _payload(12), _payload(13, chart="4.5.0")
    diff = compare_payloads(before, after, Redactor())
    assert diff.chart_after == "jupyterhub-4.5.0"
    assert [each.title for each in diff.objects if each.counted] == ["Secret/hub", "Deployment/hub"]
    assert [image.role for image in diff.images] == ["hub"]
    assert [each.counted for each in diff.hooks] == [0]


def test_a_secret_that_the_chart_makes_up_is_noise_unless_it_is_given() -> None:
    before = _payload(12)
    text = before.manifest
    new = text.replace(releases.b64(releases.COOKIE), releases.b64("f" * 44))
    after = decode_payload(releases.packed(releases.release(13, manifest=new)))
    (secret,) = compare_payloads(before, after, Redactor()).objects
    assert [(change.path, change.noise) for change in secret.changes] == [
        ("data.hub.config.JupyterHub.cookie_secret", "generated secret")
    ]
    given_values = releases.values()
    given_values["hub"]["cookieSecret"] = "f" * 44
    after = decode_payload(releases.packed(releases.release(13, given_values, manifest=new)))
    (secret,) = compare_payloads(before, after, Redactor()).objects
    assert [change.noise for change in secret.changes] == [""]


def test_a_hook_that_is_also_in_the_manifest_is_told_as_both() -> None:
    def payload(image: str) -> Any:
        hook = releases.hook(image)
        document = releases.release(12, manifest=hook["manifest"], hooks=[hook])
        return decode_payload(releases.packed(document))

    diff = compare_payloads(payload("a:1"), payload("a:2"), REVEAL)
    title = "DaemonSet/hook-image-puller"
    assert [each.title for each in diff.hooks] == [title]
    assert [each.title for each in diff.objects] == [title]
    assert str(diff.counts) == "~1 +0 -0"
    assert len([change for change in diff.images if change.after == "a:2"]) == 1


def test_nothing_of_a_real_diff_leaks() -> None:
    shown = repr(_diff())
    for canary in (releases.CLIENT_SECRET, releases.OTHER_SECRET, releases.COOKIE, releases.TOKEN):
        assert canary not in shown
        assert releases.b64(canary) not in shown


def test_it_goes_step_by_step() -> None:
    steps = payload_steps(_payload(12), _payload(11), Redactor())
    seen = list(steps)
    assert len(seen) > 3 * 40
    assert seen[0].startswith("# Source: jupyterhub/")
    assert seen[-1] == "ConfigMap/other-35"


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("quay.io/a/b:1", ("quay.io/a/b", "1")),
        ("localhost:5000/b", ("localhost:5000/b", "")),
        ("a@sha256:ff", ("a", "sha256:ff")),
    ],
)
def test_an_image_is_a_repository_and_a_tag(image: str, parts: tuple[str, str]) -> None:
    assert split_image(image) == parts
