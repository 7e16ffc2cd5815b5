"""Run Scheduled Tasks on this machine, run the local cloud alone, or print a token."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.terminal import run as run_at_terminal

from .app import lifeline

if TYPE_CHECKING:
    from collections.abc import Sequence

CLOUD_PORT = 4566
API_PORT = 8000
LAST_PORT = 65_535


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns the exit code: 0, or 1 after a message on standard error."""
    options = parser().parse_args(arguments)
    from deploy.errors import DeployError  # noqa: PLC0415

    from .app.directory import DirectoryRefused  # noqa: PLC0415
    from .app.processes import ChildFailed  # noqa: PLC0415
    from .app.stack import NotRunning  # noqa: PLC0415
    from .endpoint.server import PortUnavailable  # noqa: PLC0415

    try:
        options.command(options)
    except (ChildFailed, DeployError, DirectoryRefused, NotRunning, PortUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = root.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="start the local cloud, the infrastructure and the API; stop on Ctrl-C")
    _add_common(run, "--cloud-port")
    run.add_argument("--api-port", type=port_number, default=API_PORT, help="port of the API (default: %(default)s)")
    run.add_argument(
        "--cors-origins",
        type=origins,
        default="",
        help="origins of the web pages that may call the API, separated by commas, or * (default: none)",
    )
    run.add_argument(
        "--parent", type=int, metavar="PID", help="stop when this process, the parent of this one, has exited"
    )
    run.set_defaults(command=run_all)

    cloud = commands.add_parser("cloud", help="start the local cloud alone: an AWS endpoint for any client")
    _add_common(cloud, "--port")
    lifeline.add_option(cloud)
    cloud.add_argument(
        "--api-url", default="", help="URL of the API whose pages the outbox links to (default: no links)"
    )
    cloud.set_defaults(command=run_cloud)

    token = commands.add_parser("token", help="print a token that the API of `run` accepts")
    token.add_argument("--user", default="alice", help="the token's subject (default: %(default)s)")
    token.add_argument(
        "--scope",
        action="append",
        dest="scopes",
        help="a scope of the token; may be repeated (default: schedules:read and schedules:write)",
    )
    _add_place(token, "--cloud-port", "the folder that `run` uses")
    token.set_defaults(command=print_token)
    return root


def _add_common(command: argparse.ArgumentParser, port: str) -> None:
    _add_place(command, port, "the folder for logs, state and keys: new, empty, or used by an earlier run")
    command.add_argument(
        "--lateness",
        choices=("none", "aws"),
        default="none",
        help="aws: each firing is up to 60 seconds late, and firings of equal times arrive in any order "
        "(default: %(default)s)",
    )
    command.add_argument(
        "--iam",
        choices=("enforce", "off"),
        default="enforce",
        help="enforce: a role has only the permissions in its policies; GET /_local/iam lists the decisions "
        "(default: %(default)s)",
    )


def _add_place(command: argparse.ArgumentParser, port: str, help_: str) -> None:
    command.add_argument(
        port,
        type=port_number,
        default=CLOUD_PORT,
        dest="cloud_port",
        help="port of the local cloud (default: %(default)s)",
    )
    command.add_argument("--directory", type=Path, help=f"{help_} (default: .local/PORT)")


def _directory(options: argparse.Namespace) -> Path:
    from .app.directory import directory_of  # noqa: PLC0415

    return options.directory or directory_of(options.cloud_port)


def port_number(text: str) -> int:
    """Read a port. Raises ArgumentTypeError if `text` is no number from 1 to 65535."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LAST_PORT):
        raise argparse.ArgumentTypeError(f"{text} is not a port; allowed: a number from 1 to {LAST_PORT}")
    return int(text)


def origins(text: str) -> str:
    """Check the origins. Raises ArgumentTypeError; Terraform would report the mistake half a minute later."""
    from chalicelib.api.edge.cors import read_origins  # noqa: PLC0415

    try:
        read_origins(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


# Each command imports its own modules: importing moto takes seconds, and Ctrl-C must work during that time.


def run_all(options: argparse.Namespace) -> None:
    if options.parent is not None:
        lifeline.end_with_parent(options.parent)
    from .app.run import run  # noqa: PLC0415

    run(
        _directory(options),
        options.cloud_port,
        options.api_port,
        lateness=options.lateness,
        iam=options.iam,
        cors_origins=options.cors_origins,
    )


def run_cloud(options: argparse.Namespace) -> None:
    if options.until_stdin_closes:
        lifeline.end_when_stdin_closes()
    from .app.directory import Claim  # noqa: PLC0415
    from .endpoint.cloud import serve  # noqa: PLC0415

    directory = _directory(options)
    with Claim(directory, "cloud"):
        print(f"The local cloud listens on http://127.0.0.1:{options.cloud_port}. Press Ctrl-C to stop it.", flush=True)
        serve(
            options.cloud_port,
            directory=directory,
            lateness=options.lateness,
            iam=options.iam,
            api_url=options.api_url,
        )


def print_token(options: argparse.Namespace) -> None:
    from .app.stack import SCOPES, NotRunning, token, token_from  # noqa: PLC0415

    scopes = options.scopes or SCOPES
    try:
        print(token(_directory(options), options.user, scopes))
    except NotRunning:
        # docs/deploy.md uses another clone of the project, whose shell sets AWS_ENDPOINT_URL to the local cloud.
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        if endpoint is None:
            raise
        print(token_from(endpoint, options.user, scopes))


if __name__ == "__main__":
    sys.exit(run_at_terminal(main))
