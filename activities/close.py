"""Close: write down why a run ended, and what signals it had not looked at."""

from __future__ import annotations

from activities.interface import CloseRequest
from activities.news import record_news
from campaign.facts import MessageState
from campaign.reasons import Reason
from storage.database import Database
from storage.queries.messages import messages_of, settle
from storage.queries.runs import close_run


def close(database: Database, request: CloseRequest) -> None:
    """End a run: news is kept, and a message that was only claimed will not be sent.

    Raises:
        NotFound: the order has no campaign.
    """
    with database.transaction() as session:
        record_news(session, request.order_id, request.news)
        for row in messages_of(session, request.order_id):
            if row.state == MessageState.CLAIMED.value:
                settle(session, row, MessageState.SKIPPED, request.now, Reason(request.reason))
        close_run(session, request.order_id, request.reason, request.now)
