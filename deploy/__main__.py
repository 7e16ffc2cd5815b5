"""`python -m deploy …`: what a deployment needs beside terraform and chalice (docs/deploy.md)."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.errors import DeployError
from deploy.paths import NOTIFICATION_PACKAGE, PROJECT, TERRAFORM
from deploy.terminal import run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deploy.build.lambda_platform import LambdaPlatform
    from deploy.terraform.backend import StateLocation


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 0, or 1 with a message on standard error (`reconcile`: or if it differs)."""
    options = parser().parse_args(arguments)
    try:
        if getattr(options, "stage", None) == "local" and options.command in WITH_MAKE_RUN:
            _go_to_make_run(options)
        return options.command(options) or 0
    except DeployError as error:
        print(error, file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="python -m deploy", description=__doc__)
    commands = root.add_subparsers(required=True, metavar="COMMAND")

    package = commands.add_parser("package", help="make the zip of the Notification Lambda")
    package.add_argument(
        "--stage", help="check first that this shell's account, Region and concurrency are right for the stage"
    )
    package.add_argument("--target", type=Path, default=NOTIFICATION_PACKAGE, help="the zip (default: %(default)s)")
    package.set_defaults(command=run_package)

    to_render = commands.add_parser("render", help="write Terraform's outputs into the stage of the Chalice app")
    _add_stage(to_render)
    _add_source(to_render)
    to_render.add_argument("--api-id", help="REST API to go on with, when Chalice's record of it is lost")
    to_render.set_defaults(command=run_render)

    to_finish = commands.add_parser(
        "finish",
        help="after chalice deploy: keep its record, and set what Chalice cannot (limits, tags, answers, retries)",
    )
    _add_stage(to_finish)
    _add_source(to_finish)
    to_finish.set_defaults(command=run_finish)

    to_reconcile = commands.add_parser(
        "reconcile", help="compare the table with EventBridge Scheduler; ends with 1 if they differ"
    )
    to_reconcile.add_argument("--stage", required=True)
    to_reconcile.add_argument("--project", type=Path, default=PROJECT, help="folder of app.py (default: %(default)s)")
    to_reconcile.add_argument("--apply", action="store_true", help="make again what one of them lost")
    to_reconcile.set_defaults(command=run_reconcile)

    to_throttle = commands.add_parser("throttle", help="limit the requests a second to the deployed API of a stage")
    to_throttle.add_argument("--stage", required=True)
    to_throttle.add_argument("--project", type=Path, default=PROJECT, help="folder of app.py (default: %(default)s)")
    to_throttle.add_argument("--rate", type=float, default=100, help="requests a second (default: %(default)s)")
    to_throttle.add_argument("--burst", type=int, default=200, help="requests at once (default: %(default)s)")
    to_throttle.set_defaults(command=run_throttle)

    to_hold = commands.add_parser("hold", help="hold all runs: they are recorded, and done after release")
    _add_stage(to_hold)
    to_hold.add_argument("--reason", default="held by the operator", help="stands in each held run (%(default)s)")
    to_hold.set_defaults(command=run_hold)

    to_release = commands.add_parser("release", help="let runs begin again, and do those that were held")
    _add_stage(to_release)
    to_release.add_argument("--per-minute", type=int, default=60, help="how many held runs (default: %(default)s)")
    to_release.set_defaults(command=run_release)

    to_explain = commands.add_parser("explain", help="print why a schedule did not run, what to do, and the facts")
    to_explain.add_argument("--stage", required=True)
    to_explain.add_argument("--project", type=Path, default=PROJECT, help="folder of app.py (default: %(default)s)")
    to_explain.add_argument("--user", required=True, help="whose schedule it is")
    to_explain.add_argument("--id", required=True, help="the schedule's id")
    to_explain.set_defaults(command=run_explain)

    binary = commands.add_parser(
        "terraform", help="print which terraform to use; downloads the pinned release if none is on the PATH"
    )
    binary.set_defaults(command=run_terraform)

    mirror = commands.add_parser(
        "mirror", help="print TF_CLI_ARGS_init for a mirror of the AWS provider on this machine, as `make run` finds it"
    )
    mirror.set_defaults(command=run_mirror)
    return root


def _add_stage(command: argparse.ArgumentParser) -> None:
    command.add_argument("--stage", required=True)
    command.add_argument("--project", type=Path, default=PROJECT, help="folder of app.py (default: %(default)s)")


def _add_source(command: argparse.ArgumentParser) -> None:
    """Where Terraform's outputs are."""
    source = command.add_mutually_exclusive_group()
    source.add_argument(
        "--terraform", type=Path, default=TERRAFORM, help="folder that was applied (default: %(default)s)"
    )
    source.add_argument("--outputs", type=Path, help="file with the answer of `terraform output -json`")


# Each command imports what it needs: boto3 takes half a second, in which Ctrl-C may come.


def run_hold(options: argparse.Namespace) -> None:
    from deploy.operate.hold import hold, switch_of  # noqa: PLC0415

    hold(switch_of(options.stage, options.project), options.reason)


def run_release(options: argparse.Namespace) -> None:
    from deploy.operate.hold import release, switch_of  # noqa: PLC0415

    if options.per_minute < 1:
        raise DeployError("--per-minute is at least 1.")
    release(switch_of(options.stage, options.project), options.per_minute)


def run_terraform(_options: argparse.Namespace) -> None:
    from deploy.terraform.binary import find_terraform  # noqa: PLC0415

    print(find_terraform(os.environ))


