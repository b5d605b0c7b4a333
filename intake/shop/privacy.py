"""What a shop forwards of the law's rights: recorded before it is answered, done by the worker.

An erasure ends campaigns and reads everything that is known of a person; a shop waits five seconds.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import datetime

from sqlmodel import Session

from shops.news import PersonRequest
from storage.queries.inbox.receiving import add_rows
from storage.queries.inbox.states import Kind, State


def receive_person_request(session: Session, request: PersonRequest, now: datetime) -> None:
    """Record a request about a person, or about all of a shop; the same one again changes nothing."""
    body = json.dumps(asdict(request), sort_keys=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    row = {
        "key": f"{Kind.PERSON.value}:{request.kind.value}:{digest}",
        "kind": Kind.PERSON.value,
        "order_id": None,
        "customer_id": None,
        "body": body,
        "state": State.WAITING.value,
        "attempts": 0,
        "received_at": now,
        "due_at": now,
    }
    add_rows(session, [row])
