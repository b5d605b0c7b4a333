"""Twilio's Messages resource: https://www.twilio.com/docs/messaging/api/message-resource."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.fakes.provider import FakeProvider, Fault, Reply, nothing

ACCOUNT, TOKEN = "AC" + "0" * 32, "a-token-for-tests"
NOT_FOUND, WRONG = 20404, 20003


@dataclass
class Text:
    """One SMS that was accepted."""

    sid: str
    to: str
    body: str
    sender: str
    service: str | None
    callback: str | None
    at: datetime
    status: str = "accepted"

    @property
    def message_id(self) -> str:
        """Our id, as the callback address has it."""
        return parse_qs(urlsplit(self.callback or "").query)["message"][0]


def error(status: int, code: int, text: str = "as documented", **headers: str) -> Reply:
    """An error in Twilio's form; its text repeats the number, as real ones do."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    content = {"code": code, "message": f"{text}: +12025550123", "more_info": more, "status": status}
    return Reply.json(status, content, **headers)


class TwilioApi(FakeProvider):
    """Accepts and lists messages. ``page`` is how many it lists at once; ``listed_after``: how late."""

    def __init__(self) -> None:
        """Start with no messages."""
        super().__init__()
        self.accepted: list[Text] = []
        self.page = 50
        self.listed_after = timedelta(0)
        self.list_plan: Callable[[], Reply | None] = nothing

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[Reply, Fault | None]:
        """Serve the one resource."""
        wanted = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        url = urlsplit(path)
        if headers.get("Authorization") != wanted:
            return error(401, WRONG), None
        if url.path != f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json":
            return error(404, NOT_FOUND), None
        if method == "GET":
            return self.list_plan() or self._list({k: v[0] for k, v in parse_qs(url.query).items()}), None
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        return self.faulty(lambda: self._accept(form), lambda: error(500, 20500))

    def _accept(self, form: dict[str, str]) -> Reply:
        sid = f"SM{len(self.accepted):032x}"
        text = Text(
            sid,
            form["To"],
            form["Body"],
            form.get("From", ""),
            form.get("MessagingServiceSid"),
            form.get("StatusCallback"),
            self.now,
        )
        self.accepted.append(text)
        return Reply.json(201, _resource(text))

    def _list(self, query: dict[str, str]) -> Reply:
        visible = [text for text in self.accepted if text.at + self.listed_after <= self.now]
        found = [text for text in reversed(visible) if text.to == query["To"]]
        number, size = int(query.get("Page", 0)), min(int(query.get("PageSize", 50)), self.page)
        further = {**query, "Page": str(number + 1), "PageToken": "PA"}
        path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?{urlencode(further)}"
        content = {
            "messages": [_resource(text) for text in found[number * size : (number + 1) * size]],
            "page": number,
            "page_size": size,
            "next_page_uri": path if len(found) > (number + 1) * size else None,
            "previous_page_uri": None,
            "uri": "/2010-04-01",
            "first_page_uri": "/2010-04-01",
            "start": number * size,
            "end": (number + 1) * size - 1,
        }
        return Reply.json(200, content)


def _resource(text: Text) -> dict[str, Any]:
    return {
        "sid": text.sid,
        "account_sid": ACCOUNT,
        "to": text.to,
        "from": text.sender or None,
        "messaging_service_sid": text.service,
        "body": text.body,
        "status": text.status,
        "date_created": format_datetime(text.at),
        "date_updated": format_datetime(text.at),
        "date_sent": None,
        "direction": "outbound-api",
        "num_segments": "1",
        "num_media": "0",
        "error_code": None,
        "error_message": None,
        "price": None,
        "price_unit": "USD",
        "api_version": "2010-04-01",
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{text.sid}.json",
        "subresource_uris": {},
    }
