"""`python -m local …`: the local cloud alone, the whole of Scheduled Tasks on this machine, and its tokens."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.errors import DeployError

from .app.directory import Claim, DirectoryRefused, directory_of
from .app.processes import ChildFailed
from .app.stack import NotRunning
from .endpoint.server import PortUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

CLOUD_PORT = 4566
API_PORT = 8000


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; 0, or 1 with a message on standard error."""
    options = parser().parse_args(arguments)
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
    run.add_argument("--api-port", type=int, default=API_PORT)
    run.add_argument(
        "--cors-origins", default="", help="origins of the pages that may call the API, separated by commas, or *"
    )
    run.set_defaults(command=run_all)

    cloud = commands.add_parser("cloud", help="the local cloud alone: an AWS endpoint for any client")
    _add_common(cloud, "--port")
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
    command.add_argument(port, type=int, default=CLOUD_PORT, dest="cloud_port")
    command.add_argument("--directory", type=Path, help=f"{help_} (default: .local/PORT)")


def _directory(options: argparse.Namespace) -> Path:
    return options.directory or directory_of(options.cloud_port)


# Each command imports what it needs: moto alone takes seconds.


def run_all(options: argparse.Namespace) -> None:
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
    from .endpoint.cloud import serve  # noqa: PLC0415

    directory = _directory(options)
    with Claim(directory, "cloud"):
        print(f"the local cloud listens on http://127.0.0.1:{options.cloud_port}; Ctrl-C ends it", flush=True)
        serve(options.cloud_port, directory=directory, lateness=options.lateness, iam=options.iam)


def print_token(options: argparse.Namespace) -> None:
    from .app.stack import SCOPES, token  # noqa: PLC0415

    print(token(_directory(options), options.user, options.scopes or SCOPES))


if __name__ == "__main__":
    sys.exit(main())
