"""Terraform's own checks, and that each module is a documented function (style, 12)."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.paths import PROJECT, TERRAFORM
from deploy.terraform.binary import find_terraform
from deploy.terraform.mirror import find_mirror
from deploy.terraform.provision import CLI_CONFIGURATION, cli_configuration, copy_terraform, terraform_environment

Run = Callable[..., subprocess.CompletedProcess[str]]

MODULES = sorted(path.name for path in TERRAFORM.glob("modules/*/"))
IN_ORDER = ("description", "type", "default", "validation")


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs terraform with the arguments given, in an initialised copy of the terraform folder, tests included.

    Fails, and does not skip, where terraform or its provider cannot be had.
    """
    copy = tmp_path_factory.mktemp("terraform")
    copy_terraform(copy, parts=("*.tf", "envs", "modules", "tests"))
    (copy / CLI_CONFIGURATION).write_text(cli_configuration(find_mirror(os.environ)))
    binary = find_terraform(os.environ)
    environment = terraform_environment(os.environ, copy)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binary, *arguments], cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=300
        )

    initialised = run("init", "-backend=false", "-input=false", "-no-color")
    assert initialised.returncode == 0, initialised.stderr
    return run


class Block(NamedTuple):
    name: str
    body: str

    def argument(self, name: str) -> str | None:
        found = re.search(rf"^  {name} *= (.*)$", self.body, re.MULTILINE)
        return found[1] if found else None

    @property
    def description(self) -> str:
        return (self.argument("description") or "").strip('"')


def blocks(path: Path, kind: str) -> list[Block]:
    found = re.findall(rf'^{kind} "(\w+)" \{{\n(.*?)^\}}', path.read_text(), re.MULTILINE | re.DOTALL)
    return [Block(*groups) for groups in found]


def folders() -> list[Path]:
    return [TERRAFORM, *(TERRAFORM / "modules" / name for name in MODULES)]


def test_it_is_formatted() -> None:
    command = [str(find_terraform(os.environ)), "fmt", "-check", "-recursive", "-diff"]
    answer = subprocess.run(command, cwd=TERRAFORM, capture_output=True, text=True, check=False)

    assert (answer.returncode, answer.stdout) == (0, "")


@pytest.mark.long
def test_it_is_valid(terraform: Run) -> None:
    answer = terraform("validate", "-no-color")

    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.long
def test_its_own_tests_pass(terraform: Run) -> None:
    answer = terraform("test", "-no-color")

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert re.search(r"[1-9]\d* passed, 0 failed", answer.stdout)


@pytest.mark.long
def test_no_provider_but_aws_is_needed(terraform: Run) -> None:
    answer = terraform("version", "-json")

    assert set(json.loads(answer.stdout)["provider_selections"]) == {"registry.terraform.io/hashicorp/aws"}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_a_documented_function(module: str) -> None:
    folder = TERRAFORM / "modules" / module

    assert [
        name
        for name in ("main.tf", "variables.tf", "outputs.tf", "versions.tf", "README.md")
        if not (folder / name).exists()
    ] == []


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_a_readme_has_a_row_for_each_input(folder: Path) -> None:
    rows = [
        f"| `{block.name}` | {block.description} | `{block.argument('type')}` | {default_of(block)} |"
        for block in blocks(folder / "variables.tf", "variable")
    ]

    assert table_after("## Inputs", folder) == rows


def default_of(block: Block) -> str:
    default = block.argument("default")
    return "required" if default is None else f"`{default}`"


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_a_readme_has_a_row_for_each_output(folder: Path) -> None:
    rows = [f"| `{block.name}` | {block.description} |" for block in blocks(folder / "outputs.tf", "output")]

    assert table_after("## Outputs", folder) == rows


def table_after(heading: str, folder: Path) -> list[str]:
    section = (folder / "README.md").read_text().split(f"{heading}\n")[1].split("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| `")]


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_every_variable_says_what_it_is_in_one_order(folder: Path) -> None:
    for block in blocks(folder / "variables.tf", "variable"):
        arguments = re.findall(r"^  (\w+)(?: *=| \{)", block.body, re.MULTILINE)

        assert arguments[:2] == ["description", "type"], block.name
        assert arguments == sorted(arguments, key=IN_ORDER.index), block.name


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_every_output_is_named_by_thing_and_attribute_and_described(folder: Path) -> None:
    for block in blocks(folder / "outputs.tf", "output"):
        assert re.fullmatch(
            r"\w+_(name|names|arn|url|json|architecture|runtime|limit|origins|id|scopes|seconds|days)", block.name
        ), block.name
        assert block.description, block.name


def test_the_root_only_composes() -> None:
    root = "\n".join(path.read_text() for path in TERRAFORM.glob("*.tf"))

    assert re.findall(r'^(?:resource|data) ".*', root, re.MULTILINE) == []
    assert re.findall(r'^module "(\w+)"', root, re.MULTILINE) == [
        "schedules_table",
        "webhook_secret",
        "notification_function",
        "schedule_group",
        "api_access",
        "observability",
    ]


def test_each_alarm_tells_what_to_do() -> None:
    module = TERRAFORM / "modules/observability"
    alarms = re.findall(r"^    ([a-z-]+) = \{$", (module / "main.tf").read_text(), re.MULTILINE)
    rows = re.findall(r"^\| `([a-z-]+)` \| \w+ `\w+` \| .+ \|$", (module / "README.md").read_text(), re.MULTILINE)

    assert len(alarms) > 1
    assert rows == alarms


def test_every_setting_of_the_notification_lambda_is_terraforms() -> None:
    read = set(re.findall(r'os\.environ\["(\w+)"\]', (PROJECT / "notification/settings.py").read_text()))
    main = (TERRAFORM / "modules/notification_function/main.tf").read_text()
    given = set(re.findall(r"^      ([A-Z_]+) += ", main, re.MULTILINE))

    assert given == read


def test_no_input_may_take_the_name_of_a_setting() -> None:
    """Of those, HOLD is the operator's, and not Terraform's."""
    main = (TERRAFORM / "modules/notification_function/main.tf").read_text()
    given = set(re.findall(r"^      ([A-Z_]+) += ", main, re.MULTILINE))
    taken = re.search(r"taken_variables = \[(.*?)\]", main, re.DOTALL)

    assert taken
    assert set(re.findall(r'"(\w+)"', taken[1])) == given | {"HOLD"}


def test_each_stage_on_aws_has_a_state_that_is_locked_and_its_own() -> None:
    backends = sorted(TERRAFORM.glob("envs/*.s3.tfbackend"))
    keys = {re.search(r'^key += "(.*)"$', path.read_text(), re.MULTILINE)[1] for path in backends}  # type: ignore[index]

    assert [path.name.split(".")[0] for path in backends] == ["dev", "prod"]
    assert all(re.search(r"^use_lockfile = true$", path.read_text(), re.MULTILINE) for path in backends)
    assert len(keys) == len(backends)


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_a_stages_variables_are_its_own(stage: str) -> None:
    variables = (TERRAFORM / f"envs/{stage}.tfvars").read_text()

    assert re.search(rf'^stage += "{stage}"$', variables, re.MULTILINE)


def test_only_the_local_stages_table_may_be_deleted() -> None:
    unprotected = [path.stem for path in TERRAFORM.glob("envs/*.tfvars") if "deletion_protection" in path.read_text()]

    assert unprotected == ["local"]
