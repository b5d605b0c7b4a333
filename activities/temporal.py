"""The activities as Temporal runs them: what they need is bound here once, by the worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import structlog
from temporalio import activity

from activities.close import close
from activities.coupon_stock import keep_coupons
from activities.deliver import deliver
from activities.enrol import enrol
from activities.interface import (
    CLOSE,
    DELIVER,
    ENROL,
    ERASE_OLD,
    FIND_CODES,
    FIND_FAILURES,
    FIT_MODELS,
    REFRESH_STATISTICS,
    RENDER,
    SEGMENT,
    Answer,
    Call,
    CloseRequest,
    CodesFound,
    CodesRequest,
    Delivered,
    DeliverRequest,
    Enrolled,
    EnrolRequest,
    EraseOldRequest,
    FailedMessage,
    FailuresFound,
    FailuresRequest,
    ModelsFitted,
    ModelsRequest,
    OldErased,
    RenderRequest,
    Request,
    SegmentRequest,
    StatisticsRefreshed,
    StatisticsRequest,
    StepDecision,
)
from activities.links import Links
from activities.render import render
from activities.segment import segment
from campaign.contract import WORKFLOW_ID_PREFIX
from campaign.definition.model import Definition
from campaign.definition.templates import TemplateTexts
from campaign.errors import Unavailable
from campaign.offers.shop_codes import ShopCodes
from campaign.reasons import Channel
from channels.protocol import MessageChannel
from counters import ERASED_BY_AGE, MESSAGES
from storage.database import Database
from storage.queries.coupons.awaiting import awaiting_codes
from storage.queries.messages.failures import unseen_failures
from storage.queries.privacy.retention import Cutoffs, erase_old
from storage.queries.privacy.returned import restore_returned
from storage.queries.reviews.ratings import refresh_ratings
from storage.queries.shop.statistics import refresh_statistics

log = structlog.get_logger()

Owner = TypeVar("Owner")


def _performs(
    call: Call[Request, Answer],
) -> Callable[[Callable[[Owner, Request], Answer]], Callable[[Owner, Request], Answer]]:
    """Register a method under the call's name; a method of another type does not pass the type check."""
    return activity.defn(name=call.name)


@dataclass(frozen=True)
class Retention:
    """For how many days texts of messages, digests of requests and settled rows of the inbox are kept."""

    texts: int = 180
    webhooks: int = 30
    inbox: int = 30

    def before(self, now: datetime) -> Cutoffs:
        """Return before which times things are erased."""
        days = {name: now - timedelta(days=value) for name, value in asdict(self).items()}
        return Cutoffs(**days)


