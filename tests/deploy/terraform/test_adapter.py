import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.terraform.adapter import Terraform, TerraformFailed

Fake = Callable[..., Path]


def a_terraform(folder: Path, on_progress: Callable[[str], None] = lambda _line: None, **environment: str) -> Terraform:
    return Terraform(
        folder,
        binary=folder / "terraform",
        environment={"PATH": os.environ["PATH"], **environment},
        on_progress=on_progress,
    )


def test_outputs_are_names_and_values(fake_terraform: Fake) -> None:
    folder = fake_terraform("""echo '{"table_name": {"sensitive": false, "type": "string", "value": "tasks"}}'""")

    assert a_terraform(folder).outputs() == {"table_name": "tasks"}


def test_a_failure_is_told_in_terraforms_own_words(fake_terraform: Fake) -> None:
    folder = fake_terraform('echo "Error: no such bucket" >&2; exit 1')

    with pytest.raises(TerraformFailed, match=r"terraform output failed in .*\nError: no such bucket$"):
        a_terraform(folder).outputs()


def test_terraform_sees_the_environment_it_is_given_and_no_other(
    fake_terraform: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nope")
    folder = fake_terraform("env > seen")

    a_terraform(folder, AWS_REGION="eu-central-1").init()

    seen = (folder / "seen").read_text().splitlines()
    assert "AWS_REGION=eu-central-1" in seen
    assert "AWS_PROFILE=nope" not in seen


def test_apply_asks_nothing_and_lets_the_last_file_win(fake_terraform: Fake) -> None:
    folder = fake_terraform('echo "$@" > arguments')

    a_terraform(folder).apply(["envs/local.tfvars", "mine.json"])

    arguments = (folder / "arguments").read_text().split()
    assert {"-auto-approve=true", "-input=false"} <= set(arguments)
    var_files = [word for word in arguments if word.startswith("-var-file")]
    assert var_files[-2:] == ["-var-file=envs/local.tfvars", "-var-file=mine.json"]


def test_destroy_asks_nothing_and_knows_that_force_is_gone(fake_terraform: Fake) -> None:
    folder = fake_terraform('echo "$@" > arguments')

    a_terraform(folder).destroy()

    arguments = (folder / "arguments").read_text().split()
    assert "-auto-approve" in arguments
    assert "-force" not in arguments


def test_a_plan_without_changes_is_empty(fake_terraform: Fake) -> None:
    folder = fake_terraform("echo No changes.")

    assert a_terraform(folder).plan() == ""


def test_a_plan_with_changes_is_told(fake_terraform: Fake) -> None:
    folder = fake_terraform("echo 'Plan: 1 to add'; exit 2")

    assert a_terraform(folder).plan() == "Plan: 1 to add\n"


def test_progress_is_what_happens_to_resources(fake_terraform: Fake) -> None:
    seen: list[str] = []
    folder = fake_terraform("echo 'Terraform will create:'; echo 'aws_sqs_queue.letters: Creating...'; echo '{'")

    a_terraform(folder, seen.append).apply()

    assert seen == ["aws_sqs_queue.letters: Creating..."]


def test_much_output_on_both_channels_blocks_nothing(fake_terraform: Fake) -> None:
    folder = fake_terraform("head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero; echo")

    a_terraform(folder).init()


def test_an_interruption_ends_terraform(fake_terraform: Fake) -> None:
    folder = fake_terraform(
        'echo $$ > pid; trap "exit 1" INT; echo "aws_sqs_queue.letters: Creating..."; while :; do sleep 0.05; done'
    )

    def interrupt(_line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        a_terraform(folder, interrupt).apply()

    assert not Path("/proc", (folder / "pid").read_text().strip()).exists()


def test_a_terraform_that_does_not_heed_is_ended_with_its_children(
    fake_terraform: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.terraform.adapter.GRACE_SECONDS", 0.2)
    folder = fake_terraform('trap "" INT; sleep 60 & echo $! > child; echo "a.b: Creating..."; wait; wait')

    def interrupt(_line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        a_terraform(folder, interrupt).apply()

    assert ended(int((folder / "child").read_text()))


def ended(process_id: int) -> bool:
    """Whether it is gone, or a zombie that init has still to collect; looked at for a second."""
    stat = Path("/proc", str(process_id), "stat")
    for _ in range(100):
        try:
            if stat.read_text().split()[2] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False
