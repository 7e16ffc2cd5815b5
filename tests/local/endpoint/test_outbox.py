"""Every message that AWS would have taken is in the outbox, as JSON and as a page."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage, Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from local.endpoint.outbox import Exchange, Outbox
from local.endpoint.outbox_message import Links
from local.endpoint.outbox_page import View, render
from local.testing import REGION, RunningCloud, running_cloud

SENDER = "tasks@example.com"
A_MAIL: dict[str, Any] = {
    "FromEmailAddress": SENDER,
    "Destination": {"ToAddresses": ["alice@example.com"]},
    "Content": {"Simple": {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "Hi"}}}},
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        running.client("sesv2").create_email_identity(EmailIdentity=SENDER)
        yield running


@pytest.fixture
def cloud(running: RunningCloud) -> RunningCloud:
    """With an empty outbox."""
    ask(running, "DELETE")
    return running


def ask(cloud: RunningCloud, method: str = "GET", accept: str = "application/json") -> str:
    request = Request(f"{cloud.endpoint}/_local/outbox", method=method, headers={"Accept": accept})  # noqa: S310
    with urlopen(request, timeout=10) as response:  # noqa: S310 - our own loopback
        return str(response.read().decode())


def outbox(cloud: RunningCloud) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = json.loads(ask(cloud))["messages"]
    return messages


def page(cloud: RunningCloud) -> str:
    return ask(cloud, accept="text/html,application/xhtml+xml,*/*;q=0.8")


def send(cloud: RunningCloud, subject: str = "Hello", sender: str = SENDER, **body: str) -> str:
    """Send a mail by SES v2; returns its id."""
    parts = {kind.title(): {"Data": data} for kind, data in (body or {"text": "Hi"}).items()}
    sent = cloud.client("sesv2").send_email(
        FromEmailAddress=sender,
        Destination={
            "ToAddresses": ["alice@example.com"],
            "CcAddresses": ["bob@example.com"],
            "BccAddresses": ["c@d.e"],
        },
        Content={"Simple": {"Subject": {"Data": subject}, "Body": parts}},
    )
    return str(sent["MessageId"])


def a_mime_mail() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, "Alice <alice@example.com>", "Grüße"
    mail.set_content("plain")
    mail.add_alternative("<p>rich</p>", subtype="html")
    return mail.as_bytes()


def test_a_mail_is_there_with_all_its_parts(cloud: RunningCloud) -> None:
    message_id = send(cloud, "Hello", text="plain", html="<p>rich</p>")

    (message,) = outbox(cloud)
    sent_at = datetime.fromisoformat(message.pop("sent_at"))
    assert datetime.now(UTC) - sent_at < timedelta(seconds=5)
    assert message == {
        "channel": "email",
        "message_id": message_id,
        "region": REGION,
        "from": SENDER,
        "to": ["alice@example.com"],
        "cc": ["bob@example.com"],
        "bcc": ["c@d.e"],
        "subject": "Hello",
        "text": "plain",
        "html": "<p>rich</p>",
    }


def test_the_newest_is_first(cloud: RunningCloud) -> None:
    send(cloud, "first")
    send(cloud, "second")

    assert [message["subject"] for message in outbox(cloud)] == ["second", "first"]


def test_a_new_identity_is_verified_at_once(cloud: RunningCloud) -> None:
    identity = cloud.client("sesv2").get_email_identity(EmailIdentity=SENDER)

    assert identity["VerifiedForSendingStatus"] is True


def test_a_mail_that_ses_refuses_is_not_there(cloud: RunningCloud) -> None:
    with pytest.raises(ClientError, match="not verified"):
        send(cloud, sender="stranger@elsewhere.example")

    assert outbox(cloud) == []


def test_a_verified_domain_stands_for_its_subdomains(cloud: RunningCloud) -> None:
    cloud.client("sesv2").create_email_identity(EmailIdentity="shop.example")

    send(cloud, sender="tasks@mail.shop.example")

    assert len(outbox(cloud)) == 1


@pytest.fixture
def sandbox(cloud: RunningCloud) -> Iterator[RunningCloud]:
    """An account that SES has not let out of its sandbox."""
    about = {"MailType": "TRANSACTIONAL", "WebsiteURL": "https://example.com"}
    cloud.client("sesv2").put_account_details(**about, ProductionAccessEnabled=False)
    yield cloud
    cloud.client("sesv2").put_account_details(**about, ProductionAccessEnabled=True)


def test_in_the_sandbox_a_recipient_that_is_no_identity_is_refused_by_name(sandbox: RunningCloud) -> None:
    said = r"MessageRejected.*Email address is not verified\. .* check in region EU-CENTRAL-1: alice@example\.com"

    with pytest.raises(ClientError, match=said):
        send(sandbox)

    assert outbox(sandbox) == []


@pytest.mark.parametrize("to", [SENDER, "success@simulator.amazonses.com"])
def test_in_the_sandbox_identities_and_the_mailbox_simulator_get_mail(sandbox: RunningCloud, to: str) -> None:
    sandbox.client("sesv2").send_email(**A_MAIL | {"Destination": {"ToAddresses": [to]}})

    assert [message["to"] for message in outbox(sandbox)] == [[to]]


@pytest.mark.parametrize(
    "tag",
    [
        {"Name": "run_id", "Value": "20270301T120000.123Z-9f2c"},
        {"Name": "run.id", "Value": "1"},
        {"Name": "run_id", "Value": "a b"},
        {"Name": "run_id", "Value": ""},
    ],
)
def test_a_mail_with_a_tag_that_ses_refuses_is_not_there(cloud: RunningCloud, tag: dict[str, str]) -> None:
    with pytest.raises(ClientError, match=r"BadRequestException.* Invalid tag (name|value) <"):
        cloud.client("sesv2").send_email(**A_MAIL, EmailTags=[tag])

    assert outbox(cloud) == []


def test_a_mail_under_a_configuration_set_that_is_not_there_is_refused(cloud: RunningCloud) -> None:
    with pytest.raises(ClientError, match=r"NotFoundException.* Configuration set <none> does not exist"):
        cloud.client("sesv2").send_email(**A_MAIL, ConfigurationSetName="none")

    assert outbox(cloud) == []


def test_an_identity_may_have_a_default_configuration_set(cloud: RunningCloud) -> None:
    ses = cloud.client("sesv2")
    ses.create_configuration_set(ConfigurationSetName="usual")

    ses.put_email_identity_configuration_set_attributes(EmailIdentity=SENDER, ConfigurationSetName="usual")
    assert ses.get_email_identity(EmailIdentity=SENDER)["ConfigurationSetName"] == "usual"
    ses.send_email(**A_MAIL)
    ses.put_email_identity_configuration_set_attributes(EmailIdentity=SENDER)

    assert "ConfigurationSetName" not in ses.get_email_identity(EmailIdentity=SENDER)
    assert len(outbox(cloud)) == 1


@pytest.mark.parametrize("names", [{"EmailIdentity": "nobody.example"}, {"ConfigurationSetName": "none"}])
def test_a_default_configuration_set_of_nobody_s_is_refused(cloud: RunningCloud, names: dict[str, str]) -> None:
    with pytest.raises(ClientError, match="NotFoundException"):
        cloud.client("sesv2").put_email_identity_configuration_set_attributes(**{"EmailIdentity": SENDER, **names})


def test_a_mail_by_the_older_ses_is_there(cloud: RunningCloud) -> None:
    sent = cloud.client("ses").send_email(
        Source=SENDER,
        Destination={"ToAddresses": ["alice@example.com"]},
        Message={"Subject": {"Data": "old"}, "Body": {"Text": {"Data": "plain"}}},
    )

    (message,) = outbox(cloud)
    assert (message["message_id"], message["subject"], message["text"]) == (sent["MessageId"], "old", "plain")


@pytest.mark.parametrize("service", ["ses", "sesv2"])
def test_a_mime_mail_is_read(cloud: RunningCloud, service: str) -> None:
    if service == "ses":
        cloud.client("ses").send_raw_email(Source=SENDER, RawMessage={"Data": a_mime_mail()})
    else:
        cloud.client("sesv2").send_email(FromEmailAddress=SENDER, Content={"Raw": {"Data": a_mime_mail()}})

    (message,) = outbox(cloud)
    assert (message["from"], message["to"]) == (SENDER, ["Alice <alice@example.com>"])
    assert (message["subject"], message["text"].strip(), message["html"].strip()) == ("Grüße", "plain", "<p>rich</p>")


HEADERS = b"From: tasks@example.com\r\nTo: alice@example.com\r\nSubject: s\r\n"
UNREADABLE = "The outbox cannot read this message."
SURROGATE = "\ud800"


@pytest.mark.parametrize(
    ("mail", "text"),
    [
        (HEADERS + b"Content-Type: text/plain; charset=x-foo\r\n\r\nGr\xc3\xbc\xc3\x9fe", "Grüße"),
        (HEADERS + b"Content-Type: text/plain; charset=hex\r\n\r\nhi", "hi"),
        (HEADERS + b"Content-Type: text/plain; charset=utf-7\r\n\r\n+2AA-", "\ufffd"),
        (b'From: <<\r\nTo: ;;;<>@,"\r\n\r\nhi', UNREADABLE),
        (b"To: =?utf-8?q?a=0D=0Ab?= <a@b.c>\r\n\r\nhi", UNREADABLE),
        (b"Content-Type: " + b"(" * 3000 + b"\r\n\r\nhi", UNREADABLE),
    ],
)
def test_a_malformed_mime_mail_is_sent_and_kept(cloud: RunningCloud, mail: bytes, text: str) -> None:
    sent = cloud.client("sesv2").send_email(FromEmailAddress=SENDER, Content={"Raw": {"Data": mail}})

    (message,) = outbox(cloud)
    assert message["message_id"] == sent["MessageId"]
    assert message["text"].startswith(text)
    assert sent["MessageId"] in page(cloud)


def test_a_lone_surrogate_is_shown_as_a_replacement(cloud: RunningCloud) -> None:
    send(cloud, f"a{SURROGATE}b", text=f"\N{PARTY POPPER}{SURROGATE}")

    (message,) = outbox(cloud)
    assert (message["subject"], message["text"]) == ("a\ufffdb", "\N{PARTY POPPER}\ufffd")
    assert "a\ufffdb" in page(cloud)


def test_a_body_is_shown_however_deep_its_json_is() -> None:
    kept, body, now = Outbox(), "[" * 50_000, datetime(2027, 3, 1, 9, tzinfo=UTC)
    kept.record_webhook(Exchange("https://a.example", "POST / HTTP/1.1", {}, body, 1, 200, "OK"), "", now)

    assert body in render(kept.everything(), View(), now, Links(), sent=1)


def test_a_push_notification_that_is_no_object_is_kept(cloud: RunningCloud) -> None:
    topic = cloud.client("sns").create_topic(Name="odd")["TopicArn"]

    cloud.client("sns").publish(TopicArn=topic, MessageStructure="json", Message=json.dumps({"default": 5}))
    cloud.client("sns").publish(TopicArn=topic, MessageStructure="json", Message="[]")

    assert [message["text"] for message in outbox(cloud)] == [f"{UNREADABLE} Its source has the request.", "5"]
    assert UNREADABLE in page(cloud)


def test_an_sms_is_there(cloud: RunningCloud) -> None:
    cloud.client("sns").publish(PhoneNumber="+491701234567", Message="It is time.")

    (message,) = outbox(cloud)
    assert (message["channel"], message["to"], message["text"]) == ("sms", ["+491701234567"], "It is time.")


def test_a_push_notification_is_there(cloud: RunningCloud) -> None:
    sns = cloud.client("sns")
    application = sns.create_platform_application(Name="app", Platform="GCM", Attributes={})["PlatformApplicationArn"]
    device = sns.create_platform_endpoint(PlatformApplicationArn=application, Token="t")["EndpointArn"]
    sns.publish(TargetArn=device, Message="It is time.")

    (message,) = outbox(cloud)
    assert (message["channel"], message["to"]) == ("push", [device])


def test_a_push_notification_is_shown_as_the_device_shows_it(cloud: RunningCloud) -> None:
    sns = cloud.client("sns")
    application = sns.create_platform_application(Name="shop", Platform="GCM", Attributes={})["PlatformApplicationArn"]
    device = sns.create_platform_endpoint(PlatformApplicationArn=application, Token="t")["EndpointArn"]
    apple = json.dumps({"aps": {"alert": {"title": "Trial", "body": "It ends."}}})
    message = {"default": "It ends today.", "APNS": apple}
    sns.publish(TargetArn=device, MessageStructure="json", Message=json.dumps(message))
    sns.publish(TargetArn=device, MessageStructure="json", Message=json.dumps({**message, "APNS": "no JSON"}))

    plain, shown = outbox(cloud)
    assert (shown["subject"], shown["text"]) == ("Trial", "It ends.")
    assert (plain["subject"], plain["text"]) == ("", "It ends today.")


def test_an_sms_shows_its_sender(cloud: RunningCloud) -> None:
    sender = {"AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": "SHOP"}}
    cloud.client("sns").publish(PhoneNumber="+491701234567", Message="It is time.", MessageAttributes=sender)

    assert outbox(cloud)[0]["from"] == "SHOP"


def test_an_address_in_a_text_can_be_clicked_on(cloud: RunningCloud) -> None:
    send(cloud, text='Look: http://127.0.0.1/x?a=1&b="><script>')

    assert '<a href="http://127.0.0.1/x?a=1&amp;b=&quot;&gt;&lt;script&gt;" target="_blank"' in page(cloud)


def test_an_event_with_a_time_is_kept_with_its_request(cloud: RunningCloud) -> None:
    entry = {"Source": "tasks", "DetailType": "Late", "Detail": "{}", "Time": datetime(2027, 3, 1, 9, tzinfo=UTC)}

    cloud.client("events").put_events(Entries=[entry])

    assert [message["subject"] for message in outbox(cloud)] == ["Late"]


def test_events_are_there_one_by_one(cloud: RunningCloud) -> None:
    entries = [
        {"Source": "tasks", "DetailType": kind, "Detail": '{"a": 1}'} for kind in ("TrialEnded", "TrialExtended")
    ]
    answer = cloud.client("events").put_events(Entries=entries)

    ids = [entry["EventId"] for entry in answer["Entries"]]
    second, first = outbox(cloud)
    assert (first["channel"], first["from"], first["to"]) == ("event", "tasks", ["default"])
    assert [(first["subject"], first["message_id"]), (second["subject"], second["message_id"])] == [
        ("TrialEnded", ids[0]),
        ("TrialExtended", ids[1]),
    ]


def test_a_browser_gets_a_page(cloud: RunningCloud) -> None:
    send(cloud, "Hello")

    assert page(cloud).startswith("<!doctype html>")
    assert '<h2 id="subject"><bdi>Hello</bdi></h2>' in page(cloud)


def asked(cloud: RunningCloud, path: str = "") -> tuple[str, Message]:
    """The answer that a browser gets below the outbox's path, and its headers."""
    request = Request(f"{cloud.endpoint}/_local/outbox{path}", headers={"Accept": "text/html"})  # noqa: S310
    with urlopen(request, timeout=10) as response:  # noqa: S310 - our own loopback
        return response.read().decode(), response.headers


