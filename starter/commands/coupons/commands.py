"""Commands about customers' own codes: upload, make, hand to the shop, list, redeem."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from campaign.definition.model import Definition
from campaign.definition.offers.offer import Codes, Offer
from campaign.errors import BadInput, Problem, Unavailable
from campaign.fields.money import Money
from campaign.fields.times import UtcTime
from campaign.offers.coupons import CouponState, Origin
from campaign.offers.redemption import RedeemOutcome
from content.loading import read_definition
from intake.coupons.redeeming import redeem as redeem_coupon
from starter import clock
from starter.commands.console import command, counted, database, err, out, settings, shown_of, table, when
from starter.commands.coupons.files import read_codes
from starter.inputs import parse_field
from starter.shops.shopify_codes import shop_codes
from storage.queries.coupons.filling import hand_over, make_codes, personal_offers
from storage.queries.coupons.listing import ended_codes, list_coupons
from storage.queries.coupons.pushing import push_refused_now
from storage.queries.coupons.redeeming import Use
from storage.queries.coupons.stock import (
    Stock,
    add_codes,
    all_stocks,
    codes_in,
    count,
    make_known,
    stock_of,
    stocks_of,
)

MOST = 100_000
app = typer.Typer(help="Customers' own codes: docs/offers.md.", no_args_is_help=True)
OfferName = Annotated[str, typer.Argument(metavar="OFFER", help="The offer's name in campaign.toml.")]
CodesFile = Annotated[Path, typer.Argument(help="CSV with a code a line, or in the column `code`.")]


@app.command()
@command
def upload(offer: OfferName, file: CodesFile) -> None:
    """Add codes of your shop to an offer's pool. All of the file or nothing; codes that are here stay."""
    _offer(offer, Codes.POOL)
    codes = read_codes(file)
    with database() as opened:
        added = opened.retrying(
            lambda s: add_codes(s, offer, codes, Origin.POOL, CouponState.AVAILABLE, clock.now())
        )
    out.print(f"{offer}: {counted(added, 'code')} added, {len(codes) - added} here before", highlight=False)


@app.command()
@command
def make(
    offer: OfferName,
    number: Annotated[int, typer.Option(min=1, max=MOST, help="How many.")] = 1_000,
) -> None:
    """Make codes now. The worker makes them by itself when they run low, within the hour."""
    definition, _ = _offer(offer, Codes.SINGLE_USE)
    with database() as opened:
        made = make_codes(opened, definition, offer, number, clock.now())
    out.print(f"{offer}: {counted(made, 'code')} made", highlight=False)


@app.command()
@command
def export(
    offer: OfferName,
    out_file: Annotated[Path | None, typer.Option("--out", help="Write to this file.")] = None,
) -> None:
    """Write the codes that the shop does not know yet as CSV: import them there, then `coupons ready`."""
    _, found = _offer(offer)
    with database() as opened, opened.reading() as session:
        codes = codes_in(session, offer, CouponState.MADE, MOST)
    kind = (found.percent or "", found.amount or "", "yes" if found.free_shipping else "no", 1)
    heading = ("code", "percent", "amount", "free_shipping", "usage_limit")
    _write_csv(out_file, heading, ((code, *kind) for code in codes))
    err.print(f"{offer}: {counted(len(codes), 'code')} that the shop does not know", highlight=False)


@app.command()
@command
def ready(offer: OfferName, file: CodesFile) -> None:
    """Let the codes of an exported file be given: the shop has imported them."""
    _offer(offer)
    codes = read_codes(file)
    with database() as opened:
        known = opened.retrying(lambda session: make_known(session, offer, codes))
    out.print(f"{offer}: {counted(known, 'code')} ready, {len(codes) - known} not waiting", highlight=False)


@app.command()
@command
def push(offer: OfferName) -> None:
    """Give the codes that Shopify does not know to it, over its Admin API; also those that it has refused."""
    _, found = _offer(offer)
    shop = shop_codes(settings())
    if shop is None or not shop.takes(found):
        where, what = "AFTERGLOW_SHOPIFY_ADMIN_TOKEN", "no shop takes the codes"
        fix = "set it with AFTERGLOW_SHOPIFY_STORE, and the offer's shopify_discount; or `coupons export`"
        raise BadInput([Problem(where, what, fix)])
    with database() as opened:
        opened.retrying(lambda session: push_refused_now(session, offer))
        taken = hand_over(opened, offer, found, shop, clock.now())
        with opened.reading() as session:
            stock = stock_of(session, offer)
    out.print(f"{offer}: Shopify has {counted(taken, 'code')} more", highlight=False)
    _warn_refused(stock)


@app.command()
@command
def ended(
    offer: OfferName,
    since: Annotated[str, typer.Option(help="Whose last day ended then or later, with an offset.")],
    out_file: Annotated[Path | None, typer.Option("--out", help="Write to this file.")] = None,
) -> None:
    """Write the codes that ended unused as CSV, to be deleted at the shop: there they have no last day."""
    start, now = parse_field(UtcTime, "--since", since), clock.now()
    with database() as opened, opened.reading() as session:
        _known_or_kept(session, offer)
        rows = ended_codes(session, offer, start, now, MOST)
    _write_csv(out_file, ("code", "ended_at"), ((code, at.isoformat()) for code, at in rows))
    more = f"; for more, --since {rows[-1][1].isoformat()}" if len(rows) == MOST else ""
    err.print(f"{offer}: {counted(len(rows), 'code')} ended unused{more}", highlight=False)


