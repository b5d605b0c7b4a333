"""`afterglow preview`: the whole timeline with its messages, for real and made-up customers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import event
from typer.testing import CliRunner

from activities.interface import ReceivedSignal
from campaign.errors import BadCustomer, BadInput, NotFound
from campaign.wire import OrderStatus, OrderUpdate
from settings import Settings
from starter.__main__ import app
from starter.timeline.play import Play, Stage, read_stage, timeline
from storage.database import Database
from tests.activities.test_activities import Shop
from tests.facts import PLACED, ROOT

RUNNER = CliRunner()


@pytest.fixture
def shop(database: Database) -> Shop:
    """A customer in New York with an order that is enrolled, and processed after an hour."""
    made = Shop(database)
    made.customer(first_name="Ada")
    made.enrol()
    update = OrderUpdate(status=OrderStatus.PROCESSED, at=PLACED + timedelta(hours=1))
    made.decide("thank-you", PLACED + timedelta(hours=1), news=[ReceivedSignal(update=update)])
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the marketer's folder."""
    return Path(shutil.copytree(ROOT / "content" / "default", tmp_path / "content"))


def played(database: Database, wanted: Play, folder: Path, **changes: Any) -> dict[str, Any]:
    """A timeline from a folder as it is now."""
    with database.reading() as session:
        return timeline(session, stage_of(folder, **changes), wanted, PLACED)


def stage_of(folder: Path, **changes: Any) -> Stage:
    """A campaign and its templates as a folder has them now."""
    return read_stage(Settings(campaign=folder / "campaign.toml", templates=folder, **changes))