def number_of_the_newest(cloud: RunningCloud) -> int:
    found = re.search(r'<li data-number="(\d+)">', page(cloud))
    assert found
    return int(found[1])


def test_the_page_has_its_own_files_only_and_nothing_inline(cloud: RunningCloud) -> None:
    send(cloud)

    shown, headers = asked(cloud)

    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert not re.findall(r"<script(?! src)|<style|\sstyle=|\son\w+=|javascript:", shown)
    files = re.findall(r'(?:src|href)="(/_local/outbox/[\w.]+\.\w+)"', shown)
    assert [name.rpartition("/")[2] for name in files] == ["tokens.css", "outbox.css", "outbox.js"]


@pytest.mark.parametrize("name", ["tokens.css", "outbox.css", "outbox.js"])
def test_each_file_of_the_page_is_served_and_asks_for_no_other_host(cloud: RunningCloud, name: str) -> None:
    content, headers = asked(cloud, f"/{name}")

    assert headers.get_content_type() == {"css": "text/css", "js": "text/javascript"}[name.rpartition(".")[2]]
    assert not re.findall(r"https?://|@import|url\(|innerHTML =|eval\(", content)


def test_the_page_has_the_colours_of_the_console_and_none_of_its_own(cloud: RunningCloud) -> None:
    tokens, _ = asked(cloud, "/tokens.css")
    own, _ = asked(cloud, "/outbox.css")

    assert tokens == Path("chalicelib/api/console/static/tokens.css").read_text(encoding="utf-8")
    assert not re.findall(r"#[0-9a-f]{3,8}\b|rgba?\(", own)
    assert {name for name in re.findall(r"var\((--[\w-]+)\)", own) if f"{name}:" not in tokens} == set()


