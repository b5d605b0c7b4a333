"""What a message could show, by kind, in one statement of index reads. Nothing grows with the shop's orders.

Lists are cut before they are numbered: else the database would number the whole catalogue. Availability is
looked up by a scalar subquery: PostgreSQL would read the whole catalogue for a join or an EXISTS.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Float, String, bindparam, inspect, text
from sqlmodel import Session

from campaign.catalogue.owned import History
from campaign.catalogue.shelf import CHAIN, NEW_DAYS, Kind, Recommendation
from campaign.reviews.proof import Average, Quoted
from campaign.wire import Product
from storage.columns import UtcDateTime
from storage.queries.reviews import proof
from storage.tables import ProductRow

_KNOWN = "known"
_LISTS = ("own", "leads", "excluded", "due", "categories")
_COLUMNS = tuple(column for column in inspect(ProductRow).columns if column.key in Product.model_fields)
_SHOWN = "{p}.available AND {p}.recommend AND CAST({p}.price AS REAL) > 0"
_NOT_HIS = "coalesce({p}.family, {p}.sku) NOT IN (SELECT family FROM excluded)"
_FITS = f"(SELECT {_SHOWN} AND {_NOT_HIS} FROM products p WHERE p.sku = {{sku}})"  # noqa: S608 - ours
_VARIANT = "row_number() OVER (PARTITION BY family ORDER BY sku) AS variant"
#: Of what is new and of the whole catalogue so many variants are looked at: a product may have hundreds.
LOOKED_AT = 200
_STATEMENT = (
    text(f"""
WITH excluded AS (SELECT coalesce(family, sku) AS family FROM products WHERE sku IN :excluded),
wanted(use, place, sku, score, source) AS (
  SELECT '{_KNOWN}', 0, sku, 0, NULL FROM products WHERE sku IN :own
  UNION ALL SELECT '{Kind.RUNS_OUT}', 0, d.sku, 0, NULL FROM products d
  WHERE d.sku IN :due AND {_SHOWN.format(p="d")}
  UNION ALL SELECT * FROM (
    SELECT '{Kind.BEST_SELLER}', b.rank, b.sku, b.quantity, NULL FROM best_sellers b
    WHERE b.category = '' AND {_FITS.format(p="p", sku="b.sku")}
    ORDER BY b.rank LIMIT :most_{Kind.BEST_SELLER}) best
  UNION ALL SELECT '{Kind.CATEGORY}', row_number() OVER (ORDER BY quantity DESC, sku), sku, quantity, NULL
  FROM (
    SELECT b.sku, b.quantity FROM best_sellers b
    WHERE b.category IN :categories AND {_FITS.format(p="p", sku="b.sku")}
    ORDER BY b.quantity DESC, b.sku LIMIT :most_{Kind.CATEGORY}) category
  UNION ALL SELECT '{Kind.NEW}', row_number() OVER (ORDER BY added_at DESC, sku DESC), sku, 0, NULL FROM (
    SELECT * FROM (SELECT sku, added_at, {_VARIANT} FROM (
      SELECT n.sku, n.added_at, coalesce(n.family, n.sku) AS family FROM products n
      WHERE n.added_at > :since AND n.added_at <= :now
        AND {_SHOWN.format(p="n")} AND {_NOT_HIS.format(p="n")}
      ORDER BY n.added_at DESC, n.sku DESC LIMIT :variants_{Kind.NEW}) looked_at) v
    WHERE v.variant = 1 ORDER BY v.added_at DESC, v.sku DESC LIMIT :most_{Kind.NEW}) new
  UNION ALL SELECT '{Kind.TOGETHER}', row_number() OVER (ORDER BY own DESC, score DESC, other_sku),
                   other_sku, score, sku FROM (
    SELECT * FROM (SELECT other_sku, sku, CASE WHEN sku IN :own THEN 1 ELSE 0 END AS own,
                 sum(score) OVER (PARTITION BY other_sku) AS score, row_number() OVER (
                     PARTITION BY other_sku ORDER BY CASE WHEN sku IN :own THEN 0 ELSE 1 END, score DESC, sku
                 ) AS place
          FROM bought_together WHERE sku IN :leads AND {_FITS.format(p="p", sku="other_sku")}) t
    WHERE t.place = 1 ORDER BY t.own DESC, t.score DESC, t.other_sku LIMIT :most_{Kind.TOGETHER}) together
  UNION ALL SELECT '{Kind.CATALOGUE}', row_number() OVER (ORDER BY sku), sku, 0, NULL FROM (
    SELECT * FROM (SELECT sku, {_VARIANT} FROM (
      SELECT c.sku, coalesce(c.family, c.sku) AS family FROM products c
      WHERE {_SHOWN.format(p="c")} AND {_NOT_HIS.format(p="c")}
      ORDER BY c.sku LIMIT :variants_{Kind.CATALOGUE}) looked_at) v
    WHERE v.variant = 1 ORDER BY v.sku LIMIT :most_{Kind.CATALOGUE}) catalogue)
