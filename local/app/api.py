"""`chalice local` for this project: `python -m local.app.api --stage local --port 8000`.

Chalice's own server with four differences: Nagle's algorithm is off (44 ms a request otherwise), SIGINT and SIGTERM
end it cleanly, its time is the local cloud's when a file tells it, and it runs as the role of the deployed function.
"""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from http.server import HTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

from chalice.cli.factory import CLIFactory
from chalice.config import Config
from chalice.deploy.validate import validate_routes
from chalice.local import ChaliceRequestHandler, LocalDevServer, create_local_server

from local.endpoint.server import HOST, PortUnavailable
from local.iam.app_roles import assume_role
from local.time.travelled import TravelledTime


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the API until SIGINT or SIGTERM; 0, or 1 with a message on standard error."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")  # as `chalice local` does
    os.environ["AWS_SDK_UA_APP_ID"] = "api"  # names it in the cloud's list of calls
    try:
        server = make_server(options.project_dir, options.stage, options.port, TravelledTime(options.offset_file))
    except PortUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    serve_until_signalled(server.serve_forever, server.server)
    return 0


def make_server(project_dir: Path, stage: str, port: int, time: TravelledTime) -> LocalDevServer:
    """The app of `project_dir` with the environment of its stage, listening on `port`. Raises PortUnavailable."""
    time.catch_up()
    config = load_config(project_dir, stage)
    assume_role(config, "api_handler")
    app = config.chalice_app
    validate_routes(app.routes)
    try:
        server = create_local_server(app, config, HOST, port)
    except (OSError, OverflowError) as error:
        raise PortUnavailable(port, error) from error
    server.server.RequestHandlerClass = partial(_Handler, time, app_object=app, config=config)
    server.server.socket.listen(128)  # Chalice's 5 makes the sixth of many clients at once wait for a second
    return server


def load_config(project_dir: Path, stage: str) -> Config:
    """The app of `project_dir`, imported with the environment of its stage, and its configuration."""
    factory = CLIFactory(str(project_dir.resolve()), environ=os.environ)  # it sets the variables of the stage there
    return factory.create_config_obj(chalice_stage_name=stage)


class _Handler(ChaliceRequestHandler):
    disable_nagle_algorithm = True

    def __init__(self, time: TravelledTime, *arguments: Any, **named: Any) -> None:
        self._time = time
        super().__init__(*arguments, **named)

    def parse_request(self) -> bool:
        """Read the head of a request: the moment at which the application's time begins."""
        self._time.catch_up()
        return bool(super().parse_request())


def serve_until_signalled(serve: Callable[[], None], server: HTTPServer) -> None:
    """`serve` on a thread until SIGINT or SIGTERM; then shut `server` down."""
    ended = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    thread = Thread(target=serve, daemon=True)
    thread.start()
    ended.wait()
    server.shutdown()
    thread.join()
    server.server_close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.app.api", description=__doc__)
    parser.add_argument("--stage", default="local")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--project-dir", type=Path, default=Path(), help="where app.py and .chalice are")
    parser.add_argument(
        "--offset-file", type=Path, default=Path(os.devnull), help="clock-offset in the directory of the local cloud"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
