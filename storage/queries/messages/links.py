"""Short links: one code for each target of a message, and what is clicked."""

from __future__ import annotations

import hashlib
import hmac
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select, update

from campaign.facts import MessageState
from storage.inserts import insert_all_once, insert_once
from storage.tables import LinkRow, MessageEventRow, MessageRow

CLICKED = "clicked"
CODE_LENGTH = 8
#: Different links of one message, clicked within this time, were opened by a machine.
BURST = timedelta(seconds=2)
#: Nobody has an email open so soon after it was handed to the provider.
TOO_SOON = timedelta(seconds=5)
_CODE = re.compile(r"[0-9A-Za-z]{1,20}", re.ASCII)
_DIGITS = string.digits + string.ascii_letters
_TRIES = 10


def likely_code(secret: str, message_id: str, target: str) -> str:
    """Return the code that a message's link gets, unless another link has it.

    It follows from the secret, so that a retry writes the same text, and nobody can work it out or
    guess it: 62^8 are 2 x 10^14.
    """
    return _derived(secret, f"{message_id}\x1f{target}\x1f0")


def store_links(session: Session, secret: str, message_id: str, targets: Sequence[str]) -> dict[str, str]:
    """Store a message's links; return the code of each target. One statement, where none is taken.

    A code that another link has already is passed over for the next that follows from the secret.

    Raises:
        RuntimeError: ten codes running are taken, which does not happen by chance.
    """
    codes: dict[str, str] = {}
    for number in range(_TRIES):
        open_targets = [target for target in targets if target not in codes]
        wanted = {_derived(secret, f"{message_id}\x1f{t}\x1f{number}"): t for t in open_targets}
        rows = [{"code": code, "message_id": message_id, "target": t} for code, t in wanted.items()]
        inserted = insert_all_once(session, LinkRow, rows, "code")
        codes |= {wanted[code]: code for code in inserted}
        if len(codes) < len(targets):
            mine = select(LinkRow.target, LinkRow.code).where(LinkRow.message_id == message_id)
            codes |= {target: code for target, code in session.exec(mine) if target in targets}
        if len(codes) == len(targets):
            return codes
    msg = "no free code for a link"
    raise RuntimeError(msg)


def _derived(secret: str, text: str) -> str:
    value = int.from_bytes(hmac.digest(b"link:" + secret.encode(), text.encode(), hashlib.sha256))
    digits = []
    for _ in range(CODE_LENGTH):
        value, digit = divmod(value, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(digits)


def find_link(session: Session, code: str) -> LinkRow | None:
    """Return the link of a code; None for anything that we never made."""
    return session.get(LinkRow, code) if _CODE.fullmatch(code) else None


@dataclass(frozen=True)
class Click:
    """Somebody followed a link. ``scanner``: the request itself says that it was a machine."""

    link: LinkRow
    at: datetime
    scanner: bool


def record_click(session: Session, click: Click) -> bool:
    """Write a click into its message's history; say whether a machine made it.

    At most one for each link, minute and kind, so that nobody can fill the table. Links that are
    clicked together are a scanner's, the one that was recorded first too.
    """
    message_id, minute = click.link.message_id, int(click.at.timestamp()) // 60
    burst = _burst(session, click)
    machine = click.scanner or bool(burst) or _too_soon(session, message_id, click.at)
    if burst:
        _mark(session, burst)
    insert_once(
        session,
        MessageEventRow,
        message_id=message_id,
        kind=CLICKED,
        at=click.at,
        event_id=f"click:{click.link.code}:{minute}:{'machine' if machine else 'person'}",
        machine=machine,
    )
    return machine


def _burst(session: Session, click: Click) -> list[int]:
    """Return the events of the message's other links that were clicked just now."""
    statement = select(MessageEventRow.id).where(
        MessageEventRow.message_id == click.link.message_id,
        MessageEventRow.kind == CLICKED,
        col(MessageEventRow.event_id).startswith("click:"),
        ~col(MessageEventRow.event_id).startswith(f"click:{click.link.code}:"),
        col(MessageEventRow.at).between(click.at - BURST, click.at + BURST),
    )
    return [identifier for identifier in session.exec(statement) if identifier is not None]


def _mark(session: Session, events: list[int]) -> None:
    marked = update(MessageEventRow).where(col(MessageEventRow.id).in_(events)).values(machine=True)
    session.connection().execute(marked)


def _too_soon(session: Session, message_id: str, at: datetime) -> bool:
    message = session.get(MessageRow, message_id)
    if message is None or message.sent_at is None or message.state != MessageState.SENT.value:
        return False
    return timedelta(0) <= at - message.sent_at < TOO_SOON
