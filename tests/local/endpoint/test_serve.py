"""The local cloud as a process of its own: it ends on a signal, with all it started."""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from local.environment import sealed_environment
from local.testing import REGION, Workbench, answer_of
from tests.processes import free_port, within

SERVING = """
import sys
from pathlib import Path
from local.endpoint.cloud import serve
serve(int(sys.argv[1]), directory=Path(sys.argv[2]))
"""


def is_healthy(endpoint: str) -> bool:
    with suppress(URLError), urlopen(f"{endpoint}/_local/health", timeout=5) as response:  # noqa: S310 - our own loopback
        return json.load(response)["status"] == "ok"  # type: ignore[no-any-return]
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_cloud_and_its_functions(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    environment = sealed_environment(endpoint, REGION)
    process = subprocess.Popen(
        [sys.executable, "-c", SERVING, str(port), str(tmp_path)], env=environment, stderr=subprocess.PIPE
    )
    within(15, lambda: is_healthy(endpoint), "the cloud")
    workbench = Workbench(endpoint)
    workbench.deploy("f", "import os\ndef handle(event, context): return os.getpid()")
    function_process = answer_of(workbench.client("lambda").invoke(FunctionName="f"))
    os.kill(function_process, 0)

    process.send_signal(number)

    assert process.communicate(timeout=10)[1] == b""
    assert process.returncode == 0
    with pytest.raises(ProcessLookupError):
        os.kill(function_process, 0)