def run_mirror(_options: argparse.Namespace) -> None:
    from deploy.terraform.mirror import find_mirror  # noqa: PLC0415

    if mirror := find_mirror(os.environ):
        print(f"-plugin-dir={shlex.quote(str(mirror))}")


def run_package(options: argparse.Namespace) -> None:
    from deploy.build.package import build  # noqa: PLC0415

    if options.stage:
        _check_before_apply(options.stage)
    package = build(options.target, platform=_platform(options.stage))
    print(f"{package.path}  {package.size:,} bytes ({package.unpacked:,} unpacked)  sha256 {package.sha256}")


def _platform(stage: str | None) -> LambdaPlatform:
    from deploy.build.lambda_platform import deprecation, lambda_platform  # noqa: PLC0415
    from deploy.rollout.target import check_python  # noqa: PLC0415
    from deploy.terraform.backend import stage_setting, variable  # noqa: PLC0415

    def setting(name: str) -> str | None:
        return stage_setting(name, stage, TERRAFORM, os.environ) if stage else variable(name, os.environ)

    platform = lambda_platform(setting)
    check_python(platform.runtime)
    if note := deprecation(platform.runtime, datetime.now(UTC).date()):
        print(f"Warning: {note}", file=sys.stderr)
    return platform


def _check_before_apply(stage: str) -> None:
    from deploy.operate.aws import session_of_shell  # noqa: PLC0415
    from deploy.rollout.before_apply import check  # noqa: PLC0415

    for warning in check(stage, TERRAFORM, os.environ, session_of_shell()):
        print(f"Warning: {warning}", file=sys.stderr)


def run_render(options: argparse.Namespace) -> None:
    from deploy.build.render import check_outputs, policy_name, render  # noqa: PLC0415
    from deploy.operate.aws import session_of_shell  # noqa: PLC0415
    from deploy.rollout.before_deploy import prepare  # noqa: PLC0415

    outputs = outputs_of(options)
    check_outputs(options.stage, outputs)
    write_record = prepare(
        options.stage,
        options.project,
        outputs,
        session_of_shell(),
        state_location_of(options),
        app_name=outputs["app_name"],
        api_id=options.api_id,
    )
    rendered = render(options.stage, outputs, options.project)
    policy = options.project / ".chalice" / policy_name(options.stage)
    written = [path for path in (*rendered.written, write_record()) if path]
    for path in written:
        print(f"wrote {path}")
    if not written:
        print("nothing to change")
    for role in rendered.own_roles:
        print(f"Warning: Chalice does not make the role {role}. Give it the statements of {policy}.", file=sys.stderr)
    if rendered.missing:
        print(
            f"Warning: stage {options.stage} has no {' and no '.join(rendered.missing)} yet. Until "
            f"{options.project / '.chalice/config.json'} says whose tokens to trust, every request is refused, unless "
            "the app has logins of its own.",
            file=sys.stderr,
        )


def run_finish(options: argparse.Namespace) -> None:
    from deploy.build.render import check_outputs  # noqa: PLC0415
    from deploy.operate.aws import session_of_shell  # noqa: PLC0415
    from deploy.rollout.finish import finish  # noqa: PLC0415

    outputs = outputs_of(options)
    check_outputs(options.stage, outputs)
    finish(options.stage, options.project, outputs, session_of_shell(), state_location_of(options))


def run_reconcile(options: argparse.Namespace) -> int:
    from deploy.operate.reconcile import reconcile, reconciler_of  # noqa: PLC0415

    agree = reconcile(reconciler_of(options.stage, options.project), apply=options.apply)
    return 0 if agree else 1


def run_throttle(options: argparse.Namespace) -> None:
    from deploy.operate.throttle import throttle  # noqa: PLC0415

    throttle(options.stage, options.project, rate=options.rate, burst=options.burst)
    print(f"{options.rate:g} requests a second, {options.burst} at once; more are answered with 429")


def run_explain(options: argparse.Namespace) -> int:
    from deploy.operate.explain.collect import explain, explainer_of  # noqa: PLC0415

    found = explain(explainer_of(options.stage, options.project), options.user, options.id)
    return 0 if found else 1


WITH_MAKE_RUN = (run_hold, run_release, run_reconcile, run_explain)
"""Commands that work on the stage of `make run` as they stand: `--stage local`."""


def _go_to_make_run(options: argparse.Namespace) -> None:
    """Unless another project was named: then the caller's variables say where its cloud is."""
    from deploy.operate.local_stage import environment_for, project_of_make_run  # noqa: PLC0415

    if options.project != PROJECT:
        return
    options.project = project_of_make_run(PROJECT)
    environment = environment_for(options.project, os.environ)
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)


def outputs_of(options: argparse.Namespace) -> dict[str, str]:
    from deploy.build.render import read_outputs  # noqa: PLC0415
    from deploy.terraform.adapter import Terraform  # noqa: PLC0415
    from deploy.terraform.binary import find_terraform  # noqa: PLC0415

    if options.outputs:
        return read_outputs(options.outputs)
    # Reading outputs installs nothing, so a CLI configuration can only break it.
    environment = {name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"}
    return Terraform(options.terraform, binary=find_terraform(environment), environment=environment).outputs()


def state_location_of(options: argparse.Namespace) -> StateLocation | None:
    """Where Terraform keeps the state; None if the outputs came in a file, or the state is not in S3."""
    from deploy.terraform.backend import state_location  # noqa: PLC0415

    return None if options.outputs else state_location(options.terraform)


if __name__ == "__main__":
    sys.exit(run(main))
