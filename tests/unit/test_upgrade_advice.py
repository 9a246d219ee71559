"""What is said of an upgrade from its values and versions, case by case."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from hubtui.model.deployment import ValuesMode
from hubtui.model.plan import Check, Level
from hubtui.services.actions.upgrade_advice import Upgrade, checks, schema

OK, WARN, STOP = Level.OK, Level.WARN, Level.STOP


def asked(text: str = "", **more: Any) -> Upgrade:
    """An upgrade to these values, of a hub that has the newest chart."""
    values = yaml.safe_load(text) or {}
    settings: dict[str, Any] = {
        "mode": ValuesMode.RESET,
        "given": values,
        "running": {},
        "values": values,
        "chart_before": "4.4.0",
        "chart_after": "4.4.0",
        "hub_before": "5.5.0",
        "hub_after": "5.5.0",
    }
    return Upgrade(**settings | more)


def said(upgrade: Upgrade) -> dict[str, Check]:
    return {check.name: check for check in checks(upgrade)}


def test_an_upgrade_to_the_same_says_three_things_and_all_are_well() -> None:
    found = said(asked("singleuser: {image: {name: x, tag: '2024.10'}}"))
    assert {name: check.level for name, check in found.items()} == {
        "values": OK,
        "chart": OK,
        "hub database": OK,
    }


@pytest.mark.parametrize(
    ("values", "name", "level", "evidence"),
    [
        (
            "singleuser: {memory: {limit: 1Gi}}",
            "memory",
            STOP,
            "singleuser.memory.limit: '1Gi' is not what KubeSpawner reads: write 1G",
        ),
        ("singleuser: {memory: {guarantee: 512m}}", "memory", STOP, "write 512M"),
        ("singleuser: {memory: {limit: '1024'}}", "memory", STOP, "a number of bytes"),
        ("hub: {config: {KubeSpawner: {mem_limit: 2GB}}}", "memory", STOP, "write 2G"),
        (
            "singleuser: {profileList: [{kubespawner_override: {mem_limit: 4Gi}}]}",
            "memory",
            STOP,
            "singleuser.profileList[0].kubespawner_override.mem_limit",
        ),
        (
            "singleuser: {cpu: {limit: 500m}}",
            "cpu",
            STOP,
            "singleuser.cpu.limit: '500m' is text: write 0.5 without quotes",
        ),
        (
            "singleuser: {image: {name: x, tag: 2024.10}}",
            "image tags",
            STOP,
            "singleuser.image.tag: YAML reads the number 2024.1: put the tag in quotes",
        ),
        (
            "prePuller: {extraImages: {big: {name: x, tag: 7}}}",
            "image tags",
            STOP,
            "prePuller.extraImages.big.tag",
        ),
        ("singleuser: {image: {name: x, tag: latest}}", "latest", WARN, "singleuser.image.tag"),
        (
            "singleuser: {profileList: [{kubespawner_override: {image: 'a/b'}}]}",
            "latest",
            WARN,
            "a/b has the tag latest",
        ),
        (
            'hub: {extraConfig: {a: "x = 1", b: "x = 1\\nif x\\n  y()"}}',
            "hub.extraConfig",
            STOP,
            "hub.extraConfig.b: line 2 is no Python: expected ':': the hub would not start",
        ),
        ("hub: {extraConfig: {a: {b: c}}}", "hub.extraConfig", STOP, "has to be text"),
        ("cull: {timeout: 0}", "culling", WARN, "cull.timeout: 0 does not turn culling off"),
        ("cull: {every: 0}", "culling", WARN, "cull.every: 0 does not mean all the time"),
        ("cull: {concurrency: 0}", "culling", WARN, "the culler then takes its own 10"),
        (
            "hub: {config: {jupyterHub: {}}}",
            "hub.config",
            STOP,
            "hub.config.jupyterHub: a class begins with a capital letter: did you mean JupyterHub?",
        ),
        (
            "hub: {extraFiles: {a.py: {stringData: x}}}",
            "extraFiles",
            STOP,
            "hub.extraFiles.a\\.py: has no mountPath",
        ),
        (
            "singleuser: {extraFiles: {a: {mountPath: /a, data: {}, stringData: x}}}",
            "extraFiles",
            STOP,
            "has data and stringData",
        ),
        ("singleuser: {image: {name: mine}}", "images without a tag", WARN, "mine without a tag"),
        ("hub: {fsGid: 1000}", "removed settings", STOP, "use hub.podSecurityContext.fsGroup"),
        ("rbac: {enabled: false}", "removed settings", STOP, "rbac.enabled: gone since chart 2.0"),
        ("proxy: {pdb: {}}", "removed settings", STOP, "use proxy.chp.pdb"),
        ("jupyterhub: {hub: {}}", "level", WARN, "the hub's values stand at the top"),
    ],
)
def test_a_trap_is_named_with_its_path(values: str, name: str, level: Level, evidence: str) -> None:
    check = said(asked(values))[name]
    assert check.level is level
    assert evidence in check.evidence
    assert check.overridable is (level is STOP)


@pytest.mark.parametrize(
    "values",
    [
        "singleuser: {memory: {limit: 1G, guarantee: 0.5 G}}",
        "singleuser: {memory: {limit: 1073741824, guarantee: null}}",
        "singleuser: {cpu: {limit: 0.5, guarantee: null}}",
        "hub: {resources: {limits: {memory: 1Gi, cpu: 500m}}}",
        "cull: {enabled: false, timeout: 0}",
        "cull: {maxAge: 0}",
        r"""hub: {extraConfig: {a: 'c.X.y = "\d"', b: null, c: ""}}""",
        "hub: {config: {GitHubOAuthenticator: {}}, extraFiles: {a: {mountPath: /a, data: {}}}}",
        "custom: {image: {tag: '5'}, jupyterhub: {}}",
        "{rbac: {enabled: null}, hub: {fsGid: null, config: {lowercase: null}}}",
    ],
)
def test_what_works_is_no_trap(values: str) -> None:
    assert said(asked(values)).keys() == {"values", "chart", "hub database"}


def test_the_hub_s_values_under_another_chart_are_read_and_named_there() -> None:
    upgrade = asked(
        "{jupyterhub: {cull: {timeout: 0}, jupyterhub: {hub: {}}}, singleuser: {}, grafana: {}}",
        hub_path=("jupyterhub",),
    )
    found = said(upgrade)
    assert found["culling"].evidence.startswith("jupyterhub.cull.timeout: ")
    assert found["level"].level is WARN
    assert found["level"].details == (
        "singleuser: nothing reads it there: the hub's is jupyterhub.singleuser",
        "jupyterhub.jupyterhub: one level too deep: the hub's values stand under jupyterhub",
    )


def test_a_key_of_the_chart_around_the_hub_is_not_misplaced() -> None:
    upgrade = asked("hub: {}", hub_path=("jupyterhub",), own_keys=frozenset(("hub",)))
    assert "level" not in said(upgrade)


def test_a_hub_two_charts_down_is_looked_for_there() -> None:
    upgrade = asked("jupyterhub: {cull: {}}", hub_path=("basehub", "jupyterhub"))
    assert "under basehub.jupyterhub" in said(upgrade)["level"].evidence


def test_defaults_of_the_chart_count_where_nothing_is_set() -> None:
    upgrade = asked("cull: {timeout: 0}", defaults={"cull": {"enabled": False}})
    assert "culling" not in said(upgrade)


def test_without_a_hub_only_the_mode_is_judged() -> None:
    assert said(asked("cull: {timeout: 0}", hub_path=None)).keys() == {"values"}


@pytest.mark.parametrize(
    ("before", "after", "values", "level", "words"),
    [
        ("5.5.0", "5.5.0", "", OK, "5.5.0 in both"),
        ("5.4.4", "5.5.0", "", OK, "a minor step"),
        ("4.1.6", "5.2.1", "", WARN, "jupyterhub.sqlite.YYYY-MM-DD-HHMMSS"),
        ("3.0.0", "5.2.1", "", WARN, "past 4"),
        ("5.5.0", "4.1.6", "", STOP, "the older hub refuses a newer schema"),
        ("4.1.6", "5.2.1", "hub: {db: {type: postgres}}", STOP, "set hub.db.upgrade: true"),
        ("4.1.6", "5.2.1", "hub: {db: {type: mysql, upgrade: true}}", WARN, "back it up first"),
        ("5.5.0", "4.1.6", "hub: {db: {type: postgres}}", STOP, "a backup of postgres"),
        ("5.5.0", "4.1.6", "hub: {db: {type: sqlite-memory}}", OK, "nothing is kept"),
        ("", "5.5.0", "", WARN, "a version is unknown"),
    ],
)
def test_the_database_is_judged_by_both_versions(
    before: str, after: str, values: str, level: Level, words: str
) -> None:
    running = yaml.safe_load(values) or {}
    upgrade = asked(values, running=running, hub_before=before, hub_after=after)
    check = said(upgrade)["hub database"]
    assert (check.level, check.overridable) == (level, level is STOP)
    assert words in check.evidence


URL = "postgresql+psycopg2://jhub:{}@{}/{}"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, {"type": "postgres", "url": URL.format("pw", "pg:5432", "hub")}, "sqlite-pvc → postg"),
        ({"type": "postgres"}, {}, "postgres → sqlite-pvc"),
        (
            {"type": "postgres", "url": URL.format("pw", "pg", "hub")},
            {"type": "postgres", "url": URL.format("p/@w", "pg", "staging?ssl=1")},
            "hub.db.url names another server or database: no user",
        ),
    ],
)
def test_another_database_is_an_empty_one(
    before: dict[str, Any], after: dict[str, Any], words: str
) -> None:
    for root in ((), ("jupyterhub",)):
        running, values = ({"hub": {"db": db}, "cull": {}} for db in (before, after))
        if root:
            running, values = {root[0]: running}, {root[0]: values}
        upgrade = asked(running=running, given=values, values=values, hub_path=root)
        check = said(upgrade)["hub database"]
        assert (check.level, check.overridable) == (STOP, True)
        assert words in check.evidence
        assert "jhub" not in check.evidence, "a URL holds a password"


@pytest.mark.parametrize(
    ("running", "values", "defaults"),
    [
        ({}, {}, {"hub": {"db": {"type": "postgres"}}}),
        ({"hub": {"db": {"type": "sqlite-memory"}}}, {}, {}),
        (
            {"hub": {"db": {"type": "postgres", "url": URL.format("old", "pg", "hub")}}},
            {"hub": {"db": {"type": "postgres", "url": URL.format("new", "pg", "hub")}}},
            {},
        ),
    ],
)
def test_the_same_database_is_no_other(
    running: dict[str, Any], values: dict[str, Any], defaults: dict[str, Any]
) -> None:
    upgrade = asked(running=running, given=values, values=values, defaults=defaults)
    assert said(upgrade)["hub database"].level is OK


def test_values_that_stood_at_another_level_tell_of_no_other_database() -> None:
    values = {"jupyterhub": {"hub": {"db": {"type": "postgres"}}}}
    running = {"hub": {"db": {"type": "postgres"}}}
    upgrade = asked(running=running, given=values, values=values, hub_path=("jupyterhub",))
    assert said(upgrade)["hub database"].level is OK


@pytest.mark.parametrize(
    ("before", "after", "level", "words"),
    [
        ("4.3.3", "4.4.0", OK, "4.3.3 → 4.4.0"),
        ("3.3.8", "4.4.0", WARN, "https://z2jh.jupyter.org"),
        ("2.0.0", "4.4.0", WARN, "over 2 majors"),
        ("4.4.0", "4.3.3", STOP, "goes back"),
        ("4.4.0-0.dev.git.1.habc", "4.4.0", OK, "4.4.0"),
        ("", "4.4.0", WARN, "unknown"),
    ],
)
def test_the_chart_s_way_is_told(before: str, after: str, level: Level, words: str) -> None:
    check = said(asked(chart_before=before, chart_after=after))["chart"]
    assert check.level is level
    assert words in check.evidence


def test_a_new_major_names_the_values_that_it_reads_in_another_way() -> None:
    found = said(
        asked(
            """
            singleuser:
              networkPolicy: {egress: [{}]}
              extraEnv: {JSON: '{"a": 1}'}
              storage: {static: {subPath: 'home/{username}'}}
            """,
            chart_before="1.2.0",
            chart_after="4.4.0",
        )
    )
    assert "singleuser.networkPolicy.egress" in found["chart 2"].evidence
    assert "singleuser.extraEnv.JSON" in found["chart 3"].evidence
    assert any("lets nobody in" in words for words in found["chart 4"].details)
    assert any("home" not in w and "subPath" in w for w in found["chart 4"].details)


def test_a_hub_that_says_who_may_log_in_goes_over_to_jupyterhub_5_in_silence() -> None:
    values = "hub: {config: {GitHubOAuthenticator: {allowed_organizations: [x]}}}"
    assert "chart 4" not in said(asked(values, chart_before="3.3.8"))


RUNNING = {"singleuser": {"image": {"name": "x", "tag": "1"}}, "cull": {"timeout": 60}}


@pytest.mark.parametrize(
    ("mode", "given", "values", "more", "level", "words"),
    [
        (ValuesMode.RESET, {}, {}, {}, STOP, "all that was set before is forgotten"),
        (
            ValuesMode.RESET,
            {"cull": {"timeout": 5}},
            {"cull": {"timeout": 5}},
            {},
            WARN,
            "2 settings forgotten: singleuser.image.name; and 1 more",
        ),
        (ValuesMode.RESET, RUNNING, RUNNING, {}, OK, "nothing set before is missing"),
        (ValuesMode.REUSE, {}, RUNNING, {"other_chart": True}, WARN, "reset-then-reuse"),
        (ValuesMode.REUSE, {}, RUNNING, {}, OK, "3 settings of the running revision kept"),
        (
            ValuesMode.REUSE,
            {"cull": {"timeout": None}},
            RUNNING,
            {},
            WARN,
            "cull.timeout: null does not take it away with reuse",
        ),
        (ValuesMode.RESET_THEN_REUSE, {}, RUNNING, {"other_chart": True}, OK, "3 settings"),
    ],
)
def test_what_becomes_of_the_running_values_is_said(
    mode: ValuesMode,
    given: dict[str, Any],
    values: dict[str, Any],
    more: dict[str, Any],
    level: Level,
    words: str,
) -> None:
    upgrade = asked(mode=mode, given=given, running=RUNNING, values=values, **more)
    check = said(upgrade)["values"]
    assert check.level is level
    assert words in check.evidence


def test_new_images_need_the_hook_or_time() -> None:
    images = ("x:2", "y:2")
    off = said(asked("prePuller: {hook: {enabled: false}}", new_images=images, timeout=600))
    assert "prePuller.hook.enabled is false, with 2 new images" in off["image pull"].evidence
    short = said(asked(new_images=images, timeout=120))
    assert short["timeout"].evidence.startswith("120 s for 2 new images")
    assert not {"image pull", "timeout"} & said(asked(new_images=images, timeout=600)).keys()
    assert "timeout" not in said(asked(timeout=120))


def test_a_schema_s_refusal_is_a_stop_that_nobody_passes() -> None:
    words = (
        "Error: …\njupyterhub:\n- at '/cull': additional properties 'timout', 'evry' not allowed"
    )
    check = schema(
        words,
        {"jupyterhub": {"properties": {"cull": {"properties": {"timeout": {}, "every": {}}}}}},
        {"jupyterhub": ("jupyterhub",)},
    )
    assert check is not None
    assert check.evidence == (
        "jupyterhub.cull.timout: jupyterhub has no such setting; "
        "did you mean jupyterhub.cull.timeout?; and 1 more"
    )
    assert (check.level, check.overridable, len(check.details)) == (STOP, False, 2)
    assert schema("Error: UPGRADE FAILED: timed out") is None
