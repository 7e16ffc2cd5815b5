import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from chalicelib.actions import built_in
from chalicelib.settings import SchedulerSettings
from deploy.build.own_actions import own_action_types
from deploy.build.render import render
from deploy.errors import DeployError
from deploy.local_cloud import aws_environment
from deploy.paths import PROJECT
from local.testing import REGION, running_cloud
from notification.actions import registry
from tests.deploy.terraform_outputs import outputs, outputs_file

REMIND = """
from notification.action_api import action

@action("invoice.remind")
def remind(run, data):
    pass
"""


def folder_with(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.py").write_text(content)
    return folder


def variables_after_render(project: Path, actions: Path) -> dict[str, str]:
    (project / ".chalice").mkdir(exist_ok=True)
    config = project / ".chalice/config.json"
    if not config.exists():
        config.write_text('{"app_name": "tasks", "autogen_policy": false}')
    render("dev", outputs(), project, actions=actions)
    variables: dict[str, str] = json.loads(config.read_text())["stages"]["dev"]["environment_variables"]
    return variables


def test_an_own_action_is_found_by_its_decorator(tmp_path: Path) -> None:
    assert own_action_types(folder_with(tmp_path, invoice=REMIND)) == ["invoice.remind"]


@pytest.mark.parametrize(
    "decorator", ['@registry.action("a")', '@action("a", idempotent=True)', '@other\n@action("a")']
)
def test_the_decorator_may_be_written_as_python_allows(tmp_path: Path, decorator: str) -> None:
    actions = folder_with(tmp_path, some=f"{decorator}\ndef do(run, data): ...\n")

    assert own_action_types(actions) == ["a"]


@pytest.mark.parametrize("module", ["notification.action_api", "..action_api"])
def test_the_decorator_may_have_another_name(tmp_path: Path, module: str) -> None:
    text = f'from {module} import action as task\n@task("a")\ndef do(run, data): ...\n'

    assert own_action_types(folder_with(tmp_path, some=text)) == ["a"]


def test_an_asynchronous_action_is_refused_as_its_work_would_never_begin(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"some\.py, line 2: an action must be a plain `def`, not an `async def`"):
        own_action_types(folder_with(tmp_path, some='@action("a")\nasync def do(run, data): ...\n'))


@pytest.mark.parametrize("name", ["before", "zebra"])
def test_a_type_that_another_file_has_is_refused_with_both(tmp_path: Path, name: str) -> None:
    """Else the file that is imported first would have it: one of ours, or theirs instead of ours."""
    mail = '@action("email")\ndef send(run, data): ...\n'
    actions = folder_with(tmp_path, email=mail, **{name: mail})

    with pytest.raises(DeployError, match=r"'email' is the type of two actions: .*\.py and .*\.py"):
        own_action_types(actions)


def test_the_file_is_not_run(tmp_path: Path) -> None:
    actions = folder_with(tmp_path, invoice=f"import no_such_module\n{REMIND}\nraise SystemExit\n")

    assert own_action_types(actions) == ["invoice.remind"]


def test_the_types_are_sorted_whatever_the_files_are_called(tmp_path: Path) -> None:
    actions = folder_with(
        tmp_path,
        one='@action("zebra.feed")\ndef feed(run, data): ...\n@action("ant.count")\ndef count(run, data): ...\n',
        two=REMIND,
    )

    assert own_action_types(actions) == ["ant.count", "invoice.remind", "zebra.feed"]


def test_what_is_found_without_running_is_what_running_registers() -> None:
    found = {*own_action_types(), *built_in()}

    assert found == set(registry.registered())


@pytest.mark.parametrize("argument", ["TYPE", '"invoice" + ".remind"', 'f"{x}"', "", '"a,b"', '"a b"', '""'])
def test_a_type_that_cannot_be_read_or_listed_is_refused_with_its_place(tmp_path: Path, argument: str) -> None:
    actions = folder_with(tmp_path, some=f"\n@action({argument})\ndef do(run, data): ...\n")

    with pytest.raises(DeployError, match=r"some\.py, line 2: .* must be a string literal"):
        own_action_types(actions)


def test_the_type_of_a_built_in_action_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="'email' is the type of a built-in action"):
        own_action_types(folder_with(tmp_path, some=REMIND.replace("invoice.remind", "email")))


