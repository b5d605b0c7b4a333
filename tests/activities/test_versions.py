"""A running campaign writes its messages from the templates that it began with, whatever becomes of these."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from activities.enrol import enrol
from activities.interface import EnrolRequest, RenderRequest
from activities.render import render
from campaign.definition.version import Version
from content.sources import read_folder
from storage.database import Database
from storage.queries.campaigns import runs
from storage.queries.campaigns.runs import get_run, load_version
from tests.activities.test_activities import DEFINITION, LOYALTY, Shop, purchase_of
from tests.facts import PLACED, ROOT

LAYOUT = "email/_layout.mjml.j2"
MARK = "<mj-section><mj-column><mj-text>newer</mj-text></mj-column></mj-section>"


@dataclass
class Kept:
    """A shop whose marketer edits a folder while campaigns run."""

    shop: Shop
    folder: Path

    def enrol(self, order_id: str) -> None:
        """Start a campaign with the folder as it is."""
        purchase = purchase_of(order_id, PLACED.isoformat(), customer_id=f"c-{order_id}")
        self.shop.customer(customer_id=f"c-{order_id}", email=f"{order_id}@example.com")
        request = EnrolRequest(purchase=purchase, run_id=order_id, now=PLACED)
        enrol(self.shop.database, DEFINITION, request, read_folder(self.folder))

    def write(self, order_id: str, at: datetime) -> str:
        """Claim and render the order's next message; return its HTML."""
        (message,) = self.shop.decide(order_id=order_id, at=at).messages
        render(self.shop.database, self.folder, RenderRequest(message_id=message.id, now=at))
        return self.shop.message(message.id).html or ""

    def edit(self, file: str, change: Callable[[str], str]) -> None:
        """Change a file of the folder."""
        path = self.folder / file
        path.write_text(change(path.read_text("utf-8")), "utf-8")


@pytest.fixture
def kept(database: Database, tmp_path: Path) -> Kept:
    """A shop with a folder of its own, in a process that knows no version yet."""
    runs._versions.clear()
    shutil.copytree(ROOT / "content" / "default", tmp_path / "content")
    return Kept(Shop(database), tmp_path / "content")


def _with_mark(text: str) -> str:
    return text.replace("</mj-body>", f"{MARK}</mj-body>", 1)


def test_a_changed_folder_reaches_new_campaigns_only(kept: Kept) -> None:
    """A layout that templates extend is edited: running campaigns keep theirs, the next has the new one."""
    kept.enrol("o-1")
    kept.edit(LAYOUT, _with_mark)
    kept.enrol("o-2")
    assert "newer" not in kept.write("o-1", LOYALTY)
    assert "newer" in kept.write("o-2", LOYALTY)


def test_a_deleted_folder_stops_no_campaign(kept: Kept) -> None:
    """Template, layout and parts are gone before a worker that has never seen them writes the message."""
    kept.enrol("o-1")
    shutil.rmtree(kept.folder)
    assert "mug" in kept.write("o-1", LOYALTY)


def test_a_campaign_of_an_older_version_reads_the_folder(kept: Kept) -> None:
    """A version that was stored without templates has those of the folder, as it always had."""
    kept.shop.customer()
    kept.shop.enrol("o-1")
    kept.edit(LAYOUT, _with_mark)
    assert "newer" in kept.write("o-1", LOYALTY)


def test_one_digest_covers_definition_and_templates(kept: Kept) -> None:
    """A version is another when a template changes, and is read back as it was stored."""
    kept.enrol("o-1")
    before = read_folder(kept.folder)
    kept.edit(LAYOUT, _with_mark)
    kept.enrol("o-2")
    with kept.shop.database.reading() as session:
        first, second = (get_run(session, order).digest for order in ("o-1", "o-2"))
        assert load_version(session, first) == Version(DEFINITION, before)
        assert load_version(session, second) == Version(DEFINITION, read_folder(kept.folder))
    assert len({first, second, Version(DEFINITION).digest}) == 3
