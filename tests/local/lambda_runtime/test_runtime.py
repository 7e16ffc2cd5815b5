"""Functions run as on AWS: sealed, limited, kept warm, replaced."""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.testing import REGION, RunningCloud, answer_of, running_cloud, zipped

CODE = """
    import os
    import sys
    import time

    calls = []

    def handle(event, context):
        calls.append(1)
        return globals()[event.pop("do")](context, **event)

    def count(context):
        return len(calls)

    def process(context, seconds=0):
        time.sleep(seconds)
        return os.getpid()

    def context(context):
        return {
            "arn": context.invoked_function_arn,
            "request_id": context.aws_request_id,
            "memory": context.memory_limit_in_mb,
            "log_group": context.log_group_name,
            "remaining": context.get_remaining_time_in_millis(),
        }

    def environment(context):
        return dict(os.environ)

    def can_import(context, name):
        try:
            __import__(name)
        except ImportError:
            return False
        return True

    def fail(context):
        raise ValueError("on purpose")

    def leave(context, status):
        os._exit(status)

    def eat(context, megabytes):
        return len(bytearray(megabytes * 1024 * 1024))

    def say(context, text):
        print(text)
        print("to stderr", file=sys.stderr)
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        running.deploy("f", CODE, Timeout=3, MemorySize=128, Environment={"Variables": {"TABLE_NAME": "t"}})
        yield running


def invoke(cloud: RunningCloud, function: str = "f", **event: Any) -> dict[str, Any]:
    response: dict[str, Any] = cloud.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    return response


def test_the_context_is_that_of_lambda(cloud: RunningCloud) -> None:
    response = invoke(cloud, do="context")

    context = answer_of(response)
    assert context.pop("remaining") in range(2500, 3001)
    assert context == {
        "arn": f"arn:aws:lambda:{REGION}:123456789012:function:f",
        "request_id": response["ResponseMetadata"]["RequestId"],
        "memory": "128",
        "log_group": "/aws/lambda/f",
    }
    assert response["ExecutedVersion"] == "$LATEST"


def test_the_environment_is_the_function_s_and_lambda_s_and_nothing_of_ours(cloud: RunningCloud) -> None:
    environment = answer_of(invoke(cloud, do="environment"))

    assert environment["TABLE_NAME"] == "t"
    assert environment["AWS_ENDPOINT_URL"] == cloud.endpoint
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == REGION
    assert environment["TZ"] == ":UTC"
    assert not list(Path(environment["HOME"]).iterdir())
    lambdas = {"LANG", "PATH", "HOME", "PYTHONPATH", "TZ", "TABLE_NAME", "_HANDLER"}
    assert {name for name in environment if not name.startswith(("AWS_", "LAMBDA_"))} - {"LC_CTYPE"} == lambdas


@pytest.mark.parametrize("name", ["boto3", "botocore", "awslambdaric", "json", "urllib3"])
def test_what_aws_provides_can_be_imported(cloud: RunningCloud, name: str) -> None:
    assert answer_of(invoke(cloud, do="can_import", name=name)) is True


@pytest.mark.parametrize("name", ["pydantic", "jwt", "moto", "chalice", "local", "pytest"])
def test_what_only_our_machine_has_cannot_be_imported(cloud: RunningCloud, name: str) -> None:
    assert answer_of(invoke(cloud, do="can_import", name=name)) is False


def test_an_exception_becomes_an_unhandled_function_error(cloud: RunningCloud) -> None:
    response = invoke(cloud, do="fail")

    assert response["StatusCode"] == 200
    assert response["FunctionError"] == "Unhandled"
    assert answer_of(response)["errorType"] == "ValueError"


def test_a_handler_that_cannot_be_imported_is_an_init_error(cloud: RunningCloud) -> None:
    cloud.deploy("unimportable", "import pydantic")

    error = answer_of(invoke(cloud, "unimportable"))

    assert error["errorType"] == "Runtime.ImportModuleError"
    assert "pydantic" in error["errorMessage"]


def test_a_function_that_leaves_is_a_runtime_exit(cloud: RunningCloud) -> None:
    response = invoke(cloud, do="leave", status=3)

    error = answer_of(response)
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")


def test_a_function_over_its_memory_is_killed(cloud: RunningCloud) -> None:
    error = answer_of(invoke(cloud, do="eat", megabytes=200))

    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("signal: killed")


def test_a_function_within_its_memory_is_not_killed(cloud: RunningCloud) -> None:
    assert answer_of(invoke(cloud, do="eat", megabytes=50)) == 50 * 1024 * 1024


def test_a_function_over_its_time_is_ended_and_the_next_call_gets_another(cloud: RunningCloud) -> None:
    cloud.deploy("slow", CODE, Timeout=1)
    before = answer_of(invoke(cloud, "slow", do="process"))

    error = answer_of(invoke(cloud, "slow", do="process", seconds=30))

    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert answer_of(invoke(cloud, "slow", do="process")) != before
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)


def test_a_warm_process_is_used_again(cloud: RunningCloud) -> None:
    first = answer_of(invoke(cloud, do="count"))

    assert answer_of(invoke(cloud, do="count")) == first + 1


def test_concurrent_invocations_run_in_processes_of_their_own(cloud: RunningCloud) -> None:
    with ThreadPoolExecutor(2) as threads:
        processes = set(threads.map(lambda _: answer_of(invoke(cloud, do="process", seconds=0.5)), range(2)))

    assert len(processes) == 2


def test_beyond_ten_at_once_invocations_wait_for_a_process(cloud: RunningCloud) -> None:
    with ThreadPoolExecutor(14) as threads:
        processes = list(threads.map(lambda _: answer_of(invoke(cloud, do="process", seconds=0.3)), range(14)))

    assert len(processes) == 14
    assert 1 < len(set(processes)) <= 10


def test_reserved_concurrency_throttles(cloud: RunningCloud) -> None:
    cloud.deploy("reserved", CODE)
    cloud.client("lambda").put_function_concurrency(FunctionName="reserved", ReservedConcurrentExecutions=0)

    with pytest.raises(ClientError, match="TooManyRequestsException"):
        invoke(cloud, "reserved", do="count")


def test_new_code_replaces_the_old(cloud: RunningCloud) -> None:
    cloud.deploy("changed", "def handle(event, context): return 'old'")
    assert answer_of(invoke(cloud, "changed")) == "old"

    new = zipped("def handle(event, context): return 'new'")
    cloud.client("lambda").update_function_code(FunctionName="changed", ZipFile=new)

    assert answer_of(invoke(cloud, "changed")) == "new"


def test_new_settings_replace_the_old(cloud: RunningCloud) -> None:
    cloud.deploy("reset", CODE, Environment={"Variables": {"COLOUR": "red"}})
    assert answer_of(invoke(cloud, "reset", do="environment"))["COLOUR"] == "red"

    variables = {"Variables": {"COLOUR": "blue"}}
    cloud.client("lambda").update_function_configuration(FunctionName="reset", Environment=variables)

    assert answer_of(invoke(cloud, "reset", do="environment"))["COLOUR"] == "blue"


@pytest.mark.parametrize(
    "reference", ["f", f"arn:aws:lambda:{REGION}:123456789012:function:f", "123456789012:function:f", "f:$LATEST"]
)
def test_a_function_is_found_by_every_spelling_of_its_name(cloud: RunningCloud, reference: str) -> None:
    assert invoke(cloud, reference, do="count")["StatusCode"] == 200


def test_a_qualifier_shows_in_the_invoked_arn(cloud: RunningCloud) -> None:
    payload = json.dumps({"do": "context"})
    response = cloud.client("lambda").invoke(FunctionName="f", Qualifier="$LATEST", Payload=payload)

    assert answer_of(response)["arn"].endswith(":function:f:$LATEST")


def test_an_unknown_function_is_refused_in_lambda_s_words(cloud: RunningCloud) -> None:
    with pytest.raises(ClientError) as refusal:
        invoke(cloud, "nobody")

    arn = f"arn:aws:lambda:{REGION}:123456789012:function:nobody"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert refusal.value.response["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": f"Function not found: {arn}",
    }


def test_a_payload_that_is_no_json_is_refused(cloud: RunningCloud) -> None:
    with pytest.raises(ClientError, match="InvalidRequestContentException"):
        cloud.client("lambda").invoke(FunctionName="f", Payload=b"{nope")


def test_the_log_holds_the_function_s_lines_between_lambda_s(cloud: RunningCloud) -> None:
    cloud.deploy("talker", CODE)
    response = invoke(cloud, "talker", do="say", text="one\ntwo")

    request_id = response["ResponseMetadata"]["RequestId"]
    lines = (cloud.directory / "lambda" / "logs" / "talker.log").read_text().splitlines()
    start = lines.index(f"START RequestId: {request_id} Version: $LATEST")
    assert lines[start + 1 : start + 4] == ["one", "two", "to stderr"]
    assert lines[-2] == f"END RequestId: {request_id}"
    assert lines[-1].startswith(f"REPORT RequestId: {request_id}\tDuration: ")
    assert [line for name, line in cloud.lines if name == "talker"] == lines