SELECT w.use, w.score, (SELECT s.name FROM products s WHERE s.sku = w.source) AS source,
       coalesce(q.family, q.sku) AS family,
       {", ".join(f"q.{column.key}" for column in _COLUMNS)}, {proof.SELECTED}
FROM wanted w JOIN products q ON q.sku = w.sku {proof.JOINED} ORDER BY w.use, w.place""")  # noqa: S608 - ours
    .bindparams(
        *(bindparam(name, expanding=True, type_=String) for name in _LISTS),
        *(bindparam(name, type_=UtcDateTime) for name in ("since", "now")),
    )
    .columns(score=Float, **{column.key: column.type for column in _COLUMNS})
)


@dataclass(frozen=True)
class Candidates:
    """What could be shown, by kind, best first; and the products of the message's own orders by sku.

    ``quotes``: customers' words, by sku; ``rating``: what all ratings of the shop come to.
    """

    known: Mapping[str, Product]
    by_kind: Mapping[Kind, Sequence[Recommendation]]
    quotes: Mapping[str, Quoted]
    rating: Average | None = None


def find_candidates(
    session: Session,
    history: History,
    now: datetime,
    enough: int,
    language: str,
    kinds: Collection[Kind],
) -> Candidates:
    """Return what the shop has to show to a customer with this history, at most ``enough`` of each kind.

    ``language``: that of the quotes, without a country.
    """
    values = {
        **{name: list(getattr(history, name)) for name in _LISTS},
        "since": now - timedelta(days=NEW_DAYS), "now": now, "language": language,
        **{f"most_{kind}": enough if kind in kinds else 0 for kind in CHAIN},
        **{f"variants_{kind}": LOOKED_AT if kind in kinds else 0 for kind in (Kind.NEW, Kind.CATALOGUE)},
    }  # fmt: skip
    known: dict[str, Product] = {}
    found: dict[Kind, list[Recommendation]] = defaultdict(list)
    quotes: dict[str, Quoted] = {}
    rating = None
    products: dict[str, Product] = {}
    for row in session.connection().execute(_STATEMENT, values).mappings():
        sku, use = row["sku"], row["use"]
        product = products[sku] = products.get(sku) or _product(row)
        if use == _KNOWN:
            known[product.sku] = product
        else:
            entry = Recommendation(product, Kind(use), row["family"], float(row["score"]), row["source"])
            found[Kind(use)].append(entry)
        if said := proof.quoted(product.sku, row):
            quotes[product.sku] = said
        rating = rating or proof.shop_average(row)
    found[Kind.RUNS_OUT].sort(key=lambda entry: history.due.index(entry.product.sku))
    return Candidates(known, found, quotes, rating)


def _product(row: Mapping[Any, Any]) -> Product:
    """Return a row as the product it was saved from: it was validated then. Its own reviews rate it."""
    product = Product.model_construct(**{column.key: row[column.key] for column in _COLUMNS})
    return proof.with_own_ratings(product, row)
