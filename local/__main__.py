"""`python -m local …`: the local cloud alone, the whole of Scheduled Tasks on this machine, and its tokens."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.terminal import run as run_at_terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

DIRECTORY = Path(".local")
CLOUD_PORT = 4566
API_PORT = 8000
LAST_PORT = 65_535


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 0, or 1 with a message on standard error."""
    options = parser().parse_args(arguments)
    from deploy.errors import DeployError  # noqa: PLC0415

    from .app.processes import ChildFailed  # noqa: PLC0415
    from .app.stack import NothingRuns  # noqa: PLC0415
    from .endpoint.server import PortUnavailable  # noqa: PLC0415

    try:
        options.command(options)
    except (ChildFailed, DeployError, NothingRuns, PortUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = root.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="cloud, infrastructure and API, until Ctrl-C")
    _add_common(run, "--cloud-port")
    run.add_argument("--api-port", type=port_number, default=API_PORT)
    run.set_defaults(command=run_all)

    cloud = commands.add_parser("cloud", help="the local cloud alone: an AWS endpoint for any client")
    _add_common(cloud, "--port")
    cloud.set_defaults(command=run_cloud)

    token = commands.add_parser("token", help="print a token that the API of `run` trusts")
    token.add_argument("--user", default="alice")
    token.add_argument("--scope", action="append", dest="scopes", help="may be repeated; by default read and write")
    token.add_argument("--directory", type=Path, default=DIRECTORY, help="that of `run`")
    token.set_defaults(command=print_token)
    return root


def _add_common(command: argparse.ArgumentParser, port: str) -> None:
    command.add_argument(port, type=port_number, default=CLOUD_PORT)
    command.add_argument("--directory", type=Path, default=DIRECTORY, help="where logs, state and keys go")
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


def port_number(text: str) -> int:
    """Raises ArgumentTypeError unless `text` is a port."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= LAST_PORT):
        raise argparse.ArgumentTypeError(f"{text} is no port: a port is a number from 1 to {LAST_PORT}")
    return int(text)


# Each command imports what it needs: moto alone takes seconds, in which Ctrl-C may come.


def run_all(options: argparse.Namespace) -> None:
    from .app.run import run  # noqa: PLC0415

    run(options.directory, options.cloud_port, options.api_port, lateness=options.lateness, iam=options.iam)


def run_cloud(options: argparse.Namespace) -> None:
    from .endpoint.cloud import serve  # noqa: PLC0415

    options.directory.mkdir(parents=True, exist_ok=True)
    print(f"the local cloud listens on http://127.0.0.1:{options.port}; Ctrl-C ends it", flush=True)
    serve(options.port, directory=options.directory, lateness=options.lateness, iam=options.iam)


def print_token(options: argparse.Namespace) -> None:
    from .app.stack import SCOPES, NothingRuns, token, token_from  # noqa: PLC0415

    scopes = options.scopes or SCOPES
    try:
        print(token(options.directory, options.user, scopes))
    except NothingRuns:
        # In a clone of its own, as docs/deploy.md has it, the cloud is the one that the shell is set to.
        endpoint = os.environ.get("AWS_ENDPOINT_URL")
        if endpoint is None:
            raise
        print(token_from(endpoint, options.user, scopes))


if __name__ == "__main__":
    sys.exit(run_at_terminal(main))
