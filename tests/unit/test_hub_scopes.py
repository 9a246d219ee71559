"""Which scopes a token lacks, and the values that add the service to a release."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hubtui.demo.hub.scopes import expand
from hubtui.model.hub_scopes import OPERATOR, VIEWER, lacking, values_for_service

README = Path(__file__).parents[2] / "README.md"


def scopes_of(values: dict[str, dict[str, dict[str, dict[str, list[str]]]]]) -> frozenset[str]:
    return frozenset(values["hub"]["loadRoles"]["hubtui"]["scopes"])


@pytest.mark.parametrize("is_six", [False, True])
def test_the_values_give_all_that_is_used_on_both_versions(is_six: bool) -> None:
    given = scopes_of(yaml.safe_load("\n".join(values_for_service())))
    held = expand(given, is_six=is_six)
    assert given <= held
    assert lacking((*VIEWER, *OPERATOR), held) == ()
    viewer = expand(given - {"servers"}, is_six=is_six)
    assert lacking(VIEWER, viewer) == ()
    assert lacking(OPERATOR, viewer) == ("delete:servers", "servers")


def test_a_scope_that_is_narrowed_is_told_so() -> None:
    scopes = ["list:users!group=class", "read:users", "read:servers", "proxy"]
    assert lacking(VIEWER, scopes) == ("list:users (only list:users!group=class)", "read:metrics")


def test_in_a_sub_chart_they_stand_below_its_keys() -> None:
    values = yaml.safe_load("\n".join(values_for_service(("basehub", "jupyterhub"))))
    assert values["basehub"]["jupyterhub"] == yaml.safe_load("\n".join(values_for_service()))
    assert values["basehub"]["jupyterhub"]["hub"]["services"] == {"hubtui": {}}


def test_the_readme_says_the_same() -> None:
    assert "```yaml\n" + "\n".join(values_for_service()) + "\n```" in README.read_text("utf-8")