def test_the_empty_page_says_what_to_do(cloud: RunningCloud) -> None:
    assert "make run" in page(cloud)


def test_what_senders_write_cannot_become_part_of_the_page(cloud: RunningCloud) -> None:
    attack = """</pre><script>alert(1)</script>" onload="alert(1)' x='"""
    send(cloud, attack, text=attack, html=attack)

    shown, _ = asked(cloud)

    assert "<script>" not in shown
    assert ' onload="' not in shown
    assert shown.count('<script src="/_local/outbox/outbox.js" defer></script>') == 1


def test_html_is_a_document_of_its_own_without_scripts_whose_links_open_in_new_tabs(cloud: RunningCloud) -> None:
    send(cloud, html="<html><head><title>x</title></head><a href='https://example.com/'>there</a></html>")
    number = number_of_the_newest(cloud)

    shown, _ = asked(cloud)
    html, headers = asked(cloud, f"/html?message={number}")

    sandbox = "allow-popups allow-popups-to-escape-sandbox"
    assert f'<iframe class="mail" sandbox="{sandbox}"' in shown
    assert f'src="/_local/outbox/html?message={number}"' in shown
    assert headers["Content-Security-Policy"].endswith(f"sandbox {sandbox}")
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert html.startswith('<html><head><base target="_blank"><title>x</title>')


