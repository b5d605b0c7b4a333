"""``/reviews``: what customers wrote about products, and a moderator's decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict

from campaign.fields.times import UtcTime
from campaign.reviews.states import Move, Rejection, ReviewState
from intake.reviews.moderation import Decision, moderate
from starter.clock import now
from starter.reports import review_report
from storage.queries.reviews.reviews import Wanted, get_review, list_reviews
from web.api.routes import JsonRoute
from web.deps import AppDatabase
from web.openapi import errors

router = APIRouter(tags=["reviews"], route_class=JsonRoute)
MOST = 500
HIGHEST = 2**31 - 1
"""The highest number that a row can have: both databases refuse to look for a higher one."""
Id = Annotated[int, Path(ge=1, le=HIGHEST)]


class Review(BaseModel):
    """One review. ``written_at`` names its version: its writer may change it."""

    id: int
    sku: str
    rating: int
    text: str | None
    author: str | None
    verified: bool
    language: str | None
    state: str
    reason: str | None
    why: str | None
    order_id: str | None
    customer_id: str | None
    origin: str
    origin_id: str | None
    written_at: datetime
    settled_at: datetime | None


class Reviews(BaseModel):
    """Reviews, the oldest first."""

    reviews: list[Review]
    next: int | None


class Seen(BaseModel):
    """Which version was read: with its ``written_at``, one that was changed since is left as it is."""

    model_config = ConfigDict(extra="forbid")

    written_at: UtcTime | None = None


class Rejected(Seen):
    """Why it is not to be shown: one of a closed set, in which that it is negative is no reason."""

    reason: Rejection


SeenBody = Annotated[Seen, Body(examples=[{"written_at": "2026-03-24T18:02:11Z"}])]
RejectedBody = Annotated[Rejected, Body(examples=[{"reason": "personal_data"}])]


@router.get("/reviews", response_model=Reviews)
def get_reviews(
    database: AppDatabase,
    state: ReviewState | None = None,
    sku: str | None = None,
    after: Annotated[int, Query(ge=0, le=HIGHEST)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> dict[str, Any]:
    """List reviews, the oldest first, by state and product."""
    with database.reading() as session:
        rows = list_reviews(session, Wanted(state, sku, after), limit)
        full = len(rows) == limit
        return {"reviews": [review_report(row) for row in rows], "next": rows[-1].id if full else None}


@router.get("/reviews/{review_id}", response_model=Review, responses=errors(404))
def show_review(database: AppDatabase, review_id: Id) -> dict[str, Any]:
    """Return one review."""
    with database.reading() as session:
        return review_report(get_review(session, review_id))


@router.post("/reviews/{review_id}/publish", response_model=Review, responses=errors(404))
def publish_review(database: AppDatabase, review_id: Id, body: SeenBody) -> dict[str, Any]:
    """Publish a review: it may be shown, and quoted in messages."""
    return _decided(database, review_id, Decision(Move.PUBLISH, seen=body.written_at))


@router.post("/reviews/{review_id}/reject", response_model=Review, responses=errors(404))
def reject_review(database: AppDatabase, review_id: Id, body: RejectedBody) -> dict[str, Any]:
    """Reject a review, with the reason. Its rating counts all the same, but for what no customer wrote."""
    return _decided(database, review_id, Decision(Move.REJECT, body.reason, body.written_at))


@router.post("/reviews/{review_id}/hide", response_model=Review, responses=errors(404))
def hide_review(database: AppDatabase, review_id: Id, body: SeenBody) -> dict[str, Any]:
    """Take a published review back, to be read again."""
    return _decided(database, review_id, Decision(Move.HIDE, seen=body.written_at))


def _decided(database: AppDatabase, review_id: Id, decision: Decision) -> dict[str, Any]:
    at = now()
    return database.retrying(lambda session: review_report(moderate(session, review_id, decision, at)))