def test_a_file_that_is_no_python_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"some\.py is not valid Python"):
        own_action_types(folder_with(tmp_path, some="def"))


def test_render_tells_the_api_its_own_actions(tmp_path: Path) -> None:
    variables = variables_after_render(tmp_path, folder_with(tmp_path / "actions", invoice=REMIND))

    assert variables["OWN_ACTION_TYPES"] == "invoice.remind"


def test_without_own_actions_there_is_no_variable(tmp_path: Path) -> None:
    assert "OWN_ACTION_TYPES" not in variables_after_render(tmp_path, folder_with(tmp_path / "actions"))


def test_an_action_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    actions = folder_with(tmp_path / "actions", invoice=REMIND)
    variables_after_render(tmp_path, actions)
    (actions / "invoice.py").unlink()

    assert "OWN_ACTION_TYPES" not in variables_after_render(tmp_path, actions)


@pytest.mark.parametrize("types", [["invoice.remind"], ["ant.count", "invoice.remind"]])
def test_the_api_reads_what_render_writes(tmp_path: Path, types: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"action{i}": REMIND.replace("invoice.remind", type_) for i, type_ in enumerate(types)}
    for name, value in variables_after_render(tmp_path, folder_with(tmp_path / "actions", **files)).items():
        monkeypatch.setenv(name, value)

    assert SchedulerSettings.from_environment().own_action_types == set(types)


def test_one_file_and_no_other_edit_makes_an_action(tmp_path: Path) -> None:
    project = a_copy_of_the_project(tmp_path / "project")
    (project / "notification/actions/invoice.py").write_text(REMIND)

    deploy(project, "package")
    with running_cloud(tmp_path / "cloud") as cloud:
        environment = aws_environment(cloud.endpoint, REGION)
        applied = outputs_file(tmp_path, app_name="scheduled-tasks")
        deploy(project, "render", "--stage", "dev", "--outputs", str(applied), **environment)

    assert registered_in_the_zip(project / "build/notification.zip", "invoice.remind")
    assert taken_by_the_api(project, "invoice.remind")


def a_copy_of_the_project(folder: Path) -> Path:
    for name in ("chalicelib", "deploy", "notification", ".chalice"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "terraform").mkdir()
    for file in ("requirements.txt", "terraform/variables.tf"):
        shutil.copy(PROJECT / file, folder / file)
    return folder


def deploy(project: Path, *arguments: str, **environment: str) -> None:
    command = [sys.executable, "-m", "deploy", *arguments]
    subprocess.run(command, cwd=project, env=os.environ | environment, capture_output=True, check=True)


def registered_in_the_zip(package: Path, type_: str) -> bool:
    """Asked of the zip itself, in a Python that sees no other code of ours."""
    program = f"import sys; sys.path.insert(0, {str(package)!r})\nfrom notification.actions.registry import find\n"
    asked = [sys.executable, "-I", "-c", f"{program}print(find({type_!r}).type)"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout == f"{type_}\n"


def taken_by_the_api(project: Path, type_: str) -> bool:
    """Asked of the copy with the environment that was rendered for it, and no other."""
    config = json.loads((project / ".chalice/config.json").read_text())
    program = f"""
from chalicelib import composition
from chalicelib.scheduling.actions import OwnAction
print(OwnAction.model_validate({{"type": {type_!r}}}, context=composition.action_rules()).type)
"""
    answer = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=project,
        env={"PYTHONPATH": str(project), **config["stages"]["dev"]["environment_variables"]},
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout == f"{type_}\n"
