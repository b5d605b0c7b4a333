"""The embedded default: every message as a file that a person can open.

``<folder>/<order>/<position>-<step>.<channel>.eml`` or ``.txt``. A file's name is made from the message alone
and it is created all at once or not at all, so a message cannot be there twice or by half, whatever
is killed when.

A message to one of the test addresses (`channels.outbox.outcomes`) is answered and reported as that says.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote

from campaign.errors import (
    ChannelBusy,
    ChannelError,
    ChannelOptedOut,
    ChannelRefused,
    ChannelUncertain,
)
from campaign.reasons import Channel
from channels.addresses import with_ascii_addresses
from channels.outbox import reports
from channels.outbox.outcomes import OnSend, Outcome, outcome_of
from channels.protocol import Outgoing, Receipt
from channels.unsubscribe import unsubscribe_headers

_HEADER_AT = "Date"
_OWN = ".drafts"
_BUSY_FOR = timedelta(seconds=2)
_REFUSALS: dict[OnSend, Callable[[], ChannelRefused]] = {
    OnSend.REFUSES: lambda: ChannelRefused("the outbox refuses", "test_refused"),
    OnSend.INVALID: lambda: ChannelRefused("the outbox refuses", "test_invalid", invalid_address=True),
    OnSend.OPTED_OUT: lambda: ChannelOptedOut("the outbox refuses", "test_opted_out"),
}
# RFC 5322 allows 998 characters a line. At 78 Python would write a long link as an encoded word, and mail
# programs do not look for one in List-Unsubscribe.
_UNFOLDED = SMTP.clone(max_line_length=998)


class Outbox:
    """Writes .eml files and SMS texts below ``folder``."""

    name = "outbox"

    def __init__(self, folder: Path) -> None:
        """Use a folder; it is made when the first message comes."""
        self.folder = folder

    def send(self, message: Outgoing) -> Receipt:
        """Write the message's file, unless it is there already. To a test address: what that says."""
        outcome = outcome_of(message.channel, message.to)
        return self._act(message, outcome) if outcome else self._write(message)

    def _act(self, message: Outgoing, outcome: Outcome) -> Receipt:
        if refusal := _REFUSALS.get(outcome.on_send):
            raise refusal()
        if outcome.on_send is OnSend.NEVER_KNOWN:
            raise _lost()
        if outcome.on_send is OnSend.BUSY_ONCE and self._keep("busy", message.id, b""):
            msg = "the outbox wants a pause"
            raise ChannelBusy(msg, _BUSY_FOR)
        receipt = self._write(message)
        self._keep(
            "reports", reports.file_of(self.folder, message.id).name, reports.written(message, outcome)
        )
        if outcome.on_send is OnSend.LOSES_REPLY:
            raise _lost()
        return receipt

    def _keep(self, kind: str, name: str, content: bytes) -> bool:
        """Keep a file of our own, once. False if it is there already."""
        folder = self.folder / _OWN / kind
        folder.mkdir(parents=True, exist_ok=True)
        return _write_once(folder / name, content, self.folder / _OWN)

    def _write(self, message: Outgoing) -> Receipt:
        path = self.path(message)
        path.parent.mkdir(parents=True, exist_ok=True)
        body = _email(message) if message.channel is Channel.EMAIL else _sms(message)
        written = (
            Receipt(path.name, message.at)
            if _write_once(path, body, self.folder / _OWN)
            else self.find(message, message.at)
        )
        if written is None:
            msg = "the outbox file was removed while it was written"
            raise ChannelError(msg)
        return written

    def find(self, message: Outgoing, attempted_at: datetime) -> Receipt | None:  # noqa: ARG002 - a file needs no time
        """Return when the message was written, if it was. Raises `ChannelUncertain` for a test address."""
        outcome = outcome_of(message.channel, message.to)
        if outcome and outcome.on_send is OnSend.NEVER_KNOWN:
            raise _lost()
        path = self.path(message)
        if not path.exists():
            return None
        headers = BytesHeaderParser(policy=SMTP).parsebytes(path.read_bytes())
        return Receipt(path.name, parsedate_to_datetime(str(headers[_HEADER_AT])))

    def path(self, message: Outgoing) -> Path:
        """Return the one place of a message."""
        suffix = "email.eml" if message.channel is Channel.EMAIL else "sms.txt"
        name = f"{message.position}-{message.step}.{suffix}"
        return order_folder(self.folder, message.order_id) / name


def order_folder(folder: Path, order_id: str) -> Path:
    """Return where the messages of an order are, below the outbox's own folder."""
    return folder / (quote(order_id, safe=" ()#") or "_").replace(".", "%2E")


def drafts_of(folder: Path) -> Path:
    """Return where files are written before they have their names."""
    return folder / _OWN


def _lost() -> ChannelUncertain:
    return ChannelUncertain("the outbox's answer is lost")


def _write_once(path: Path, body: bytes, drafts: Path) -> bool:
    """Create the file whole. False, and nothing done, if it is there already."""
    drafts.mkdir(exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=drafts)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        Path(draft).unlink()
    return True


def _email(message: Outgoing) -> bytes:
    message = with_ascii_addresses(message)
    mail = EmailMessage(policy=_UNFOLDED)
    mail["From"] = formataddr((message.brand, message.sender))
    mail["To"] = message.to
    mail["Subject"] = message.subject or ""
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.id}@{message.sender.rpartition('@')[2]}>"
    for name, value in unsubscribe_headers(message).items():
        mail[name] = value
    mail["X-Afterglow-Message"] = message.id
    if message.reply_to:
        mail["Reply-To"] = message.reply_to
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    return mail.as_bytes()


def _sms(message: Outgoing) -> bytes:
    """An SMS with the same few headers, so that one reader serves both."""
    mail = EmailMessage(policy=SMTP)
    mail["To"] = message.to
    mail["Date"] = format_datetime(message.at)
    mail["X-Afterglow-Message"] = message.id
    mail.set_content(message.text, cte="8bit")
    return mail.as_bytes()