@app.command()
@command
def status() -> None:
    """Show how many codes each offer has left, and what became of the others."""
    campaign = settings().campaign
    names = personal_offers(read_definition(campaign))
    if not names:
        out.print(f"no offer of {campaign} has codes of its own", highlight=False, soft_wrap=True)
        return
    shown = table(
        "Coupons", "offer", "not at the shop", "left", "of", "issued", "redeemed", "empty since (UTC)"
    )
    with database() as opened, opened.reading() as session:
        stocks = stocks_of(session, names)
        for stock in stocks:
            name = stock.offer
            used = [count(session, name, state) for state in (CouponState.ISSUED, CouponState.REDEEMED)]
            numbers = map(str, (stock.made, stock.available, stock.filled, *used))
            shown.add_row(name, *numbers, when(stock.empty_since))
    out.print(shown)
    for stock in stocks:
        if stock.low:
            left = "a fifth or less is left" if stock.available else "no code is left"
            out.print(f"{stock.offer}: {left}", style="yellow", highlight=False)
        _warn_refused(stock)


def _warn_refused(stock: Stock) -> None:
    """Say how many codes the shop refuses, and why."""
    if stock.refused:
        text = f"{stock.offer}: the shop refuses {counted(stock.refused, 'code')} ({stock.refusal})"
        out.print(text, style="yellow", highlight=False)


@app.command("list")
@command
def list_codes(
    offer: Annotated[str, typer.Argument(metavar="OFFER", help="The offer's name.")],
    state: Annotated[CouponState, typer.Option(help="Only those in this state.")] = CouponState.ISSUED,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="At most so many.")] = 20,
) -> None:
    """List an offer's coupons in one state, the newest first. Never whose they are: by order."""
    with database() as opened, opened.reading() as session:
        _known_or_kept(session, offer)
        rows, total = list_coupons(session, offer, state, limit)
    shown = table(f"{offer}: {state.value}", "code", "order", "step", "last day ends (UTC)", "used with")
    for row in rows:
        ends = when(row.expires_at)
        shown.add_row(row.code, row.order_id or "-", row.step or "-", ends, row.redeemed_order_id or "-")
    out.print(shown)
    out.print(shown_of(len(rows), total), highlight=False)


@app.command()
@command
def redeem(
    code: Annotated[str, typer.Argument(help="The code, in capitals or not.")],
    order: Annotated[str, typer.Option(help="The order that it is used with.")],
    amount: Annotated[str | None, typer.Option(help="What it takes off, such as 7.96.")] = None,
) -> None:
    """Redeem a coupon with an order, as `POST /coupons/{code}/redeem` does."""
    use = Use(code, order, clock.now(), parse_field(Money | None, "--amount", amount))
    with database() as opened:
        found = opened.retrying(lambda session: redeem_coupon(session, use))
    before = " before" if found.outcome is RedeemOutcome.REPEATED else ""
    out.print(f"{found.offer}: redeemed with order {order}{before}", highlight=False)


def _write_csv(file: Path | None, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows to a file, or to standard output without one.

    Raises:
        Unavailable: the file cannot be written to.
    """
    try:
        with file.open("w", encoding="utf-8", newline="") if file else nullcontext(sys.stdout) as target:
            writer = csv.writer(target)
            writer.writerow(heading)
            writer.writerows(rows)
    except OSError:
        msg = f"{file} cannot be written to"
        raise Unavailable(msg) from None


def _known_or_kept(session: Session, name: str) -> None:
    """Refuse an offer that the campaign does not have, and that never had codes. Raises as `_known`."""
    defined = read_definition(settings().campaign).offers
    _known(name, [*defined, *(stock.offer for stock in all_stocks(session))])


def _known(name: str, offers: Iterable[str]) -> None:
    """Refuse the name of an offer that there is none of, with the nearest one.

    Raises:
        BadInput: no such offer.
    """
    names = sorted(set(offers))
    if name not in names:
        near = get_close_matches(name, names, 1)
        fix = (
            f'did you mean "{near[0]}"?' if near else f"write one of: {', '.join(names) or '(none defined)'}"
        )
        raise BadInput([Problem("OFFER", f'"{name}" is not defined', fix)])


def _wrong_kind(definition: Definition, name: str, codes: Codes | None) -> Problem:
    """Say which codes an offer would have to have, and which offers have them."""
    wanted = f'"{codes.value}"' if codes else '"single_use" or "pool"'
    fitting = [
        each for each in personal_offers(definition) if codes in (None, definition.offers[each].coupon)
    ]
    others = f", or name one that has: {', '.join(fitting)}" if fitting else ""
    what = f"[offers.{name}] has no coupon = {wanted}"
    return Problem("OFFER", what, f"write it there{others}")


def _offer(name: str, codes: Codes | None = None) -> tuple[Definition, Offer]:
    """Return an offer whose codes are the customer's own, of one kind if given.

    Raises:
        BadInput: there is none.
    """
    definition = read_definition(settings().campaign)
    _known(name, definition.offers)
    offer = definition.offers.get(name)
    if offer is None or not offer.personal or (codes and offer.coupon is not codes):
        raise BadInput([_wrong_kind(definition, name, codes)])
    return definition, offer
