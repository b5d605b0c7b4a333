"""Codes that the shop does not know yet: which are given to it next, and what it refuses of them.

A refused code waits, longer each time, and others go first: it keeps none of them from the shop.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text, update
from sqlmodel import Session, col

from campaign.offers.coupons import CouponState
from campaign.offers.shop_codes import pause_after
from storage.tables import CouponRow

_MADE = col(CouponRow.state) == CouponState.MADE.value
#: Written out, so that PostgreSQL sees that the partial index holds them all.
_REFUSED = text("coupons.push_again_at IS NOT NULL")
_LONGEST = 40


@dataclass(frozen=True)
class Refused:
    """How many of an offer's codes the shop has refused, and one of its reasons."""

    number: int = 0
    why: str | None = None


def codes_to_push(session: Session, offer: str, now: datetime, limit: int) -> Sequence[str]:
    """Return codes to give to the shop: new ones, oldest first; else refused ones that are due again."""
    mine, again_at = col(CouponRow.offer) == offer, col(CouponRow.push_again_at)
    new = select(col(CouponRow.code)).where(mine, _MADE, again_at.is_(None)).order_by(col(CouponRow.id))
    due = select(col(CouponRow.code)).where(mine, _MADE, _REFUSED, again_at <= now).order_by(again_at)
    for wanted in (new, due):
        if codes := session.execute(wanted.limit(limit)).scalars().all():
            return codes
    return ()


def record_refused(session: Session, offer: str, refused: Mapping[str, str], now: datetime) -> None:
    """Let refused codes wait, each longer than last time. ``refused``: the shop's error code of each code."""
    rows = session.execute(
        select(col(CouponRow.code), col(CouponRow.refusals)).where(
            col(CouponRow.offer) == offer, col(CouponRow.code).in_(list(refused)), _MADE
        )
    ).all()
    for (why, before), codes in _grouped(refused, [(row.code, row.refusals) for row in rows]).items():
        session.execute(
            update(CouponRow)
            .where(col(CouponRow.code).in_(codes), _MADE)
            .values(refusals=before + 1, refusal=why[:_LONGEST], push_again_at=now + pause_after(before + 1))
        )


def _grouped(
    refused: Mapping[str, str], counted: Sequence[tuple[str, int]]
) -> dict[tuple[str, int], list[str]]:
    """Return codes by why, and by how often before: each group is changed at once."""
    groups: dict[tuple[str, int], list[str]] = {}
    for code, before in counted:
        groups.setdefault((refused[code], before), []).append(code)
    return groups


def push_refused_now(session: Session, offer: str) -> None:
    """Let an offer's refused codes be given to the shop again at once: somebody has looked after it."""
    mine = (col(CouponRow.offer) == offer, _MADE, _REFUSED)
    session.execute(update(CouponRow).where(*mine).values(push_again_at=None))


def refused_of(session: Session, offers: Collection[str]) -> dict[str, Refused]:
    """Return what the shop refuses of these offers' codes; those without any are left out."""
    counted = (
        select(col(CouponRow.offer), func.count(), func.max(col(CouponRow.refusal)))
        .where(col(CouponRow.offer).in_(offers), _MADE, _REFUSED)
        .group_by(col(CouponRow.offer))
    )
    return {offer: Refused(number, why) for offer, number, why in session.execute(counted)}