def test_html_without_a_head_is_no_quirk(cloud: RunningCloud) -> None:
    send(cloud, html="<p>Hi</p>")

    html, _ = asked(cloud, f"/html?message={number_of_the_newest(cloud)}")

    assert html == '<!doctype html><base target="_blank"><p>Hi</p>'


def test_html_can_be_seen_in_either_theme(cloud: RunningCloud) -> None:
    send(cloud, html="<style>@media (prefers-color-scheme:dark){a{color:#fff}}</style>")
    place = f"/html?message={number_of_the_newest(cloud)}&theme="

    light, dark, other = (asked(cloud, place + theme)[0] for theme in ("light", "dark", "blue"))

    assert ("@media (max-width:0){a" in light, "color-scheme:light!important" in light) == (True, True)
    assert ("@media (min-width:0){a" in dark, "color-scheme:dark!important" in dark) == (True, True)
    assert "@media (prefers-color-scheme:dark){a" in other


def test_a_message_that_is_not_there_is_said_to_be_gone(cloud: RunningCloud) -> None:
    send(cloud)

    assert "This message is not here" in asked(cloud, "?message=999999999")[0]
    with pytest.raises(HTTPError, match="404"):
        asked(cloud, "/html?message=999999999")


def subjects(shown: str) -> list[str]:
    return re.findall(r'<span class="b"><bdi title="([^"]*)">', shown)


