import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.errors import DeployError
from deploy.paths import TERRAFORM
from deploy.terraform.binary import platform_name
from deploy.terraform.mirror import PROVIDER
from deploy.terraform.provision import cli_configuration, destroy, prepare, provision

Fake = Callable[..., Path]

OUTPUTS = """if [ "$1" = output ]; then echo '{"table_name": {"value": "tasks"}}'; fi"""
LOG = 'echo "$@" >> log; env > "env-$1"'


def an_environment(folder: Path, **more: str) -> dict[str, str]:
    return {"PATH": f"{folder}:{os.environ['PATH']}", **more}


def a_mirror(folder: Path) -> Path:
    (folder / PROVIDER / "5.100.0" / platform_name()).mkdir(parents=True)
    return folder


def test_it_inits_applies_and_returns_the_outputs(fake_terraform: Fake, tmp_path: Path) -> None:
    environment = an_environment(fake_terraform(f"{LOG}\n{OUTPUTS}"))

    outputs = provision("local", environment=environment, workdir=tmp_path / "work", variables={}, caller={})

    commands = [line.split()[0] for line in (tmp_path / "work/log").read_text().splitlines()]
    assert commands == ["init", "apply", "output"]
    assert outputs == {"table_name": "tasks"}


def test_the_callers_variables_win_over_the_stages(fake_terraform: Fake, tmp_path: Path) -> None:
    environment = an_environment(fake_terraform(f"{LOG}\n{OUTPUTS}"))

    provision("local", environment=environment, workdir=tmp_path, variables={"region": "us-east-1"}, caller={})

    apply = (tmp_path / "log").read_text().splitlines()[1].split()
    assert [word for word in apply if word.startswith("-var-file")][-2:] == [
        "-var-file=envs/local.tfvars",
        "-var-file=provision.auto.tfvars.json",
    ]
    assert json.loads((tmp_path / "provision.auto.tfvars.json").read_text())["region"] == "us-east-1"


def test_each_copy_keeps_its_state_in_a_file_of_its_own(fake_terraform: Fake, tmp_path: Path) -> None:
    environment = an_environment(fake_terraform(OUTPUTS))

    provision("local", environment=environment, workdir=tmp_path / "work", variables={}, caller={})

    assert 'backend "local"' in (tmp_path / "work/backend_override.tf").read_text()
    assert not (TERRAFORM / "backend_override.tf").exists()


def test_a_second_time_keeps_the_state_and_forgets_old_modules(fake_terraform: Fake, tmp_path: Path) -> None:
    environment = an_environment(fake_terraform(OUTPUTS))
    for stale in ("terraform.tfstate", "gone.tf", "modules/gone/main.tf"):
        (tmp_path / "work" / stale).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "work" / stale).touch()

    provision("local", environment=environment, workdir=tmp_path / "work", variables={}, caller={})

    assert (tmp_path / "work/terraform.tfstate").exists()
    assert not (tmp_path / "work/gone.tf").exists()
    assert not (tmp_path / "work/modules/gone").exists()


def test_what_exists_is_imported_until_it_is_prepared_without(fake_terraform: Fake, tmp_path: Path) -> None:
    environment = an_environment(fake_terraform(LOG))
    work = tmp_path / "work"

    prepare(environment=environment, workdir=work, variables={}, imports={"module.a.b.c": "http://id"}, caller={})
    written = (work / "imports.tf").read_text()
    prepare(environment=environment, workdir=work, variables={}, caller={})

    assert written == 'import {\n  to = module.a.b.c\n  id = "http://id"\n}\n'
    assert not (work / "imports.tf").exists()
    assert {line.split()[0] for line in (work / "log").read_text().splitlines()} == {"init"}


def test_the_callers_settings_of_terraform_do_no_harm(fake_terraform: Fake, tmp_path: Path) -> None:
    folder = fake_terraform(f"{LOG}\n{OUTPUTS}")
    environment = an_environment(folder, TF_CLI_CONFIG_FILE="/nowhere", TF_WORKSPACE="other", AWS_REGION="eu-central-1")

    provision("local", environment=environment, workdir=tmp_path, variables={}, caller={})

    seen = dict(line.split("=", 1) for line in (tmp_path / "env-apply").read_text().splitlines())
    assert {name: value for name, value in seen.items() if name.startswith(("TF_", "AWS_"))} == {
        "AWS_REGION": "eu-central-1",
        "TF_CLI_CONFIG_FILE": str(tmp_path / "terraform.rc"),
        "TF_IN_AUTOMATION": "1",
    }


def test_init_takes_the_provider_from_a_mirror_and_forgets_another_mirrors_lock(
    fake_terraform: Fake, tmp_path: Path
) -> None:
    mirror = a_mirror(tmp_path / "mirror")
    environment = an_environment(fake_terraform(OUTPUTS))
    caller = {"TF_PLUGIN_DIR": str(mirror)}
    (tmp_path / "work").mkdir()
    (tmp_path / "work/.terraform.lock.hcl").touch()

    provision("local", environment=environment, workdir=tmp_path / "work", variables={}, caller=caller)

    assert f'path    = "{mirror}"' in (tmp_path / "work/terraform.rc").read_text()
    assert not (tmp_path / "work/.terraform.lock.hcl").exists()


def test_without_a_mirror_the_provider_is_downloaded_as_usual(tmp_path: Path) -> None:
    configuration = cli_configuration(None, cache=tmp_path / "providers")

    assert "filesystem_mirror" not in configuration
    assert (tmp_path / "providers").is_dir()


def test_a_failure_is_told_in_terraforms_own_words(fake_terraform: Fake, tmp_path: Path) -> None:
    environment = an_environment(fake_terraform('[ "$1" = init ] || { echo "Error: AccessDenied" >&2; exit 1; }'))

    with pytest.raises(DeployError, match=r"terraform apply failed in .*\nError: AccessDenied"):
        provision("local", environment=environment, workdir=tmp_path, variables={}, caller={})


def test_destroy_takes_the_same_variables(fake_terraform: Fake, tmp_path: Path) -> None:
    environment = an_environment(fake_terraform(f"{LOG}\n{OUTPUTS}"))
    provision("local", environment=environment, workdir=tmp_path, variables={}, caller={})

    destroy("local", environment=environment, workdir=tmp_path)

    last = (tmp_path / "log").read_text().splitlines()[-1].split()
    assert last[0] == "destroy"
    assert {"-var-file=envs/local.tfvars", "-var-file=provision.auto.tfvars.json"} <= set(last)


def test_a_workdir_may_be_named_from_here(
    fake_terraform: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = an_environment(fake_terraform(f"{LOG}\n{OUTPUTS}"))
    monkeypatch.chdir(tmp_path)

    provision("local", environment=environment, workdir=Path("work"), variables={}, caller={})

    assert (
        f"TF_CLI_CONFIG_FILE={tmp_path / 'work/terraform.rc'}" in (tmp_path / "work/env-init").read_text().splitlines()
    )
