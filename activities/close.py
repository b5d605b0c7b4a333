"""Close: write down why a run ended, and what signals it had not looked at."""

from __future__ import annotations

from activities.coupons import settle_all
from activities.interface import CloseRequest
from activities.segment import record_news
from campaign.facts import MessageState
from counters import CAMPAIGNS_ENDED
from storage.database import Database
from storage.queries.campaigns.facts import load_run
from storage.queries.campaigns.runs import close_run, is_run_of
from storage.queries.messages.messages import get_message, move_message, unconfirm_message
from storage.queries.people.locks import lock_order


def close(database: Database, request: CloseRequest) -> None:
    """End a run: news is kept, and no message stays open, nor a coupon reserved.

    One that was only claimed will not be sent. One that was being sent is unconfirmed: nobody will look
    for it any more, but what its provider reports later still holds. A run that has ended
    keeps its first reason, and is counted once.

    Raises:
        NotFound: the order has no campaign.
    """
    with database.transaction() as session:
        if request.run_id and not is_run_of(session, request.order_id, request.run_id):
            return
        lock_order(session, request.order_id)
        record_news(session, request.order_id, request.news)
        run = load_run(session, request.order_id)
        for message in run.messages.values():
            if message.state is MessageState.CLAIMED:
                row = get_message(session, message.id)
                move_message(session, row, MessageState.SKIPPED, request.now, request.reason)
            elif message.state is MessageState.SENDING:
                unconfirm_message(session, message.id, request.now)
        settle_all(session, run, request.now)
        closed = close_run(session, request.order_id, request.reason, request.now)
    if closed:
        CAMPAIGNS_ENDED.labels(request.reason.value).inc()
