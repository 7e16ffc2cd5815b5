import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from deploy.__main__ import main
from deploy.terraform.binary import platform_name
from deploy.terraform.mirror import PROVIDER
from tests.deploy.terraform_outputs import as_terraform_says, outputs, outputs_file


@pytest.fixture(autouse=True)
def an_account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A shell that is set to the account and Region of the outputs."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        yield


def a_project(folder: Path) -> Path:
    (folder / ".chalice").mkdir()
    (folder / ".chalice/config.json").write_text('{"app_name": "tasks", "autogen_policy": false}')
    return folder


def test_package_prints_path_size_and_checksum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "notification.zip"

    assert main(["package", "--target", str(target)]) == 0

    path, size, _, _, _, _, sha256 = capsys.readouterr().out.split()
    assert (path, int(size.replace(",", "")), len(sha256)) == (str(target), target.stat().st_size, 64)


@pytest.mark.parametrize("stage", [[], ["--stage", "dev"]])
def test_package_refuses_a_python_that_is_not_the_functions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stage: list[str]
) -> None:
    monkeypatch.setenv("TF_VAR_lambda_runtime", "python3.10")

    assert main(["package", "--target", str(tmp_path / "notification.zip"), *stage]) == 1

    assert "run on python3.10 (lambda_runtime), but this is python3" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_render_reads_a_file_of_outputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = a_project(tmp_path)

    assert main(["render", "--stage", "dev", "--project", str(project), "--outputs", str(outputs_file(tmp_path))]) == 0

    config = json.loads((project / ".chalice/config.json").read_text())
    assert config["stages"]["dev"]["environment_variables"]["TABLE_NAME"] == "tasks-schedules-dev"
    assert f"wrote {project / '.chalice/config.json'}" in capsys.readouterr().out


def test_render_reads_the_outputs_of_a_terraform_folder(
    tmp_path: Path, fake_terraform: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = a_project(tmp_path)
    monkeypatch.setenv("PATH", str(fake_terraform(f"echo '{as_terraform_says(outputs())}'")))
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", "/nowhere")
    (tmp_path / ".terraform").mkdir()
    (tmp_path / ".terraform/terraform.tfstate").write_text('{"backend": {"type": "local"}}')

    assert main(["render", "--stage", "dev", "--project", str(project), "--terraform", str(tmp_path)]) == 0


def test_render_warns_of_a_stage_that_trusts_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["render", "--stage", "dev", "--project", str(a_project(tmp_path)), "--outputs", str(outputs_file(tmp_path))])

    assert "stage dev has no JWT_ISSUER and no JWT_AUDIENCE yet" in capsys.readouterr().err


def test_what_goes_wrong_is_told_in_a_sentence_and_not_in_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["render", "--stage", "prod", "--project", str(tmp_path), "--outputs", str(outputs_file(tmp_path))])

    assert code == 1
    assert capsys.readouterr().err.startswith("Terraform's state belongs to stage dev, not to prod.")


@pytest.mark.parametrize("content", ["", "[]", '{"table_name": "bare"}'])
def test_a_file_that_holds_no_outputs_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    (tmp_path / "outputs.json").write_text(content)

    code = main(["render", "--stage", "dev", "--project", str(tmp_path), "--outputs", str(tmp_path / "outputs.json")])

    assert code == 1
    assert "is not the output of `terraform output -json`" in capsys.readouterr().err


def test_terraform_prints_which_one_to_use(
    fake_terraform: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = fake_terraform()
    monkeypatch.setenv("PATH", str(folder))

    assert main(["terraform"]) == 0
    assert capsys.readouterr().out == f"{folder / 'terraform'}\n"


def test_mirror_prints_what_init_needs_to_take_the_provider_from_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / PROVIDER / "6.0.0" / platform_name()).mkdir(parents=True)
    monkeypatch.setenv("TF_PLUGIN_DIR", str(tmp_path))

    assert main(["mirror"]) == 0
    assert capsys.readouterr().out == f"-plugin-dir={tmp_path}\n"


@pytest.mark.parametrize("arguments", [[], ["render"], ["deploy"]])
def test_a_command_line_that_cannot_be_meant_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2


@pytest.mark.parametrize(
    "command",
    [["hold"], ["release"], ["reconcile"], ["explain", "--user", "alice", "--id", "9b2f"], ["throttle"]],
)
def test_an_unknown_stage_is_told_which_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    project = a_project(tmp_path)
    (project / ".chalice/config.json").write_text('{"stages": {"prod": {}, "dev": {}}}')

    code = main([*command, "--stage", "prdo", "--project", str(project)])

    assert code == 1
    assert (
        capsys.readouterr().err
        == f"There is no stage prdo in {project / '.chalice/config.json'}; its stages: dev, prod.\n"
    )


DEPLOYING = [["package"], ["render"], ["finish"]]


def run_in(project: Path, command: list[str]) -> int:
    places = [] if command == ["package"] else ["--project", str(project), "--outputs", str(outputs_file(project))]
    return main([*command, "--stage", "dev", *places])


@pytest.mark.parametrize("command", DEPLOYING)
def test_a_profile_that_is_not_there_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobodys")

    assert run_in(a_project(tmp_path), command) == 1
    assert "The config profile (nobodys) could not be found" in capsys.readouterr().err


@pytest.mark.parametrize("command", DEPLOYING)
def test_a_shell_without_credentials_is_told_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    with monkeypatch.context() as shell:
        shell.setenv("HOME", str(tmp_path))
        shell.setenv("AWS_EC2_METADATA_DISABLED", "true")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            shell.delenv(name, raising=False)
        code = run_in(a_project(tmp_path), command)

    assert code == 1
    assert capsys.readouterr().err == (
        "Unable to locate credentials. Log in (aws sso login, or aws configure), or set AWS_PROFILE.\n"
    )
