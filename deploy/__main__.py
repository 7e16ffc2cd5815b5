"""Builds, deploys and operates a stage, together with terraform and chalice (docs/deploy.md)."""

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
    """Run the command. Returns the exit code: 0, or 1 with a message on standard error.

    `reconcile` also returns 1 if it finds differences, `explain` if it does not find the schedule.
    """
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

    package = commands.add_parser("package", help="build the zip of the Notification Lambda")
    package.add_argument(
        "--stage",
        help="stage whose Python, Region, account and room for max_concurrency are checked first (default: no check)",
    )
    package.add_argument(
        "--target", type=Path, default=NOTIFICATION_PACKAGE, help="path of the zip (default: %(default)s)"
    )
    package.set_defaults(command=run_package)

    to_render = commands.add_parser("render", help="write Terraform's outputs into the Chalice app's configuration")
    _add_stage(to_render)
    _add_source(to_render)
    to_render.add_argument("--api-id", help="id of the stage's existing REST API, if Chalice's record of it is lost")
    to_render.set_defaults(command=run_render)

    to_finish = commands.add_parser(
        "finish",
        help="store the record of chalice deploy, and set what Chalice cannot (limits, tags, error responses, retries)",
    )
    _add_stage(to_finish)
    _add_source(to_finish)
    to_finish.set_defaults(command=run_finish)

    to_reconcile = commands.add_parser(
        "reconcile", help="compare the table with EventBridge Scheduler; exits with 1 if they differ"
    )
    _add_stage(to_reconcile)
    to_reconcile.add_argument("--apply", action="store_true", help="fix the differences (default: print them only)")
    to_reconcile.set_defaults(command=run_reconcile)

    to_throttle = commands.add_parser("throttle", help="limit the requests per second to a stage's deployed API")
    _add_stage(to_throttle)
    to_throttle.add_argument("--rate", type=float, default=100, help="requests per second (default: %(default)s)")
    to_throttle.add_argument("--burst", type=int, default=200, help="requests in a burst (default: %(default)s)")
    to_throttle.set_defaults(command=run_throttle)

    to_hold = commands.add_parser("hold", help="hold all runs: record them, and do no work until the release")
    _add_stage(to_hold)
    to_hold.add_argument(
        "--reason", default="held by the operator", help="recorded in each held run (default: %(default)s)"
    )
    to_hold.set_defaults(command=run_hold)

    to_release = commands.add_parser("release", help="end the hold, and start the runs that were held")
    _add_stage(to_release)
    to_release.add_argument(
        "--per-minute", type=int, default=60, help="held runs to start per minute (default: %(default)s)"
    )
    to_release.set_defaults(command=run_release)

    to_explain = commands.add_parser("explain", help="print why a schedule did not run, what to do, and the facts")
    _add_stage(to_explain)
    to_explain.add_argument("--user", required=True, help="id of the schedule's user")
    to_explain.add_argument("--id", required=True, help="id of the schedule")
    to_explain.set_defaults(command=run_explain)

    binary = commands.add_parser(
        "terraform", help="print the path of terraform; downloads the pinned release if none is on the PATH"
    )
    binary.set_defaults(command=run_terraform)

    mirror = commands.add_parser(
        "mirror", help="print the TF_CLI_ARGS_init that makes terraform use this machine's mirror of the AWS provider"
    )
    mirror.set_defaults(command=run_mirror)
    return root


def _add_stage(command: argparse.ArgumentParser) -> None:
    command.add_argument("--stage", required=True, help="name of the stage, such as dev")
    command.add_argument("--project", type=Path, default=PROJECT, help="folder of app.py (default: %(default)s)")


def _add_source(command: argparse.ArgumentParser) -> None:
    """Add the options that say where Terraform's outputs are."""
    source = command.add_mutually_exclusive_group()
    source.add_argument(
        "--terraform", type=Path, default=TERRAFORM, help="Terraform folder of the stage (default: %(default)s)"
    )
    source.add_argument("--outputs", type=Path, help="file with the output of `terraform output -json`")


# Each command imports its modules when it runs: boto3 takes half a second, in which Ctrl-C would print a traceback.


def run_hold(options: argparse.Namespace) -> None:
    from deploy.operate.hold import hold, switch_of  # noqa: PLC0415

    hold(switch_of(options.stage, options.project), options.reason, stage=options.stage)


def run_release(options: argparse.Namespace) -> None:
    from deploy.operate.hold import release, switch_of  # noqa: PLC0415

    if options.per_minute < 1:
        raise DeployError(f"--per-minute is {options.per_minute}, and must be at least 1.")
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

    platform = _platform(options.stage)
    if options.stage:
        _check_before_apply(options.stage)
    package = build(options.target, platform=platform)
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
        print(f"Warning: Chalice does not make the role {role}. Add the statements of {policy} to it.", file=sys.stderr)
    if rendered.missing:
        print(
            f"Warning: stage {options.stage} has no {' and no '.join(rendered.missing)} yet, so the API refuses every "
            "request, unless the app has its own logins. Set them in environment_variables of the stage in "
            f"{options.project / '.chalice/config.json'}.",
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
    from deploy.operate.throttle import limit_text, throttle  # noqa: PLC0415

    throttle(options.stage, options.project, rate=options.rate, burst=options.burst)
    print(limit_text(options.rate, options.burst))


def run_explain(options: argparse.Namespace) -> int:
    from deploy.operate.explain.collect import explain, explainer_of  # noqa: PLC0415

    found = explain(explainer_of(options.stage, options.project), options.user, options.id)
    return 0 if found else 1


WITH_MAKE_RUN = (run_hold, run_release, run_reconcile, run_explain)
"""Commands that need no other options or variables for the stage of `make run`: `--stage local`."""


def _go_to_make_run(options: argparse.Namespace) -> None:
    """Point the command at the cloud of `make run`.

    Not with another --project: then the caller's environment variables say where the cloud is.
    """
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
    # Reading outputs installs nothing: a CLI configuration is not needed, and a broken one would make it fail.
    environment = {name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"}
    return Terraform(options.terraform, binary=find_terraform(environment), environment=environment).outputs()


def state_location_of(options: argparse.Namespace) -> StateLocation | None:
    """Returns where Terraform keeps its state; None if --outputs was given or the state is not in S3."""
    from deploy.terraform.backend import state_location  # noqa: PLC0415

    return None if options.outputs else state_location(options.terraform)


if __name__ == "__main__":
    sys.exit(run(main))