def test_the_list_can_be_filtered_by_channel_and_searched(cloud: RunningCloud) -> None:
    send(cloud, "Hello", text="the trial ends")
    cloud.client("sns").publish(PhoneNumber="+491701234567", Message="It is time.")

    by_url = {
        url: subjects(asked(cloud, url)[0])
        for url in ("", "?channel=sms", "?search=TRIAL", "?channel=x", "?search=c@d")
    }

    assert by_url == {
        "": ["It is time.", "Hello"],
        "?channel=sms": ["It is time."],
        "?search=TRIAL": ["Hello"],
        "?channel=x": ["It is time.", "Hello"],
        "?search=c@d": ["Hello"],
    }
    assert "No push message matches \u201c&lt;b&gt;\u201d." in asked(cloud, "?channel=push&search=%3Cb%3E")[0]


def an_outbox_of(number: int) -> Outbox:
    outbox = Outbox()
    for each in range(number):
        exchange = Exchange("https://example.com/", "POST / HTTP/1.1", {}, f"{each}", 1, 200)
        outbox.record_webhook(exchange, "", datetime(2027, 3, 1, tzinfo=UTC))
    return outbox


def rendered(outbox: Outbox, **view: Any) -> str:
    now = datetime(2027, 3, 1, tzinfo=UTC)
    return render(outbox.everything(), View(**view), now, Links(), sent=outbox.sent)


