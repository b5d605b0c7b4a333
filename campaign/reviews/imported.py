"""A review as it comes from another system."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from campaign.definition.reviews import STARS
from campaign.fields.contact import Email
from campaign.fields.identifiers import Id
from campaign.fields.places import Language
from campaign.fields.times import UtcTime
from campaign.wire import Wire

Sku = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class ImportedReview(Wire):
    """One review. Its product is named by ``sku``, or by the last part of its page's address (``handle``).

    ``source`` is the system and ``source_id`` its number there; without one it follows from what the review
    says, so that the same file imported again adds nothing. With ``order_id`` it is verified, if that order
    is here and has the product. ``email`` finds the customer, and is not kept.
    """

    sku: Sku | None = None
    handle: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    rating: Annotated[int, Field(ge=1, le=STARS)]
    text: Annotated[str, StringConstraints(max_length=5_000)] | None = None
    author: Annotated[str, StringConstraints(max_length=100)] | None = None
    language: Language | None = None
    written_at: UtcTime
    source: Annotated[str, StringConstraints(min_length=1, max_length=40)] = "import"
    source_id: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    order_id: Id | None = None
    customer_id: Id | None = None
    email: Email | None = None
    state: Literal["pending", "published"] = "pending"

    @model_validator(mode="after")
    def _of_a_product(self) -> Self:
        if self.sku is None and self.handle is None:
            msg = "names no product: give its sku"
            raise ValueError(msg)
        return self

    @property
    def identity(self) -> str:
        """Its number in its system, else one that follows from what it says."""
        if self.source_id is not None:
            return self.source_id
        said = (self.sku or self.handle, self.written_at.isoformat(), self.author, self.text, self.rating)
        return hashlib.sha256("\x1f".join(map(str, said)).encode()).hexdigest()[:40]