def messages(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Its messages in their order."""
    return [e for step in found["steps"] for e in step["entries"] if e["kind"] == "message"]


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Every statement that goes to the database meanwhile."""
    seen: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def test_a_real_order_is_played_from_its_beginning(shop: Shop, folder: Path) -> None:
    """What became of it happens at its time, what it was sent is played again, with the catalogue's names."""
    found = played(shop.database, Play(order="o-1"), folder)
    thanks, *_ = messages(found)
    assert (thanks["step"], thanks["at"]) == ("thank-you", PLACED + timedelta(hours=2))
    assert "Ada" in thanks["subject"]
    assert "mug" in thanks["html"]
    assert [e["text"] for s in found["steps"] for e in s["entries"] if e["kind"] == "happened"] == [
        "the order is processed"
    ]


def test_a_preview_only_reads(shop: Shop, folder: Path) -> None:
    """No statement changes anything, for a real order and a made-up one, with a public address too."""
    with statements(shop.database) as seen:
        for wanted in (Play(order="o-1"), Play(processed=0.1, orders=5)):
            assert messages(played(shop.database, wanted, folder, public_url="http://localhost:8080"))
    assert {statement.split()[0].upper() for statement in seen} <= {"SELECT", "WITH", "PRAGMA", "BEGIN"}


def test_no_link_of_a_preview_unsubscribes_anybody(shop: Shop, folder: Path) -> None:
    """Its pages are named by a word that is no token: not the message's own, which the real one has."""
    found = played(shop.database, Play(order="o-1"), folder, public_url="https://mail.example.com")
    html = messages(found)[0]["html"]
    assert "https://mail.example.com/unsubscribe/preview" in html
    assert shop.decide("thank-you", PLACED + timedelta(hours=2)).messages[0].id not in html


def test_templates_are_read_anew(shop: Shop, folder: Path) -> None:
    """What was edited since is in the next preview; a mistake is shown where the message would be."""
    file = folder / "sms" / "thank_you.txt.j2"
    wanted = Play(processed=0.1, consents=("sms",), preferred_channel="sms")
    file.write_text("{{ brand.name }}: new words {{ brand.sms_opt_out }}")
    (first, *_) = messages(played(shop.database, wanted, folder))
    assert ("new words" in first["text"], first["segments"]) == (True, 1)
    file.write_text("{{ customer.frist_name }}")
    (broken, *_) = messages(played(shop.database, wanted, folder))
    assert "sms/thank_you.txt.j2:1: frist_name is not defined" in broken["problem"]


def test_a_made_up_customer_is_anybody(shop: Shop, folder: Path) -> None:
    """Segment, language, channel and what happens meanwhile are as they are given; its lines have a price."""
    wanted = Play(
        orders=5, language="de", country="DE", time_zone="Europe/Berlin", consents=("email",), processed=0,
        delivered=4, buys_again=40,
    )  # fmt: skip
    found = played(shop.database, wanted, folder)
    assert (found["segment"], found["time_zone"]) == ("vip", "Europe/Berlin")
    assert {message["channel"] for message in messages(found)} == {"email"}
    loyalty = next(message for message in messages(found) if message["step"] == "loyalty")
    assert loyalty["at"] >= PLACED + timedelta(days=11)
    assert found["steps"][-1]["entries"] == [] or found["steps"][-1]["entries"][-1]["kind"] == "exit"


@pytest.mark.parametrize(("country", "channel"), [*product(("FR", "DE", "GB", "AT"), ("sms", "email"))])
def test_a_customer_of_another_country_has_a_number_there(
    shop: Shop, folder: Path, country: str, channel: Literal["sms", "email"]
) -> None:
    """Their night alone is waited for: a number of the shop's country would add New York's to it."""
    wanted = Play(country=country, preferred_channel=channel)
    morning, new_yorks = PLACED.replace(hour=8), PLACED.replace(hour=13)
    with shop.database.reading() as session:
        found = timeline(session, stage_of(folder), wanted, morning)
    thanks = messages(found)[0]
    assert (thanks["step"], thanks["channel"], thanks["at"] < new_yorks) == ("thank-you", channel, True)


@pytest.mark.parametrize("happens", [{"delivered": 4}, {"fulfilled": 0.02}, {"fulfilled": 1, "delivered": 4}])
def test_what_is_delivered_has_been_processed(shop: Shop, folder: Path, happens: dict[str, float]) -> None:
    """The customer is thanked, and the order is processed no later than it is fulfilled."""
    found = played(shop.database, Play(**happens), folder)
    assert messages(found)[0]["step"] == "thank-you"
    happened = [e for step in found["steps"] for e in step["entries"] if e["kind"] == "happened"]
    assert happened[0]["text"] == "the order is processed"
    cancelled = played(shop.database, Play(cancelled=1), folder)
    assert messages(cancelled) == []


@pytest.mark.parametrize("place", [{"region": "CA"}, {"time_zone": "America/Los_Angeles"}])
@pytest.mark.parametrize("channel", ["sms", "email"])
def test_a_made_up_number_is_from_the_place_that_is_given(
    shop: Shop, folder: Path, place: dict[str, Any], channel: Literal["sms", "email"]
) -> None:
    """At 18:24 in California it is night in New Jersey, where the country's example number is from."""
    afternoon = PLACED.replace(hour=23)
    with shop.database.reading() as session:
        found = timeline(session, stage_of(folder), Play(preferred_channel=channel, **place), afternoon)
    thanks = messages(found)[0]
    assert (thanks["channel"], thanks["at"]) == (channel, afternoon + timedelta(hours=3, minutes=24))


def test_a_wait_past_the_due_time_says_for_what(shop: Shop, folder: Path) -> None:
    """Due at night, a message waits for the morning: that is no longer only "not due yet"."""
    evening = PLACED.replace(hour=23)  # processed at 20:24 in New York, due an hour later
    with shop.database.reading() as session:
        found = timeline(session, stage_of(folder), Play(), evening)
    waits = [e for e in found["steps"][0]["entries"] if e.get("reason") == "not_due"]
    assert [e["why"] for e in waits] == ["not due yet, then quiet hours where the customer lives"]
    at_noon = played(shop.database, Play(), folder)["steps"][0]["entries"]
    assert "not due yet" in [e.get("why") for e in at_noon]


def test_an_sms_is_measured_with_its_short_links(shop: Shop, folder: Path) -> None:
    """As it would be sent: a shortened link is as long as a real one, and leads nowhere."""
    wanted = Play(processed=0.1, preferred_channel="sms")
    found = played(shop.database, wanted, folder, public_url="https://m.example.com")
    assert any("https://m.example.com/c/xxxxxxxx" in message["text"] for message in messages(found))


def test_what_is_wrong_is_named(shop: Shop, folder: Path) -> None:
    """An unknown order, step or product, and a customer that cannot be."""
    for wanted, error in (
        (Play(order="o-404"), NotFound),
        (Play(clicks=("no-step",)), BadInput),
        (Play(skus=("no-sku",)), BadInput),
        (Play(time_zone="Mars/Base"), BadCustomer),
    ):
        with pytest.raises(error):
            played(shop.database, wanted, folder)


def test_a_language_that_nothing_is_written_in_is_refused(shop: Shop, folder: Path) -> None:
    """By the languages that there are: a mistyped one would show the shop's own, as if it were right."""
    for unknown, order in product(("pl", "dk-DK", "Deutsch"), (None, "o-1")):
        said = f"no message is written in {unknown} - write one of: en, de, es, fr"
        with pytest.raises(BadInput, match=said):
            played(shop.database, Play(language=unknown, order=order), folder)
    for known in ("en-GB", "de-at", "fr", None):
        assert messages(played(shop.database, Play(language=known), folder))
    shutil.copytree(folder / "de", folder / "pl")
    assert messages(played(shop.database, Play(language="pl"), folder))


def test_the_command_prints_and_writes(
    shop: Shop, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 80 columns for people, as JSON for programs, and every message as a file."""
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", shop.database.url)
    monkeypatch.setenv("AFTERGLOW_TEMPLATES", str(folder))
    done = RUNNER.invoke(app, ["preview", "o-1", "--show", "thank-you", "--to", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert max(map(len, done.output.splitlines())) <= 80
    assert 'email "Thank you for your order, Ada"' in done.output
    assert (tmp_path / "out" / "01-thank-you-email.html").read_text().startswith("<!doctype html>")
    found = json.loads(RUNNER.invoke(app, ["preview", "--json", "--processed", "0.1"]).output)
    assert messages(found)
    thanked = json.loads(RUNNER.invoke(app, ["preview", "--json"]).output)
    assert messages(thanked)[0]["step"] == "thank-you"
    for option in ("--show", "--send-test", "--click"):
        unknown = RUNNER.invoke(app, ["preview", option, "winback"])
        assert (unknown.exit_code, "win-back-soft" in unknown.output) == (2, True)
    wrong = ["--orders", "0", "--time-zone", "Mars", "--language", "pl", "--click", "a", "--show", "b"]
    bad = RUNNER.invoke(app, ["preview", *wrong])
    assert (bad.exit_code, "orders: is too small" in bad.output) == (2, True)
    named = [line.removeprefix("  preview: ").strip().split(":")[0] for line in bad.output.splitlines()[1:]]
    assert named == ["orders", "--show", "clicks", "language", "time_zone"]


def test_the_version_is_that_of_the_folder(folder: Path) -> None:
    """A preview names the version that a campaign would keep that began now."""
    settings = Settings(campaign=folder / "campaign.toml", templates=folder)
    before: Stage = read_stage(settings)
    (folder / "sms" / "thank_you.txt.j2").write_text("other")
    assert read_stage(settings).source.digest != before.source.digest
