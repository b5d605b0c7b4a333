"""Opt-outs and suppressions that outlive an erasure, by a keyed hash of the address.

What a customer took back holds after the erasure too (Virginia: ten years, Va. Code 59.1-514 as amended by
SB 1339 of 2025), but the address itself may not be kept. When it comes back, what was kept is written down
again before anything can be sent to it, and then holds, or is lifted, as for anybody.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlmodel import Session, col

from campaign.reasons import Channel
from storage.database import OPT_OUT_KEYS
from storage.inserts import insert_all_once
from storage.queries.people.consents import record_consents, suppress
from storage.tables import KeptOptOutRow

Address = tuple[Channel, str]
REVOKED, ERASED = "revoked", "erased"
HASHED = "hash:"
"""How the address of an erased person's message begins: its hash, for what is reported of it later."""
SOURCE = "kept opt-out"

_FIND = select(
    col(KeptOptOutRow.id),
    col(KeptOptOutRow.channel),
    col(KeptOptOutRow.digest),
    col(KeptOptOutRow.reason),
    col(KeptOptOutRow.at),
).where(
    col(KeptOptOutRow.channel).in_([channel.value for channel in Channel]),
    col(KeptOptOutRow.digest).in_(bindparam("digests", expanding=True)),
)
_LATER = (
    update(KeptOptOutRow)
    .where(
        *(
            col(getattr(KeptOptOutRow, name)) == bindparam(f"to_{name}")
            for name in ("channel", "digest", "reason")
        ),
        col(KeptOptOutRow.at) < bindparam("to_at"),
    )
    .values(at=bindparam("to_at"))
)
_DELETE = delete(KeptOptOutRow).where(col(KeptOptOutRow.id).in_(bindparam("ids", expanding=True)))


def digest_of(key: str, channel: Channel, address: str) -> str:
    """Return the hash of an address in normal form: nobody without the key can get from one to the other."""
    text = f"opt-out {channel.value}:{address}"
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def newest_key(session: Session) -> str:
    """Return the key that new hashes are made with.

    Raises:
        RuntimeError: the database was opened without keys: an erasure would lose opt-outs.
    """
    keys: tuple[str, ...] = session.info.get(OPT_OUT_KEYS, ())
    if not keys:
        msg = "open the database with opt_out_keys to erase anybody"
        raise RuntimeError(msg)
    return keys[0]


def keep(session: Session, kept: Iterable[tuple[Address, str, datetime]]) -> None:
    """Keep by its hash what holds for an address: the address, the reason, and since when."""
    key = newest_key(session)
    rows = [
        {"channel": channel.value, "digest": digest_of(key, channel, address), "reason": reason, "at": at}
        for (channel, address), reason, at in kept
    ]
    _keep_rows(session, rows)


def _keep_rows(session: Session, rows: list[dict[str, Any]]) -> None:
    """Of two that say the same of one address the later one counts: what was granted between is off."""
    insert_all_once(session, KeptOptOutRow, rows, "id")
    if rows:
        session.connection().execute(_LATER, [{f"to_{name}": row[name] for name in row} for row in rows])


def hashed(session: Session, channel: Channel, address: str) -> str:
    """Return what an erased person's messages have in the place of their address."""
    return HASHED + digest_of(newest_key(session), channel, address)


def is_hashed(address: str | None) -> bool:
    """Return whether a message's address was erased."""
    return address is not None and address.startswith(HASHED)


def keep_hashed(session: Session, channel: Channel, hashed: str, reason: str, at: datetime) -> None:
    """Keep what is reported of an erased person's message: only the hash of its address is here."""
    row = {"channel": channel.value, "digest": hashed.removeprefix(HASHED), "reason": reason, "at": at}
    _keep_rows(session, [row])


def is_kept(session: Session, channel: Channel, hashed: str, reason: str) -> bool:
    """Return whether that is kept for the hashed address of an erased person's message."""
    values = {"channel": channel.value, "digest": hashed.removeprefix(HASHED), "reason": reason}
    return session.execute(select(col(KeptOptOutRow.id)).filter_by(**values)).first() is not None


def restore_kept(session: Session, addresses: Collection[Address]) -> None:
    """Write down again what was kept for these addresses (in normal form): they are known again.

    One statement where nothing was kept. The addresses are locked.
    """
    for found, address in kept_for(session, addresses):
        if found.reason == REVOKED:
            _revoke(session, address, found.at)
        elif found.reason != ERASED:
            suppress(session, address[0], address[1], found.reason, SOURCE, found.at)
        session.connection().execute(_DELETE, {"ids": [found.id]})


def was_erased(session: Session, address: Address) -> bool:
    """Return whether an address was erased, and has not come back since."""
    return bool(kept_for(session, [address]))


def keep_late_opt_out(session: Session, address: Address, now: datetime) -> None:
    """Keep an opt-out of an erased address, without the address."""
    forget_opt_out(session, address)
    keep(session, [(address, REVOKED, now)])


def forget_opt_out(session: Session, address: Address) -> None:
    """Let go of a kept opt-out that its owner has taken back. Bounces and complaints stay."""
    lifted = [found.id for found, _ in kept_for(session, [address]) if found.reason in (REVOKED, "opted_out")]
    if lifted:
        session.connection().execute(_DELETE, {"ids": lifted})


def kept_for(session: Session, addresses: Collection[Address]) -> list[tuple[KeptOptOutRow, Address]]:
    """Return what is kept for addresses (in normal form), each with its address. One statement."""
    keys: tuple[str, ...] = session.info.get(OPT_OUT_KEYS, ())
    digests = {
        digest_of(key, channel, address): (channel, address) for key in keys for channel, address in addresses
    }
    if not digests:
        return []
    rows = session.connection().execute(_FIND, {"digests": sorted(digests)}).mappings().all()
    return [(KeptOptOutRow(**row), digests[row["digest"]]) for row in rows]


def _revoke(session: Session, address: Address, at: datetime) -> None:
    entry = {"channel": address[0].value, "address": address[1], "state": "revoked", "source": SOURCE}
    more = {"customer_id": None, "at": at, "wording": None, "confirmed": False}
    record_consents(session, [{**entry, **more}])
