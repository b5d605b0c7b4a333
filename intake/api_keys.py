"""Keys of the HTTP interface: made, listed, revoked. A key itself is kept nowhere, only its SHA-256.

No slow hash: those make it dear to guess what people choose. A key has 256 random bits, which nobody
guesses, and each request would pay for the slowness.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from campaign.errors import BadInput, NotFound, Problem
from storage.inserts import insert_once
from storage.tables import ApiKeyRow

KEY_PREFIX = "agk_"
"""So that a key is recognised where it should not be: in a repository, a log, a chat."""
KEY_BYTES = 32
ENVIRONMENT = "environment"
"""The name of the key of ``AFTERGLOW_API_TOKEN``, in logs."""
USE_NOTED_EVERY = timedelta(hours=1)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True)
class ActiveKey:
    """A key that is accepted. ``id`` is None for the one of the environment, of which no use is noted."""

    id: int | None
    name: str
    digest: str
    last_used_at: datetime | None = None


@dataclass(frozen=True)
class Keys:
    """The keys that are accepted; ``any_made``: there is a key, or there was one before it was revoked."""

    active: tuple[ActiveKey, ...]
    any_made: bool


def digest_of(key: str) -> str:
    """Return what is kept of a key: its SHA-256, in hexadecimal digits."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def add_key(session: Session, name: str, now: datetime) -> str:
    """Make a key and return it: it can be shown this once, and never again.

    Raises:
        BadInput: no name for a key, or one that a key has or had.
    """
    if not _NAME.fullmatch(name) or name == ENVIRONMENT:
        fix = f'write 1 to 40 letters, digits, ".", "_" or "-", and not "{ENVIRONMENT}"'
        raise BadInput([Problem("name", "cannot be a key's name", fix)])
    key = KEY_PREFIX + secrets.token_urlsafe(KEY_BYTES)
    if not insert_once(session, ApiKeyRow, name=name, digest=digest_of(key), created_at=now):
        what = "is the name of another key, or of a revoked one"
        raise BadInput([Problem("name", what, "take another: logs must say whose requests they were")])
    return key


def revoke_key(session: Session, name: str, now: datetime) -> bool:
    """Revoke a key; False if it was revoked already.

    Raises:
        NotFound: no key has this name.
    """
    statement = (
        update(ApiKeyRow)
        .where(col(ApiKeyRow.name) == name, col(ApiKeyRow.revoked_at).is_(None))
        .values(revoked_at=now)
        .returning(col(ApiKeyRow.id))
    )
    if session.execute(statement).first():
        return True
    if session.exec(select(ApiKeyRow.id).where(ApiKeyRow.name == name)).first() is None:
        raise NotFound(f"no key has the name {name}")
    return False


def all_keys(session: Session) -> Sequence[ApiKeyRow]:
    """Return every key, revoked ones too, in the order in which they were made."""
    return session.exec(select(ApiKeyRow).order_by(col(ApiKeyRow.id))).all()


def read_keys(session: Session) -> Keys:
    """Return the keys that are accepted now, in one statement."""
    rows = all_keys(session)
    active = tuple(
        ActiveKey(row.id, row.name, row.digest, row.last_used_at) for row in rows if row.revoked_at is None
    )
    return Keys(active, any_made=bool(rows))


def note_use(session: Session, identifier: int, now: datetime) -> None:
    """Write down that a key was used, unless that was done within the hour."""
    last = col(ApiKeyRow.last_used_at)
    long_ago = or_(last.is_(None), last <= now - USE_NOTED_EVERY)
    session.execute(
        update(ApiKeyRow).where(col(ApiKeyRow.id) == identifier, long_ago).values(last_used_at=now)
    )
