"""moto's SES: identities, their default configuration sets, and the identity that covers an address."""

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any, cast

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import EmailIdentity, SESBackend, ses_backends


class Mail(SESBackend):
    """Verifies each identity when it is created, because on a laptop the email with the verification link is not sent.

    in_sandbox: whether SES sends to verified identities only, as it does for a new account.
    """

    __module__ = SESBackend.__module__  # moto looks for a backend's URLs next to its module

    in_sandbox = False

    def create_email_identity_v2(
        self,
        email_identity: str,
        tags: list[dict[str, str]] | None,
        dkim_signing_attributes: object | None,
        configuration_set_name: str | None,
    ) -> EmailIdentity:
        identity = super().create_email_identity_v2(
            email_identity, tags, dkim_signing_attributes, configuration_set_name
        )
        identity.verified_for_sending_status = True
        return identity

    def _is_verified_address(self, source: str) -> bool:
        """Accept addresses in subdomains of a verified domain too; moto refuses them."""
        return identity_of(source, self.region_name) is not None


def backend_of(region: str) -> Mail:
    return cast("Mail", ses_backends[DEFAULT_ACCOUNT_ID][region])


def find_identity(name: str, region: str) -> EmailIdentity | None:
    found: EmailIdentity | None = backend_of(region).email_identities.get(name)
    return found


def identity_of(mailbox: str, region: str) -> EmailIdentity | None:
    """Returns the identity that covers an address: the address itself, else its nearest domain, else None."""
    address = parseaddr(mailbox)[1]
    labels = address.rpartition("@")[2].split(".")
    names = [address, *(".".join(labels[first:]) for first in range(len(labels)))]
    return next((found for name in names if (found := find_identity(name, region))), None)


def recipients_of(mail: Mapping[str, Any]) -> list[str]:
    """Returns all recipients of an email. `mail`: the members of a SendEmail request of SES version 2."""
    destination = mail.get("Destination", {})
    return [address for kind in ("To", "Cc", "Bcc") for address in destination.get(f"{kind}Addresses", [])]


def configuration_set_of(sender: str, named: str | None, region: str) -> str | None:
    """Returns the configuration set of the request, else the default one of the sender's identity, else None."""
    identity = identity_of(sender, region)
    return named or (identity.configuration_set_name if identity else None)


def is_configuration_set(name: str, region: str) -> bool:
    return name in backend_of(region).config_sets
