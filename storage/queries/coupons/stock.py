"""An offer's codes that nobody has: added, made known to the shop, counted, and void after their last day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.engine import CursorResult
from sqlmodel import Session, col

from campaign.offers.coupons import CouponState, Origin
from storage.batches import batches
from storage.columns import UtcDateTime
from storage.inserts import insert_all_once, insert_or_update
from storage.queries.coupons.pushing import Refused, refused_of
from storage.queries.coupons.reserving import record_there
from storage.tables import CouponRow, OfferStockRow

ROWS_AT_ONCE = 1_000
_EXPIRE = """
UPDATE coupons SET state = 'void', settled_at = :at WHERE id IN (
    SELECT id FROM coupons WHERE state IN ('reserved', 'issued') AND expires_at < :at
    ORDER BY expires_at LIMIT 1000{passing})
"""
_TYPED = bindparam("at", type_=UtcDateTime())
_EXPIRE_BY = {
    "postgresql": text(_EXPIRE.format(passing=" FOR UPDATE SKIP LOCKED")).bindparams(_TYPED),
    "sqlite": text(_EXPIRE.format(passing="")).bindparams(_TYPED),
}
_KNOWN = (
    update(CouponRow)
    .where(
        col(CouponRow.offer) == bindparam("of_offer"),
        col(CouponRow.code).in_(bindparam("of_codes", expanding=True)),
        col(CouponRow.state) == CouponState.MADE.value,
    )
    .values(state=CouponState.AVAILABLE.value, push_again_at=None, refusal=None)
)


@dataclass(frozen=True)
class Stock:
    """An offer's codes: ``made`` ones that the shop does not know yet, ``available`` ones, and of how many.

    ``filled``: how many were available when codes were added last; ``refused``: how many of ``made`` the shop
    has refused, and ``refusal`` its code for one of them.
    """

    offer: str
    made: int
    available: int
    filled: int
    empty_since: datetime | None
    refused: int = 0
    refusal: str | None = None

    @property
    def low(self) -> bool:
        """Whether a fifth or less is left of what there was."""
        return self.filled > 0 and self.available * 5 <= self.filled


def add_codes(
    session: Session, offer: str, codes: Iterable[str], origin: Origin, state: CouponState, now: datetime
) -> int:
    """Add codes that nobody has; return how many were not there yet. A code belongs to one offer for ever."""
    added = 0
    for batch in batches(codes, ROWS_AT_ONCE):
        rows = [
            {"offer": offer, "code": code, "origin": origin.value, "state": state.value, "added_at": now}
            for code in batch
        ]
        added += len(insert_all_once(session, CouponRow, rows, "id"))
    if added and state is CouponState.AVAILABLE:
        record_filled(session, offer)
    return added


def make_known(session: Session, offer: str, codes: Iterable[str]) -> int:
    """Let codes be given that the shop knows now; return how many."""
    connection, known = session.connection(), 0
    for batch in batches(codes, ROWS_AT_ONCE):
        known += connection.execute(_KNOWN, {"of_offer": offer, "of_codes": batch}).rowcount
    if known:
        record_filled(session, offer)
    return known


def record_filled(session: Session, offer: str) -> None:
    """Record that an offer has codes, and how many."""
    values = {"empty_since": None, "filled": count(session, offer, CouponState.AVAILABLE)}
    insert_or_update(session, OfferStockRow, set(values), offer=offer, given=0, spent=0, **values)


def count(session: Session, offer: str, state: CouponState) -> int:
    """Return how many of an offer's codes are in a state."""
    mine = (col(CouponRow.offer) == offer, col(CouponRow.state) == state.value)
    found: int = session.execute(select(func.count()).select_from(CouponRow).where(*mine)).scalar_one()
    return found


def codes_in(session: Session, offer: str, state: CouponState, limit: int) -> Sequence[str]:
    """Return codes of an offer in a state, oldest first."""
    mine = (col(CouponRow.offer) == offer, col(CouponRow.state) == state.value)
    return session.execute(
        select(col(CouponRow.code)).where(*mine).order_by(col(CouponRow.id)).limit(limit)
    ).scalars().all()  # fmt: skip


def stock_of(session: Session, offer: str) -> Stock:
    """Return how an offer's codes stand."""
    return stocks_of(session, [offer])[0]


def stocks_of(session: Session, offers: Iterable[str]) -> list[Stock]:
    """Return how the codes of these offers stand, in three statements for all of them."""
    wanted = list(offers)
    free = (CouponState.MADE, CouponState.AVAILABLE)
    counted = (
        select(col(CouponRow.offer), col(CouponRow.state), func.count())
        .where(col(CouponRow.offer).in_(wanted), col(CouponRow.state).in_([state.value for state in free]))
        .group_by(col(CouponRow.offer), col(CouponRow.state))
    )
    numbers = {(offer, state): number for offer, state, number in session.execute(counted)}
    columns = (col(OfferStockRow.offer), col(OfferStockRow.filled), col(OfferStockRow.empty_since))
    rows = session.execute(select(*columns).where(col(OfferStockRow.offer).in_(wanted)))
    known = {offer: (filled, empty_since) for offer, filled, empty_since in rows}
    refused = refused_of(session, wanted)

    def stock(offer: str) -> Stock:
        made, available = (numbers.get((offer, state.value), 0) for state in free)
        filled, empty_since = known.get(offer, (0, None))
        kept = refused.get(offer, Refused())
        return Stock(offer, made, available, filled, empty_since, kept.number, kept.why)

    return [stock(offer) for offer in wanted]


def all_stocks(session: Session) -> list[Stock]:
    """Return how the codes of every offer stand that ever had any."""
    offers = session.execute(select(col(OfferStockRow.offer)).order_by(col(OfferStockRow.offer)))
    return stocks_of(session, offers.scalars().all())


def correct_empty(session: Session, offers: Collection[str]) -> None:
    """Correct what says that an offer has run out where it has codes again."""
    for offer in offers:
        if codes_in(session, offer, CouponState.AVAILABLE, 1):
            record_there(session, offer)


def void_expired(session: Session, now: datetime) -> int:
    """Void coupons whose last day is over, also what was never issued; return how many, at most 1,000.

    It passes over rows that somebody holds: nobody waits.
    """
    done = session.connection().execute(_EXPIRE_BY[session.get_bind().dialect.name], {"at": now})
    assert isinstance(done, CursorResult)  # noqa: S101 - what changes rows counts them
    return done.rowcount
