"""Which calls a fault strikes."""

from local.endpoint.faults import Faults, Refused


def strikes(faults: Faults, operation: str) -> bool:
    try:
        faults.around(operation, lambda: None)
    except Refused:
        return True
    return False


def test_a_fault_spares_the_calls_that_it_skips_and_counts_no_others() -> None:
    faults = Faults()
    faults.add({"operation": "dynamodb:Update*", "mode": "fail", "times": 2, "skip": 1})
    operations = ["dynamodb:GetItem", *["dynamodb:UpdateItem"] * 4]

    assert [strikes(faults, operation) for operation in operations] == [False, False, True, True, False]
