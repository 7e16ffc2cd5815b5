"""Run the app's scheduled function `sweep` when the local cloud asks: `python -m local.app.sweeper --stage local`.

`chalice local` runs no scheduled functions. As on AWS, the sweeper is separate from the API: its process has the role
of the deployed function, and the name `sweeper` in the cloud's list of calls. It registers its URL with the local cloud
at AWS_ENDPOINT_URL. This module does not import `chalicelib`, because the app may have its own.
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chalice.config import Config
from chalice.local import LambdaContext

from local.app import lifeline
from local.app.api import load_config, serve_until_signalled
from local.endpoint.server import HOST
from local.iam.app_roles import assume_role
from local.time.travelled import TravelledTime

FUNCTION = "sweep"

_logger = logging.getLogger(__name__)


class NoSweeper(Exception):
    """The app has no scheduled function `sweep`."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM. Returns the exit code: 0, or 1 after a message on standard error."""
    options = _parser().parse_args(arguments)
    if options.until_stdin_closes:
        lifeline.end_when_stdin_closes()
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    os.environ["AWS_SDK_UA_APP_ID"] = "sweeper"
    time = TravelledTime(options.offset_file)
    time.catch_up()
    config = load_config(options.project_dir, options.stage)
    assume_role(config, FUNCTION)
    try:
        sweep = sweeper_of(config)
    except NoSweeper as error:
        print(error, file=sys.stderr)
        return 1
    server = HTTPServer((HOST, 0), partial(_Handler, time, sweep))
    register(f"http://{HOST}:{server.server_port}/", os.environ["AWS_ENDPOINT_URL"])
    serve_until_signalled(server.serve_forever, server)
    return 0


def sweeper_of(config: Config) -> Callable[[], Any]:
    """Returns what runs the function with an event as EventBridge sends it. Raises NoSweeper if the app has none."""
    handler = config.chalice_app.handler_map.get(FUNCTION)
    if handler is None:
        raise NoSweeper
    scoped = config.scope(config.chalice_stage, FUNCTION)
    milliseconds = scoped.lambda_timeout * 1000

    def sweep() -> Any:
        return handler(_event(), LambdaContext(FUNCTION, scoped.lambda_memory_size, milliseconds))

    return sweep


def register(url: str, cloud: str) -> None:
    """Register `url` with the local cloud: a POST there runs the sweeper. Raises RuntimeError if the cloud refuses."""
    place = urlsplit(cloud)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=10)
    connection.request("POST", "/_local/sweeper", json.dumps({"url": url}))
    status = connection.getresponse().status
    connection.close()
    if status != HTTPStatus.NO_CONTENT:
        raise RuntimeError(
            f"{cloud} did not accept the sweeper: status {status}; AWS_ENDPOINT_URL must be a local cloud"
        )


class _Handler(BaseHTTPRequestHandler):
    """Runs one sweep for each POST, one at a time."""

    def __init__(self, time: TravelledTime, sweep: Callable[[], Any], *arguments: Any) -> None:
        self._time = time
        self._sweep = sweep
        super().__init__(*arguments)

    def do_POST(self) -> None:
        self._time.catch_up()
        try:
            self._sweep()
        except Exception as error:
            # As on Lambda, an exception of the function is logged and the process continues.
            _logger.exception("%s failed", FUNCTION)
            self._answer(HTTPStatus.INTERNAL_SERVER_ERROR, repr(error))
        else:
            self._answer(HTTPStatus.OK, "")

    def _answer(self, status: HTTPStatus, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log no requests: they are the cloud's own."""


def _event() -> dict[str, Any]:
    """Returns a scheduled event: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html."""
    return {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": os.environ["AWS_REGION"],
        "resources": [],
        "detail": {},
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.app.sweeper", description=__doc__)
    parser.add_argument("--stage", default="local", help="stage in .chalice/config.json (default: %(default)s)")
    parser.add_argument("--project-dir", type=Path, default=Path(), help="folder of app.py and .chalice")
    parser.add_argument(
        "--offset-file",
        type=Path,
        default=Path(os.devnull),
        help="the file clock-offset in the folder of the local cloud (default: none, the real time)",
    )
    lifeline.add_option(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
