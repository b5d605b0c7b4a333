"""The embedded default: every message as a file that a person can open.

``<folder>/<order>/<position>-<step>.<channel>.eml`` or ``.txt``. A file's name is made from the message alone
and it is created all at once or not at all, so a message cannot be there twice or by half, whatever
is killed when.
"""

from __future__ import annotations

import os
import tempfile
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parsedate_to_datetime
from pathlib import Path
from urllib.parse import quote

from campaign.errors import ChannelError
from campaign.reasons import Channel
from channels.addresses import with_ascii_addresses
from channels.protocol import Outgoing, Receipt
from channels.unsubscribe import unsubscribe_headers

_HEADER_AT = "Date"
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
        """Write the message's file, unless it is there already."""
        path = self.path(message)
        path.parent.mkdir(parents=True, exist_ok=True)
        body = _email(message) if message.channel is Channel.EMAIL else _sms(message)
        written = (
            Receipt(path.name, message.at)
            if _write_once(path, body, self.folder / ".drafts")
            else self.find(message, message.at)
        )
        if written is None:
            msg = "the outbox file was removed while it was written"
            raise ChannelError(msg)
        return written

    def find(self, message: Outgoing, attempted_at: datetime) -> Receipt | None:  # noqa: ARG002 - a file needs no time
        """Return when the message was written, if it was."""
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
