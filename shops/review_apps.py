"""Files of review apps, known by their columns: Judge.me, Loox, Okendo. One row is one review.

The columns are those of the apps' public import templates: judge.me/help, articles/8415368; help.loox.io,
articles/501000162508; support.okendo.io, articles/2057320. Pictures, replies and votes are not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from campaign.errors import BadInput, Problem
from campaign.reviews.imported import ImportedReview
from campaign.reviews.words import shown_name
from shops.context import Context
from shops.news import ShopNews

Row = Mapping[str, Any]
FOR_ALL = frozenset({"language", "state"})
"""What may be given for all rows of such a file."""
_TIMES = ("%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S %Z", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%d/%m/%Y")
_PUBLISHED = {"judge.me": ("curated", {"ok"}), "okendo": ("status", {"approved", "published"})}


@dataclass(frozen=True)
class App:
    """A review app: the columns by which its file is known, and which of its columns ours are.

    ``product``: ours and theirs for what names the product; the first that is filled.
    """

    name: str
    known_by: frozenset[str]
    ours: Mapping[str, str]
    product: tuple[tuple[str, str], ...]

    def read(self, rows: Sequence[Row], context: Context) -> ShopNews:
        """Read a row. Raises `BadInput` or `ValidationError` for one that cannot be used."""
        row = rows[0]
        values = {name: row[column] for name, column in self.ours.items() if row.get(column)}
        values |= {name: row[name] for name in FOR_ALL if row.get(name)}
        values |= next(({name: row[column]} for name, column in self.product if row.get(column)), {})
        review = {
            **values,
            "rating": stars_of(values.get("rating")),
            "written_at": _time(values.get("written_at")),
            "text": "\n".join(str(row[part]) for part in ("title", values.get("text") and self.ours["text"])
                              if part and row.get(part)) or None,
            "author": _name(values.get("author")),
            "source": self.name,
            "state": values.get("state") or self._state(row),
        }  # fmt: skip
        return news_of_review(review, context)

    def _state(self, row: Row) -> str:
        column, published = _PUBLISHED.get(self.name, ("", set()))
        return "published" if str(row.get(column, "")).lower() in published else "pending"


def news_of_review(values: Mapping[str, Any], context: Context) -> ShopNews:
    """Return a review as news. Raises `BadInput` for one of the future, `ValidationError` for others."""
    review = ImportedReview.model_validate(values)
    if review.written_at > context.now:
        what = "is in the future"
        raise BadInput([Problem("written_at", what, "write the time at which the review was written")])
    return ShopNews(reviews=(review,))


def stars_of(value: Any) -> Any:
    """Return whole stars as a number, whatever they are written like; anything else stays to be refused."""
    text = str(value).strip()
    whole = text.removesuffix(".0")
    return int(whole) if whole.isascii() and whole.isdigit() and len(whole) == 1 else value


def _time(value: Any) -> Any:
    """Return a time; a day alone is its beginning in UTC. What is none stays to be refused."""
    for form in _TIMES:
        try:
            return datetime.strptime(str(value).strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return value


def _name(value: Any) -> str | None:
    """Return first name and initial: whether the customer wanted more shown, a file does not say."""
    first, _, last = str(value or "").strip().rpartition(" ")
    return shown_name(first or last, last if first else None)


APPS = (
    App(
        "judge.me",
        frozenset({"body", "rating", "review_date", "reviewer_name"}),
        {"rating": "rating", "text": "body", "author": "reviewer_name", "email": "reviewer_email",
         "written_at": "review_date"},
        (("handle", "product_handle"),),
    ),
    App(
        "loox",
        frozenset({"product_handle", "rating", "author", "body", "created_at"}),
        {"rating": "rating", "text": "body", "author": "author", "email": "email",
         "written_at": "created_at"},
        (("handle", "product_handle"),),
    ),
    App(
        "okendo",
        frozenset({"name", "body", "rating", "dateCreated"}),
        {"rating": "rating", "text": "body", "author": "name", "email": "email", "written_at": "dateCreated"},
        (("sku", "sku"), ("handle", "handle")),
    ),
)  # fmt: skip


def app_for(columns: Iterable[str]) -> App | None:
    """Return the app whose file has these columns; None for another file."""
    given = frozenset(columns)
    return next((app for app in APPS if app.known_by <= given), None)
