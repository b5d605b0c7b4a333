"""The demo's emails show their pictures when the demo has ended."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from dev.demo.enclosing import enclose_pictures
from dev.servers.pictures import PICTURES

SERVED = "http://127.0.0.1:9"


def letter(html: str) -> bytes:
    """An email as the outbox writes it: text and HTML."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "Grüße"
    message.set_content("Plain")
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


def test_pictures_travel_with_the_email(tmp_path: Path) -> None:
    """No link to the demo's server is left, each picture is enclosed whole, and the text is what it was."""
    path = tmp_path / "1001" / "1-thank-you.email.eml"
    path.parent.mkdir()
    path.write_bytes(letter(f'<p>Für dich</p><img src="{SERVED}/mug-02.png"><img src="{SERVED}/logo.png">'))
    assert enclose_pictures(tmp_path, SERVED) == 1
    read = message_from_bytes(path.read_bytes(), policy=SMTP)
    assert isinstance(read, EmailMessage)
    html, text = read.get_body(("html",)), read.get_body(("plain",))
    assert html
    assert '<p>Für dich</p><img src="cid:mug-02.png"><img src="cid:logo.png">' in html.get_content()
    assert (read["Subject"], text and text.get_content().strip()) == ("Grüße", "Plain")
    enclosed = {part["Content-ID"]: part.get_content() for part in read.walk() if part["Content-ID"]}
    names = ("logo.png", "mug-02.png")
    assert enclosed == {f"<{name}>": (PICTURES / name).read_bytes() for name in names}


def test_an_email_without_them_is_left_alone(tmp_path: Path) -> None:
    """Byte for byte."""
    path = tmp_path / "1.eml"
    path.write_bytes(letter('<img src="https://shop.example.com/mug-02.png">'))
    before = path.read_bytes()
    assert (enclose_pictures(tmp_path, SERVED), path.read_bytes()) == (0, before)
