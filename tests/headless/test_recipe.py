"""The README's workflow for GitHub Actions is one, and its commands are hubtui's."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
import yaml

from hubtui import config
from hubtui.cli import cli
from hubtui.commands.options import flags
from hubtui.model.age import duration

README = Path(__file__).parents[2] / "README.md"
SECTION = "## Deploying from GitHub Actions"


def block(language: str) -> str:
    """The section's one block of a language."""
    section = README.read_text(encoding="utf-8").partition(f"{SECTION}\n")[2].partition("\n## ")[0]
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture
def workflow() -> dict[str, Any]:
    # YAML 1.1 takes the key `on` for a truth value; GitHub does not.
    found: dict[str, Any] = yaml.load(block("yaml"), yaml.BaseLoader)  # noqa: S506 - strings only
    return found


def commands(job: dict[str, Any]) -> Iterator[list[str]]:
    """The command lines of hubtui in a job's steps, without what the shell takes."""
    for step in job["steps"]:
        for line in step.get("run", "").replace("\\\n", " ").splitlines():
            words = shlex.split(line)
            if words[:1] == ["hubtui"]:
                yield words[1 : words.index(">") if ">" in words else None]


def scripts(job: dict[str, Any], word: str) -> list[str]:
    """The scripts of a job that hold a word."""
    return [step["run"] for step in job["steps"] if word in step.get("run", "")]


def understood(words: list[str]) -> tuple[str, dict[str, Any]]:
    """What click makes of a command line: the command and its parameters; runs nothing."""
    name, *rest = words
    with cli.commands[name].make_context(name, rest) as context:
        return name, {**context.params, **flags(context)}


def test_a_pull_request_is_planned_and_main_is_deployed(workflow: dict[str, Any]) -> None:
    jobs = workflow["jobs"]
    assert list(workflow["on"]) == ["pull_request", "push"]
    (plan,), (deploy,) = (list(commands(jobs[name])) for name in ("plan", "deploy"))
    planned, deployed = understood(plan), understood(deploy)
    assert (planned[0], deployed[0]) == ("upgrade", "upgrade")
    assert planned[1]["json"]
    assert not planned[1]["confirm"]
    assert deployed[1]["confirm"] == "biology-prod"
    for same in ("repo", "hub", "env", "files", "sets", "values_mode"):
        assert planned[1][same] == deployed[1][same], "what is deployed is what was planned"
    assert "pull_request" in jobs["plan"]["if"]
    assert (
        "github.event.pull_request.head.repo.full_name == github.repository" in jobs["plan"]["if"]
    )
    assert jobs["deploy"]["if"] == "github.event_name == 'push'"


def test_the_plan_cannot_write_and_permissions_are_the_least(workflow: dict[str, Any]) -> None:
    settings, _ = config.load({}, workflow["jobs"]["plan"]["env"])
    assert settings.read_only
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"] == {"contents": "read", "id-token": "write"}
    assert workflow["concurrency"]["cancel-in-progress"] == "false"


def test_what_a_viewer_may_not_write_does_not_fail_its_plan(workflow: dict[str, Any]) -> None:
    (plan,) = scripts(workflow["jobs"]["plan"], "jq -e")
    assert '.level != "stop" or .name == "rights"' in plan


def test_how_a_deployment_ended_is_told_also_when_it_failed(workflow: dict[str, Any]) -> None:
    *_, deploy, outcome = workflow["jobs"]["deploy"]["steps"]
    (written,) = re.findall(r'> ("\S+")', deploy["run"])
    assert written in outcome["run"]
    assert "GITHUB_STEP_SUMMARY" in outcome["run"]
    assert outcome["if"] == "always()"


def test_helm_ends_before_the_job_is_ended(workflow: dict[str, Any]) -> None:
    deploy = workflow["jobs"]["deploy"]
    (words,) = commands(deploy)
    timeout = duration(understood(words)[1]["timeout"])
    assert timeout.total_seconds() < int(deploy["timeout-minutes"]) * 60


def test_the_steps_are_shell(workflow: dict[str, Any], tmp_path: Path) -> None:
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            script = tmp_path / "step.sh"
            script.write_text(step.get("run", ""))
            subprocess.run(["bash", "-n", str(script)], check=True)


def test_the_configuration_is_one() -> None:
    found = msgspec.convert(tomllib.loads(block("toml")), config.Settings).github
    assert (found.repository, found.workflow) == ("our-org/hubs", "deploy.yml")
    assert shlex.split(found.token_command) == ["gh", "auth", "token"]


def test_a_command_that_hubtui_does_not_have_would_be_found() -> None:
    with pytest.raises(click.UsageError):
        understood(["upgrade", "--no-such-option"])
