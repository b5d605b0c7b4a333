"""The outbox: real files that a person can open, whole or not at all, once."""

from __future__ import annotations

import email
import email.policy
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from campaign.reasons import Channel
from channels.outbox.erase import erase_drafts, erase_order
from channels.outbox.reports import waiting
from channels.outbox.send import Outbox, drafts_of
from channels.protocol import Outgoing
from tests.facts import PLACED
from tests.shop import sent_files

MAIL = Outgoing(
    id="0f2a", order_id="1001", step="thank-you", position=1, channel=Channel.EMAIL, to="ada@example.com",
    brand="Juniper & Pine", sender="hello@shop.example.com", reply_to="help@shop.example.com",
    unsubscribe="unsubscribe@shop.example.com", subject="Thank you, Zoë", html="<p>Grüße</p>", text="Grüße\n",
    at=PLACED,
)  # fmt: skip
SMS = replace(MAIL, channel=Channel.SMS, to="+12025550123", text="Juniper & Pine: Danke schön 🌲", html=None)


def read(path: Path) -> EmailMessage:
    """A file as a mail program reads it."""
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_an_email_is_a_real_eml_file(tmp_path: Path) -> None:
    """Headers, both parts, a way to unsubscribe, and the business time as its date."""
    receipt = Outbox(tmp_path).send(MAIL)
    assert receipt.at == PLACED
    (path,) = sent_files(tmp_path)
    assert path.relative_to(tmp_path).as_posix() == "1001/1-thank-you.email.eml"
    message = read(path)
    assert message["To"] == "ada@example.com"
    assert message["From"] == "Juniper & Pine <hello@shop.example.com>"
    assert message["Subject"] == "Thank you, Zoë"
    assert message["Date"].datetime == PLACED
    assert message["List-Unsubscribe"].strip().startswith("<mailto:unsubscribe@shop.example.com?")
    leaves = [part for part in message.walk() if not part.is_multipart()]
    parts = {part.get_content_type(): part.get_content().replace("\r\n", "\n") for part in leaves}
    assert parts == {"text/plain": "Grüße\n", "text/html": "<p>Grüße</p>\n"}


def test_an_sms_is_a_readable_text(tmp_path: Path) -> None:
    """Number and text, emoji included."""
    Outbox(tmp_path).send(SMS)
    (path,) = sent_files(tmp_path)
    message = read(path)
    assert (message["To"], message.get_content().strip()) == (
        "+12025550123",
        "Juniper & Pine: Danke schön 🌲",
    )
    assert "Danke schön 🌲" in path.read_text("utf-8")


def test_many_senders_make_one_file(tmp_path: Path) -> None:
    """Sent by many at once and again later, a message is there once, with its first time."""
    outbox = Outbox(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        receipts = set(pool.map(lambda _: outbox.send(MAIL), range(16)))
    later = outbox.send(replace(MAIL, at=PLACED.replace(year=2027)))
    assert {*receipts, later} == {later}
    assert len(sent_files(tmp_path)) == 1
    assert list((tmp_path / ".drafts").iterdir()) == []


def test_finding_is_certain(tmp_path: Path) -> None:
    """None before it was sent, the receipt afterwards."""
    outbox = Outbox(tmp_path)
    assert outbox.find(MAIL, PLACED) is None
    assert outbox.send(MAIL) == outbox.find(MAIL, PLACED)


@given(order_id=st.text(min_size=1, max_size=60))
def test_no_order_id_leaves_the_folder(order_id: str) -> None:
    """Slashes, dots and odd characters in an order id cannot lead out of the outbox."""
    folder = Path("/outbox")
    path = Outbox(folder).path(replace(MAIL, order_id=order_id))
    assert path.parent.parent == folder
    assert ".." not in path.parts
    assert path.parent.name != ".drafts"


def test_an_erased_order_leaves_no_report_and_no_draft(tmp_path: Path) -> None:
    """Messages, what is still to be reported of them, and what a killed worker left half written go."""
    outbox = Outbox(tmp_path)
    mail = replace(MAIL, to="bounced@outbox.test")
    outbox.send(mail)
    outbox.send(replace(mail, id="0f2b", order_id="1002"))
    left, now = drafts_of(tmp_path) / "tmpabc", datetime.now(UTC)  # noqa: TID251 - files have the system's time
    left.write_text("half a mail to ada@example.com")
    assert erase_order(tmp_path, "1001", ["0f2a", "never-sent"])
    assert [path.parent.name for path in sent_files(tmp_path)] == ["1002"]
    assert [one.reports[0].message_id for one in waiting(tmp_path)] == ["0f2b"]
    assert erase_drafts(tmp_path, now - timedelta(hours=1)) == 0
    assert erase_drafts(tmp_path, now + timedelta(hours=1)) == 1
    assert not left.exists()
    assert len(list(waiting(tmp_path))) == 1
