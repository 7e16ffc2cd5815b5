"""The local cloud as a process of its own: it ends on a signal, with all it started."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from local.environment import sealed_environment
from local.testing import REGION, Workbench, answer_of

SERVING = """
import sys
from pathlib import Path
from local.endpoint.cloud import serve
serve(int(sys.argv[1]), directory=Path(sys.argv[2]))
"""


def wait_for(endpoint: str) -> None:
    give_up_at = time.monotonic() + 15
    while True:
        try:
            with urlopen(f"{endpoint}/_local/health", timeout=5) as response:  # noqa: S310 - our own loopback
                assert json.load(response)["status"] == "ok"
                return
        except URLError:
            assert time.monotonic() < give_up_at
            time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_cloud_and_its_functions(tmp_path: Path, number: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    environment = sealed_environment(endpoint, REGION)
    process = subprocess.Popen(
        [sys.executable, "-c", SERVING, str(port), str(tmp_path)], env=environment, stderr=subprocess.PIPE
    )
    wait_for(endpoint)
    workbench = Workbench(endpoint)
    workbench.deploy("f", "import os\ndef handle(event, context): return os.getpid()")
    function_process = answer_of(workbench.client("lambda").invoke(FunctionName="f"))
    os.kill(function_process, 0)

    process.send_signal(number)

    assert process.communicate(timeout=10)[1] == b""
    assert process.returncode == 0
    with pytest.raises(ProcessLookupError):
        os.kill(function_process, 0)