@dataclass(frozen=True)
class Activities:
    """What the activities need.

    ``definition`` and ``texts`` (its templates) are what new campaigns start with; running ones keep the
    version they have. ``templates`` is the folder, for campaigns of versions that kept none. ``links``
    is None where no public address is set. ``shop_codes``: the shop that is given codes ahead, if any.
    """

    database: Database
    definition: Definition
    templates: Path
    texts: TemplateTexts
    channels: Mapping[Channel, MessageChannel]
    links: Links | None = None
    retention: Retention = Retention()
    shop_codes: ShopCodes | None = None

    @_performs(ENROL)
    def enrol(self, request: EnrolRequest) -> Enrolled:
        """See `activities.enrol`."""
        enrolled = enrol(self.database, self.definition, request, self.texts)
        order = request.purchase
        log.info("campaign started", order=order.order_id, segment=enrolled.segment)
        if enrolled.shop_currency:
            currencies = {"currency": order.currency, "shop": enrolled.shop_currency}
            log.warning("order in another currency", order=order.order_id, **currencies)
        return enrolled

    @_performs(SEGMENT)
    def segment(self, request: SegmentRequest) -> StepDecision:
        """See `activities.segment`."""
        answer = segment(self.database, request)
        decided = {"decision": answer.kind.value, "reason": answer.reason.value}
        log.info("step decided", order=request.order_id, step=request.step, **decided)
        return answer

    @_performs(RENDER)
    def render(self, request: RenderRequest) -> None:
        """See `activities.render`."""
        render(self.database, self.templates, request, self.links)

    @_performs(DELIVER)
    def deliver(self, request: DeliverRequest) -> Delivered:
        """See `activities.deliver`. The request's time is moved on by what the attempt has waited.

        One that this worker has taken but not begun when it stops is left to the next.
        """
        if activity.is_worker_shutdown():
            msg = "this worker is stopping: the next one sends the message"
            raise Unavailable(msg)
        now = request.now + _waited()
        moved = request.model_copy(update={"now": now})
        delivered = deliver(self.database, self.channels, moved, self.links)
        state, info = delivered.state, activity.info()
        MESSAGES.labels(info.task_queue.removeprefix("deliver-"), state.value).inc()
        order = (info.workflow_id or "").removeprefix(WORKFLOW_ID_PREFIX)
        log.info("message settled", order=order, message_id=request.message_id, state=state.value)
        return delivered

    @_performs(CLOSE)
    def close(self, request: CloseRequest) -> None:
        """See `activities.close`."""
        close(self.database, request)
        log.info("campaign ended", order=request.order_id, reason=request.reason.value)

    @_performs(REFRESH_STATISTICS)
    def refresh_statistics(self, request: StatisticsRequest) -> StatisticsRefreshed:
        """See `storage.queries.shop.statistics`, `.reviews.ratings`, and `activities.coupon_stock`.

        Codes go first: messages wait for them.
        """
        keep_coupons(self.database, self.definition, self.shop_codes, request.now)
        rows = refresh_statistics(self.database, request.now)
        rows |= refresh_ratings(self.database, request.now, self.definition.reviews)
        log.info("statistics refreshed", **rows)
        return StatisticsRefreshed(rows=rows)

    @_performs(FIT_MODELS)
    def fit_models(self, request: ModelsRequest) -> ModelsFitted:
        """See `activities.models.fit`. What it imports takes half a second, which no other activity pays."""
        from activities.models.fit import fit_models  # noqa: PLC0415

        fitted = fit_models(self.database, self.definition.shop.currency, request.now, activity.heartbeat)
        log.info("models fitted", **asdict(fitted))
        return ModelsFitted(**asdict(fitted))

    @_performs(FIND_FAILURES)
    def find_failures(self, request: FailuresRequest) -> FailuresFound:
        """See `storage.queries.messages.failures`."""
        with self.database.reading() as session:
            found = unseen_failures(session, request.now)
        if found:
            log.warning("failed messages signalled again", count=len(found))
        return FailuresFound(messages=[FailedMessage(order_id=order, step=step) for order, step in found])

    @_performs(FIND_CODES)
    def find_codes(self, request: CodesRequest) -> CodesFound:
        """See `storage.queries.coupons.awaiting`."""
        found = self.database.retrying(lambda session: awaiting_codes(session, request.now))
        if found:
            log.info("campaigns signalled that codes are there", count=len(found))
        return CodesFound(order_ids=found)

    @_performs(ERASE_OLD)
    def erase_old(self, request: EraseOldRequest) -> OldErased:
        """See `storage.queries.privacy.retention`, and `returned` beside it."""
        returned = restore_returned(self.database, request.now)
        rows = erase_old(self.database, self.retention.before(request.now))
        for what, count in rows.items():
            ERASED_BY_AGE.labels(what).inc(count)
        log.info("old data erased", opt_outs_returned=returned, **rows)
        return OldErased(rows=rows)

    def for_campaigns(self) -> list[Callable[..., Any]]:
        """Return the activities of the workflow's own queue."""
        return [
            self.enrol, self.segment, self.render, self.close, self.refresh_statistics, self.find_failures,
            self.find_codes, self.erase_old, self.fit_models,
        ]  # fmt: skip


def _waited() -> timedelta:
    """Return how long this attempt has been waiting since the workflow scheduled it.

    Both times are the server's, so that the difference is right when it skips time.
    """
    info = activity.info()
    return max(info.started_time - info.scheduled_time, timedelta(0))
