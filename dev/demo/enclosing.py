"""Puts the sample shop's pictures into the demo's emails: their server ends with the demo."""

from __future__ import annotations

from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path

from dev.servers.pictures import PICTURES

# As the outbox writes them: a folded long link would become an encoded word.
_POLICY = SMTP.clone(max_line_length=998)


def enclose_pictures(outbox: Path, pictures_url: str) -> int:
    """Enclose what ``pictures_url`` serves in every email of the outbox; return how many emails."""
    emails = sorted(outbox.rglob("*.eml"))
    return sum(_enclose(path, pictures_url) for path in emails)


def _enclose(path: Path, pictures_url: str) -> bool:
    message = BytesParser(EmailMessage, policy=_POLICY).parsebytes(path.read_bytes())
    body = message.get_body(("html",))
    if not isinstance(body, EmailMessage):
        return False
    html, shown = body.get_content(), []
    for picture in sorted(PICTURES.glob("*.png")):
        if (url := f"{pictures_url}/{picture.name}") in html:
            html = html.replace(url, f"cid:{picture.name}")
            shown.append(picture)
    if not shown:
        return False
    body.set_content(html, subtype="html")
    for picture in shown:
        body.add_related(
            picture.read_bytes(), "image", "png", cid=f"<{picture.name}>",
            disposition="inline", filename=picture.name,
        )  # fmt: skip
    path.write_bytes(message.as_bytes())
    return True
