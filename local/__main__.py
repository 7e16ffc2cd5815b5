"""`python -m local …`: the local cloud alone, the whole of Scheduled Tasks on this machine, and its tokens."""

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
    """Do what the command line says; 0, or 1 with a message on standard error."""
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

    run = commands.add_parser("run", help="cloud, infrastructure and API, until Ctrl-C")
    _add_common(run, "--cloud-port")
    run.add_argument("--api-port", type=port_number, default=API_PORT)
    run.add_argument(
        "--cors-origins",
        type=origins,
        default="",
        help="origins of the pages that may call the API, separated by commas, or *",
    )
    run.add_argument(
        "--parent", type=int, metavar="PID", help="end when this process, which started this one, has ended"
    )
    run.set_defaults(command=run_all)

    cloud = commands.add_parser("cloud", help="the local cloud alone: an AWS endpoint for any client")
    _add_common(cloud, "--port")
    lifeline.add_option(cloud)
    cloud.set_defaults(command=run_cloud)

    token = commands.add_parser("token", help="print a token that the API of `run` trusts")
    token.add_argument("--user", default="alice")
    token.add_argument("--scope", action="append", dest="scopes", help="may be repeated; by default read and write")
    _add_place(token, "--cloud-port", "that of `run`")
    token.set_defaults(command=print_token)
    return root


def _add_common(command: argparse.ArgumentParser, port: str) -> None:
    _add_place(command, port, "where logs, state and keys go; new, empty, or of an earlier run")
    command.add_argument(
        "--lateness",
        choices=("none", "aws"),
        default="none",
        help="aws: each firing is up to a minute late, and equal times arrive in any order",
    )
    command.add_argument(
        "--iam",
        choices=("enforce", "off"),
        default="enforce",
        help="enforce: a role may do what its policies allow, and nothing else; GET /_local/iam shows each decision",
    )


def _add_place(command: argparse.ArgumentParser, port: str, help_: str) -> None:
    command.add_argument(port, type=port_number, default=CLOUD_PORT, dest="cloud_port")
    command.add_argument("--directory", type=Path, help=f"{help_} (default: .local/PORT)")


def _directory(options: argparse.Namespace) -> Path:
    from .app.directory import directory_of  # noqa: PLC0415

    return options.directory or directory_of(options.cloud_port)


def port_number(text: str) -> int:
    """Raises ArgumentTypeError unless `text` is a port."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LAST_PORT):
        raise argparse.ArgumentTypeError(f"{text} is no port: a port is a number from 1 to {LAST_PORT}")
    return int(text)


def origins(text: str) -> str:
    """Raises ArgumentTypeError now, and not when Terraform comes to it, half a minute later."""
    from chalicelib.api.edge.cors import read_origins  # noqa: PLC0415

    try:
        read_origins(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


# Each command imports what it needs: moto alone takes seconds, in which Ctrl-C may come.


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
        print(f"the local cloud listens on http://127.0.0.1:{options.cloud_port}; Ctrl-C ends it", flush=True)
        serve(options.cloud_port, directory=directory, lateness=options.lateness, iam=options.iam)


def print_token(options: argparse.Namespace) -> None:
    from .app.stack import SCOPES, NotRunning, token, token_from  # noqa: PLC0415

    scopes = options.scopes or SCOPES
    try:
        print(token(_directory(options), options.user, scopes))
    except NotRunning:
        # In a clone of its own, as docs/deploy.md has it, the cloud is the one that the shell is set to.
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        if endpoint is None:
            raise
        print(token_from(endpoint, options.user, scopes))


if __name__ == "__main__":
    sys.exit(run_at_terminal(main))
