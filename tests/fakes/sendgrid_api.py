"""SendGrid's v3 mail send: https://www.twilio.com/docs/sendgrid/api-reference/mail-send."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.provider import FakeProvider, Fault, Reply

KEY = "SG.a-key-for-tests"


def error(status: int, **headers: str) -> Reply:
    """An error in SendGrid's form; its text repeats the address, as real ones do."""
    content = {"errors": [{"message": "ada@example.com: as documented", "field": None, "help": None}]}
    return Reply.json(status, content, **headers)


def message_of(mail: dict[str, Any]) -> str:
    """Our id, as the one recipient's argument has it."""
    return str(mail["personalizations"][0]["custom_args"]["afterglow_message"])


class SendGridApi(FakeProvider):
    """Accepts mail. `accepted` are the bodies as they came."""

    def __init__(self) -> None:
        """Start with no mail."""
        super().__init__()
        self.accepted: list[dict[str, Any]] = []
        self.checked: list[dict[str, Any]] = []

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[Reply, Fault | None]:
        """Serve the one resource."""
        if headers.get("Authorization") != f"Bearer {KEY}":
            return error(401), None
        if (method, path) != ("POST", "/v3/mail/send"):
            return error(404), None
        mail = json.loads(body)
        if mail.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            self.checked.append(mail)
            return Reply(200), None
        return self.faulty(lambda: self._accept(mail), lambda: error(500))

    def _accept(self, mail: dict[str, Any]) -> Reply:
        self.accepted.append(mail)
        return Reply(202, headers={"X-Message-Id": f"sg-{len(self.accepted)}"})
