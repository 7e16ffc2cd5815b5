"""`chalice local` for this project: `python -m local.app.api --stage local --port 8000`.

Chalice's own server with six differences: Nagle's algorithm is off (44 ms a request otherwise), SIGINT and SIGTERM
end it cleanly, its time is the local cloud's when a file tells it, it runs as the role of the deployed function, an
unknown route is answered as API Gateway does with our gateway responses, and chunked bodies are read as there.
"""

import argparse
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path
from threading import Event, Thread
from typing import Any

from chalice.app import Chalice
from chalice.cli.factory import CLIFactory
from chalice.config import Config
from chalice.deploy.validate import validate_routes
from chalice.local import ChaliceRequestHandler, LocalDevServer, LocalGateway, RouteMatcher, create_local_server

from local.app import lifeline
from local.endpoint.server import HOST, PortUnavailable, read_body, says_its_length
from local.iam.app_roles import assume_role
from local.time.travelled import TravelledTime


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the API until SIGINT or SIGTERM; 0, or 1 with a message on standard error."""
    options = _parser().parse_args(arguments)
    if options.until_stdin_closes:
        lifeline.end_when_stdin_closes()
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
    server.server.RequestHandlerClass = partial(_Handler, time, _Gateway(app, config))
    server.server.socket.listen(128)  # Chalice's 5 makes the sixth of many clients at once wait for a second
    return server


def load_config(project_dir: Path, stage: str) -> Config:
    """The app of `project_dir`, imported with the environment of its stage, and its configuration."""
    factory = CLIFactory(str(project_dir.resolve()), environ=os.environ)  # it sets the variables of the stage there
    return factory.create_config_obj(chalice_stage_name=stage)


class _Gateway(LocalGateway):
    """Chalice's, which shows the token in the answer to an unknown path, as API Gateway does by default."""

    def __init__(self, app: Chalice, config: Config) -> None:
        super().__init__(app, config)
        self._routes = app.routes
        self._matcher = RouteMatcher(list(app.routes))
        self._no_route = _no_route()

    def handle_request(self, method: str, path: str, headers: Any, body: bytes | None) -> dict[str, Any]:
        if not self._has_route(method, path):
            return deepcopy(self._no_route)
        answer: dict[str, Any] = super().handle_request(method, path, headers, body)
        return answer

    def _has_route(self, method: str, path: str) -> bool:
        try:
            found = self._matcher.match_route(path)
        except ValueError:
            return False
        return method in self._routes[found.route] or method == "OPTIONS"


def _no_route() -> dict[str, Any]:
    """As a function answers. To be called when the app is imported, whose `chalicelib` need not be ours."""
    try:
        cors, gateway_responses = map(
            import_module, ("chalicelib.api.edge.cors", "chalicelib.api.edge.gateway_responses")
        )
    except ImportError:
        return _answer(HTTPStatus.FORBIDDEN, {}, {"message": "Missing Authentication Token"})
    responses = gateway_responses.gateway_responses(cors.read_origins(os.environ.get(cors.SETTING, "")))
    response = gateway_responses.find(responses, "MISSING_AUTHENTICATION_TOKEN")
    return _answer(response.status, response.headers, response.body)


def _answer(status: int, headers: Mapping[str, str], body: object) -> dict[str, Any]:
    return {"statusCode": int(status), "headers": dict(headers), "multiValueHeaders": {}, "body": json.dumps(body)}


class _Handler(ChaliceRequestHandler):
    disable_nagle_algorithm = True

    def __init__(self, time: TravelledTime, gateway: _Gateway, *arguments: Any) -> None:
        self._time = time
        self.local_gateway = gateway
        # Chalice's own would make another gateway, for each connection.
        BaseHTTPRequestHandler.__init__(self, *arguments)

    def parse_request(self) -> bool:
        """Read the head of a request: the moment at which the application's time begins."""
        self._time.catch_up()
        return bool(super().parse_request()) and says_its_length(self)

    def _parse_payload(self) -> tuple[dict[str, str], bytes | None]:
        """Chalice's own takes a chunked body for an empty one, and its chunks for the next request."""
        return dict(self.headers), read_body(self) or None


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
    lifeline.add_option(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