def test_it_says_that_webhooks_have_left_this_machine_and_that_nothing_else_has() -> None:
    assert "Nothing has left this machine." in rendered(Outbox())
    assert "Only webhooks were sent to their addresses." in rendered(an_outbox_of(1))


def test_of_ten_thousand_messages_the_page_has_a_hundred_rows_and_a_link_to_older_ones() -> None:
    outbox = an_outbox_of(10_000)

    first = rendered(outbox)
    second = rendered(outbox, before=9901)

    assert (first.count("<li data-number"), second.count("<li data-number")) == (100, 100)
    assert "The latest 1,000 of 10,000 messages, newest first." in first
    assert '<a class="more" href="/_local/outbox?before=9901">Older (900)</a>' in first
    assert '<li data-number="9900">' in second
    assert len(first.encode()) < 80 * 1024


def test_the_last_page_has_no_older_ones() -> None:
    shown = rendered(an_outbox_of(150), before=51)

    assert (shown.count("<li data-number"), "Older (" in shown) == (50, False)


def test_a_webhook_is_shown_with_its_answer_or_without_one() -> None:
    outbox, now = Outbox(), datetime(2027, 3, 1, tzinfo=UTC)
    headers = {"webhook-id": "r1", "webhook-timestamp": "1803859198"}
    for result in ({"status": 503, "answer": "HTTP/1.1 503 Busy"}, {"status": None, "error": "TimeoutError"}):
        about = {"url": "https://example.com/a", "request": "POST /a HTTP/1.1", "body": '{"a":1}', "milliseconds": 812}
        outbox.record_webhook(Exchange(**about, headers=headers, **result), "", now)  # type: ignore[arg-type]

    answered, silent = (rendered(outbox, message=number) for number in (1, 2))

    assert "HTTP/1.1 503 Busy" in answered
    assert "after 812 ms" in answered
    assert "sent 2 s after its timestamp" in answered
    assert "the first request with this id" in answered
    assert "No answer: TimeoutError" in silent
    assert "request 2 with this id" in silent
    assert outbox.messages() == []


def test_a_copy_of_a_webhook_that_is_none_is_refused(cloud: RunningCloud) -> None:
    for body in (b"no JSON", b"[]", b'{"access_key_id": "a"}', b'{"access_key_id": "a", "headers": 1}'):
        request = Request(f"{cloud.endpoint}/_local/webhooks", data=body)  # noqa: S310
        with pytest.raises(HTTPError, match="400"):
            urlopen(request, timeout=10)  # noqa: S310 - our own loopback
