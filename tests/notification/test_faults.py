"""Failures that only the operator can mend: errors in the log, which the alarm `notification-faults` counts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pytest

from chalicelib.core.errors import MasterSecretUnavailable
from chalicelib.core.model.schedule import Action
from deploy.paths import TERRAFORM
from tests.notification.contexts import refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from botocore.exceptions import ClientError

    from chalicelib.core.model.webhook_keys import Master
    from chalicelib.testing import FakeMaster
    from tests.notification.world import World

DENIED = ["AccessDeniedException", "AccessDenied", "AuthorizationError", "UnrecognizedClientException"]


def faults(caplog: pytest.LogCaptureFixture) -> list[str]:
    """As the filter of the log counts them."""
    main = (TERRAFORM / "modules/observability/main.tf").read_text()
    pattern = re.search(r'pattern += "\{ \$\.level = \\"(\w+)\\" && \$\.logger = \\"([\w.]+)\\" \}"', main)
    assert pattern
    return [r.getMessage() for r in caplog.records if (r.levelname, r.name) == pattern.groups()]


def fire_a_mail(world: World, error: Exception | None = None) -> None:
    world.aws.error = error
    world.fire(world.event(world.a_schedule()))


@pytest.mark.parametrize("code", ["MessageRejected", "BadRequestException", "TooManyRequestsException"])
def test_what_a_provider_does_not_take_is_no_fault(world: World, caplog: pytest.LogCaptureFixture, code: str) -> None:
    fire_a_mail(world, refused(code))

    assert faults(caplog) == []


def test_a_webhook_that_answers_404_is_no_fault(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.fire(world.event(world.a_schedule(action=Action("webhook", {"url": "http://127.0.0.1:1/"}))))

    assert faults(caplog) == []


@dataclass
class RefusingMaster:
    """A secret that Secrets Manager does not give."""

    error: ClientError

    def values(self) -> Sequence[Master]:
        raise MasterSecretUnavailable from self.error


@pytest.mark.parametrize(
    ("error", "count"),
    [
        (refused("AccessDeniedException"), 1),
        (refused("ResourceNotFoundException"), 1),
        (refused("InternalServiceError", 500), 0),
        (refused("ThrottlingException"), 0),
    ],
)
def test_a_webhook_whose_secret_may_not_be_read_is_a_fault(
    world: World, caplog: pytest.LogCaptureFixture, error: ClientError, count: int
) -> None:
    world.master = cast("FakeMaster", RefusingMaster(error))
    world.runner = world.a_runner()

    world.fire(world.event(world.a_schedule(action=Action("webhook", {"url": "http://127.0.0.1:1/"}))))

    assert len(faults(caplog)) == count


@pytest.mark.parametrize("code", DENIED)
def test_a_right_that_is_missing_is_a_fault(world: World, caplog: pytest.LogCaptureFixture, code: str) -> None:
    fire_a_mail(world, refused(code, 403))

    assert faults(caplog) == ["the run failed because of a fault in the deployment"]


def test_a_configuration_set_that_is_missing_is_a_fault(world: World, caplog: pytest.LogCaptureFixture) -> None:
    fire_a_mail(world, refused("NotFoundException", 404))

    assert len(faults(caplog)) == 1


def test_an_identity_that_ses_has_not_verified_is_a_fault(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The sender's; or a recipient's, which only an account in SES's sandbox must verify."""
    message = "Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: a@b.cc"

    fire_a_mail(world, refused("MessageRejected", message=message))

    assert len(faults(caplog)) == 1


def test_an_account_whose_sending_is_paused_is_a_fault(world: World, caplog: pytest.LogCaptureFixture) -> None:
    fire_a_mail(world, refused("SendingPausedException"))

    assert len(faults(caplog)) == 1


@pytest.mark.parametrize(("code", "status"), [("AccessDenied", 403), ("NoSuchBucket", 404)])
def test_reports_that_cannot_be_kept_are_a_fault(
    world: World, caplog: pytest.LogCaptureFixture, code: str, status: int
) -> None:
    world.aws.error = refused(code, status)

    world.fire(world.event(world.a_schedule(action=Action("report", {"to": ["a@example.com"], "period": "day"}))))

    assert len(faults(caplog)) == 1


def test_an_action_that_is_not_deployed_is_a_fault(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.fire(world.event(world.a_schedule(action=Action("invoice.remind", {}))))

    assert len(faults(caplog)) == 1


def test_a_payload_without_a_record_is_a_fault(world: World, caplog: pytest.LogCaptureFixture) -> None:
    event = world.event(world.a_schedule())
    world.repository.items.clear()

    world.fire(event)

    assert faults(caplog) == ["no run: the schedule has no record in this table"]


def test_a_run_that_succeeds_is_no_fault(world: World, caplog: pytest.LogCaptureFixture) -> None:
    fire_a_mail(world)

    assert (faults(caplog), len(world.mails())) == ([], 1)


def test_an_action_that_raises_what_it_should_not_is_a_fault(world: World, caplog: pytest.LogCaptureFixture) -> None:
    fire_a_mail(world, KeyError("plan"))

    assert [line.partition("\n")[0] for line in faults(caplog)] == ["the action raised KeyError"]
