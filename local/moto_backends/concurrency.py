"""The account's limit of concurrent executions.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

import json
from collections.abc import Iterable
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID
from werkzeug.wrappers import Response

CONCURRENT_EXECUTIONS = 1000
LEAST_UNRESERVED = 100


def account_settings(region: str) -> Response:
    """Answer a GetAccountSettings request; moto lacks the operation."""
    functions = list(get_backend("lambda")[DEFAULT_ACCOUNT_ID][region].list_functions())
    limits = {
        "ConcurrentExecutions": CONCURRENT_EXECUTIONS,
        "UnreservedConcurrentExecutions": CONCURRENT_EXECUTIONS - _reserved(functions),
    }
    body = {"AccountLimit": limits, "AccountUsage": {"FunctionCount": len(functions)}}
    return Response(json.dumps(body), content_type="application/json")


def check_reservation(functions: Iterable[Any], name: str, executions: int) -> None:
    """Raises InvalidParameterValueException, with AWS's message, if too little unreserved concurrency remains."""
    others = _reserved(function for function in functions if function.function_name != name)
    if CONCURRENT_EXECUTIONS - others - executions < LEAST_UNRESERVED:
        raise InvalidParameterValueException(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{LEAST_UNRESERVED}]."
        )


def _reserved(functions: Iterable[Any]) -> int:
    return sum(int(function.reserved_concurrency or 0) for function in functions)
