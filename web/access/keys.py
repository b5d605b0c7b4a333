"""The keys that this process accepts: read again every few seconds, so that a request costs no statement."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from starlette.concurrency import run_in_threadpool

from campaign.errors import Unavailable
from intake.api_keys import ENVIRONMENT, USE_NOTED_EVERY, ActiveKey, Keys, digest_of, note_use, read_keys
from settings import Settings
from storage.database import Database

LIFETIME_SECONDS = 3.0
"""How old what is known of the keys may be: so long after `keys revoke` a key may still be accepted."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Admitted:
    """A request that may pass. ``key``: the name of its key; None where no key is needed."""

    key: str | None


@dataclass(frozen=True)
class Refused:
    """A request that may not pass, and what to do about it."""

    why: str


class Keyring:
    """The key of the environment, and those of the database. Used in the event loop only.

    The interface is open only where nobody but this machine can reach it and nobody has ever made a key:
    revoking the last one does not open it.
    """

    def __init__(
        self, settings: Settings, database: Database, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Use the settings' key and the database's. ``clock`` counts seconds."""
        token = settings.api_token
        self._own = (
            (ActiveKey(None, ENVIRONMENT, digest_of(token.get_secret_value())),) if token is not None else ()
        )
        self._may_be_open = settings.open_without_keys and not self._own
        self._database, self._clock = database, clock
        self._known = Keys((), any_made=False)
        self._read_at: float | None = None
        self._reading = asyncio.Lock()
        self._noted: dict[int, datetime] = {}

    async def check(self, given: str | None, now: datetime) -> Admitted | Refused:
        """Say whether a request with this key, or with none, may pass.

        Raises:
            Unavailable: the keys cannot be read. A key that was accepted before is not accepted unseen.
        """
        digest = digest_of(given) if given is not None else None
        if digest and _matching(self._own, digest):
            return Admitted(ENVIRONMENT)
        known = await self._fresh()
        if digest and (key := _matching(known.active, digest)):
            await self._note_use(key, now)
            return Admitted(key.name)
        if self._may_be_open and not known.any_made:
            return Admitted(None)
        if not (self._own or known.active):
            if known.any_made:
                return Refused("every key is revoked: make one with `afterglow keys add NAME`")
            return Refused("nobody has a key yet: make one with `afterglow keys add NAME`")
        return Refused("a bearer token is needed: a key that `afterglow keys add NAME` has made")

    async def _fresh(self) -> Keys:
        """Return the keys, at most so old. One request reads them, and all that wait take its answer."""
        if self._is_old():
            async with self._reading:
                if self._is_old():
                    read_at = self._clock()
                    self._known = await run_in_threadpool(self._read)
                    self._read_at = read_at
        return self._known

    def _is_old(self) -> bool:
        return self._read_at is None or self._clock() - self._read_at >= LIFETIME_SECONDS

    def _read(self) -> Keys:
        with self._database.reading() as session:
            return read_keys(session)

    async def _note_use(self, key: ActiveKey, now: datetime) -> None:
        """Write down about once an hour that a key is used. That this fails refuses nobody."""
        if key.id is None:
            return
        last = max(filter(None, (key.last_used_at, self._noted.get(key.id))), default=None)
        if last is not None and now - last < USE_NOTED_EVERY:
            return
        self._noted[key.id] = now
        try:
            await run_in_threadpool(self._write_use, key.id, now)
        except Unavailable as error:
            _log.warning("use of a key not written down", api_key=key.name, error=error.code)

    def _write_use(self, identifier: int, now: datetime) -> None:
        with self._database.transaction() as session:
            note_use(session, identifier, now)


def _matching(keys: tuple[ActiveKey, ...], digest: str) -> ActiveKey | None:
    """Return the key with a digest. All are compared, in constant time: the time taken says nothing."""
    found = [key for key in keys if secrets.compare_digest(key.digest, digest)]
    return found[0] if found else None
