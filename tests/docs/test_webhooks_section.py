"""What docs/api.md tells consumers of webhooks: its message is one that we send, and its code verifies one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

SECTION = (
    (Path(__file__).parents[2] / "docs" / "api.md").read_text().partition("\n## Webhooks\n")[2].partition("\n## ")[0]
)
SECRET = re.findall(r'"secret": "(whsec_.*?)"', SECTION)[0]


def message() -> tuple[dict[str, str], bytes]:
    """Headers and body of the one on the page."""
    shown = re.search(r"^```\nPOST .*?\n(.*?)\n\n(.*?)\n```$", SECTION, re.DOTALL | re.MULTILINE)
    assert shown
    headers = dict(line.split(": ", 1) for line in shown[1].splitlines())
    return headers, shown[2].encode()


def receive(headers: dict[str, str], body: bytes) -> Any:
    """What the code on the page answers."""
    code = re.search(r"```python\n(.*?)```", SECTION, re.DOTALL)
    assert code
    names: dict[str, Any] = {}
    exec(code[1], names)  # noqa: S102 - the page is ours
    return names["receive"](SECRET, headers, body)


def test_the_message_on_the_page_is_signed_with_the_key_on_the_page() -> None:
    headers, body = message()
    sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)

    assert Webhook(SECRET).sign(headers["webhook-id"], sent_at, body.decode()) == headers["webhook-signature"]
    assert headers["webhook-id"].startswith(f"{sent_at:%Y%m%dT%H%M%SZ}-")


def test_the_consumer_on_the_page_takes_what_is_sent_now() -> None:
    headers, body = message()
    now = datetime.now(UTC)
    signature = Webhook(SECRET).sign(headers["webhook-id"], now, body.decode())

    assert (
        receive(headers | {"webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}, body) == 204
    )


def test_the_consumer_on_the_page_refuses_what_is_old() -> None:
    assert receive(*message()) == 401


def test_every_status_that_is_tried_again_stands_on_the_page() -> None:
    assert "| 408, 425, 429, 5xx, or none |" in SECTION
