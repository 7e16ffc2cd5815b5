"""Rules for texts in messages. The API checks them in requests, and the actions check them again before use."""

from __future__ import annotations

import re

# SES accepts no UTF-8 before the @, and only Punycode after it (API reference, Destination).
MAIL_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
PHONE_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
# At most 11 letters and digits, not all of them digits (SNS Developer Guide, channels-sms-originating-identities).
SENDER_ID = re.compile(r"(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,11}")
DEVICE = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:endpoint/[A-Za-z_]+/[A-Za-z0-9_.-]{1,256}/[A-Za-z0-9-]+")
MOST_OF_AN_SMS = 1600
"""The most characters that SNS accepts in one Publish to a phone (Developer Guide, sms_sending-overview)."""
BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
"""Line breaks and other control characters, which could inject an email header, and Unicode's bidirectional embeddings,
overrides and isolates, which could make a line appear as a different one. The marks U+061C, U+200E and U+200F are
allowed: names in Arabic and Hebrew need them.
"""


def mail_address(text: str) -> str:
    """Returns the text. Raises ValueError if it is not an email address."""
    if not is_mail_address(text):
        raise ValueError("must be an email address such as a@example.com")
    return text


def one_line(text: str) -> str:
    """Returns the text. Raises ValueError if it has one of BREAKS."""
    if not is_one_line(text):
        raise ValueError("must be one line without control characters and text direction overrides (such as U+202E)")
    return text


def is_mail_address(text: str) -> bool:
    return MAIL_ADDRESS.fullmatch(text) is not None and ".." not in text


def is_one_line(text: str) -> bool:
    return BREAKS.search(text) is None


def in_one_line(text: str) -> str:
    """Returns the text with a space in place of each sequence of BREAKS."""
    return BREAKS.sub(" ", text)
