"""Codes made ahead: none is shown before the shop knows it, so that none is dead on arrival.

A shop of your own, which has its coupons redeemed here, knows a code as soon as it is made. Another one is
given codes in batches (`campaign.offers.shop_codes`) or by a file, and has said that it has them, before they
can be reserved. Codes given one by one, as they are reserved, would make every message wait for the shop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from campaign.definition.model import Definition, ShopSystem
from campaign.definition.offers.offer import Codes, Offer
from campaign.errors import Unavailable
from campaign.offers.codes import new_code
from campaign.offers.coupons import CouponState, Origin
from campaign.offers.shop_codes import Handed, ShopCodes
from storage.database import Database
from storage.queries.coupons.pushing import codes_to_push, record_refused
from storage.queries.coupons.stock import (
    Stock,
    add_codes,
    correct_empty,
    make_known,
    stock_of,
    stocks_of,
    void_expired,
)

_MOST_TURNS = 200
"""Batches of one kind in one turn of the schedule: the next turn does the rest."""


def personal_offers(definition: Definition) -> Mapping[str, Offer]:
    """Return the offers whose codes are the customer's own."""
    return {name: offer for name, offer in definition.offers.items() if offer.personal}


def keep_stock(
    database: Database, definition: Definition, shop: ShopCodes | None, now: datetime
) -> list[Stock]:
    """Void what is over, make codes where they run low and give them to the shop; return how offers stand.

    Raises:
        Unavailable: the shop does not take codes, and of which offers; what it has taken counts, and the
            other offers have been given theirs.
    """
    for _ in range(_MOST_TURNS):
        if database.retrying(lambda session: void_expired(session, now)) == 0:
            break
    offers = personal_offers(definition)
    database.retrying(lambda session: correct_empty(session, offers))
    failed = []
    for name, offer in offers.items():
        if offer.coupon is Codes.SINGLE_USE:
            _fill(database, definition, name, offer, now)
        try:
            hand_over(database, name, offer, shop, now)
        except Unavailable as error:
            failed.append(f"{name}: {error}")
    if failed:
        raise Unavailable("; ".join(failed))
    with database.reading() as session:
        return stocks_of(session, offers)


def make_first_codes(database: Database, definition: Definition, now: datetime) -> list[str]:
    """Make codes where they run low, as a worker starts: messages need not wait for the schedule's turn.

    Returns the offers that have none to give all the same, since the shop does not know their codes yet.
    """
    offers = {name: o for name, o in personal_offers(definition).items() if o.coupon is Codes.SINGLE_USE}
    for name, offer in offers.items():
        _fill(database, definition, name, offer, now)
    with database.reading() as session:
        return [stock.offer for stock in stocks_of(session, offers) if not stock.available]


def _fill(database: Database, definition: Definition, name: str, offer: Offer, now: datetime) -> None:
    """Make codes once half of those kept ready are gone.

    For those that the shop refuses others are made, though no more than are kept ready: where it refuses
    these, too, it is not for the codes.
    """
    with database.reading() as session:
        stock = stock_of(session, name)
    there = stock.made - min(stock.refused, offer.keep_ready) + stock.available
    if there * 2 <= offer.keep_ready:
        make_codes(database, definition, name, offer.keep_ready - there, now)


def make_codes(database: Database, definition: Definition, name: str, number: int, now: datetime) -> int:
    """Make codes of an offer; return how many. The shop knows them at once where it redeems here."""
    own = definition.shop.system is ShopSystem.OWN
    state = CouponState.AVAILABLE if own else CouponState.MADE
    offer = definition.offers[name]
    codes = {new_code(offer.prefix) for _ in range(number)}
    return database.retrying(
        lambda session: add_codes(session, name, sorted(codes), Origin.GENERATED, state, now)
    )


def hand_over(database: Database, name: str, offer: Offer, shop: ShopCodes | None, now: datetime) -> int:
    """Give the codes that the shop does not know to it; return how many it has taken. Raises as `keep_stock`.

    Nothing is locked meanwhile: who dies between the shop's answer and ours gives the same codes again. What
    the shop refuses waits, and the next batch is given; a batch of which nothing is known ends the turn.
    """
    taken = 0
    while shop is not None and shop.takes(offer):
        with database.reading() as session:
            codes = codes_to_push(session, name, now, shop.most)
        if not codes:
            break
        handed = shop.add(offer, codes)
        taken += database.retrying(_recording(name, codes, handed, now))
        if not handed.there and not handed.refused:
            break
    return taken


def _recording(name: str, codes: Sequence[str], handed: Handed, now: datetime) -> Callable[[Session], int]:
    """Return what records what became of a batch. One of which nothing is known waits as if refused."""
    given = set(codes)
    there = [code for code in handed.there if code in given]
    refused = {code: why for code, why in handed.refused.items() if code in given}
    waiting = refused if there or refused else dict.fromkeys(codes, "unfinished")

    def record(session: Session) -> int:
        record_refused(session, name, waiting, now)
        return make_known(session, name, there)

    return record
