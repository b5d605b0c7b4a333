"""The longest texts that the shop's own data can put into a message."""

from __future__ import annotations

from sqlalchemy import func
from sqlmodel import Session, col, select

from storage.tables import CustomerRow, ProductRow

_KEPT = 5


def longest_first_names(session: Session) -> list[str]:
    """Return the longest first names of customers, the longest first."""
    name = col(CustomerRow.first_name)
    found = select(name).where(name.is_not(None)).distinct().order_by(func.length(name).desc(), name)
    return [text for text in session.exec(found.limit(_KEPT)) if text]


def longest_product_names(session: Session) -> list[str]:
    """Return the longest product names of the catalogue, the longest first."""
    name = col(ProductRow.name)
    found = select(name).distinct().order_by(func.length(name).desc(), name)
    return [text for text in session.exec(found.limit(_KEPT)) if text]
