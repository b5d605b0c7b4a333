"""What holds once a message is handed over: until when it may arrive, and whether opens are tracked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from campaign.reasons import Channel
from campaign.rules.consent import may_track_opens
from campaign.rules.question import Question
from campaign.rules.quiet_hours import decent_until


@dataclass(frozen=True)
class Limits:
    """``deliver_by``: it may not reach the customer later; ``track_opens``: a picture may report opens."""

    deliver_by: datetime
    track_opens: bool


def limits_of(question: Question, channel: Channel, latest: datetime) -> Limits:
    """Return the limits of a message that is sent now and has to be sent by ``latest``.

    An SMS rings, so that its provider may not hold it past the hours it was sent in. Opens are an email's.
    """
    if channel is Channel.EMAIL:
        return Limits(latest, may_track_opens(question.definition, question.facts.customer))
    own, shop_zone = question.definition.quiet_hours.get(channel), question.definition.shop.time_zone
    legal = [law.hours for law in question.laws(channel)]
    end = decent_until(own, legal, question.whereabouts, shop_zone, question.now)
    return Limits(min(latest, end or latest), track_opens=False)
