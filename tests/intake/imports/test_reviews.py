"""Reviews from files: own columns and those of review apps, once each, and what a file cannot claim."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from campaign.wire import Customer, Product
from starter.__main__ import app
from storage.database import Database
from storage.queries.people.customers import save_customer
from storage.queries.recommendations.bought import bought_by, lines_of_orders
from storage.queries.shop.catalogue import save_product
from tests.intake.imports.command import Run, rows, run
from tests.storage.test_storage import purchase, save

__all__ = ["run"]


@pytest.fixture(autouse=True)
def shop(database: Database) -> None:
    """A mug in two variants, an order of it, and two customers."""
    with database.transaction() as session:
        for sku in ("mug", "mug-2"):
            url = f"https://shop.example.com/products/stoneware-mug?variant={sku}"
            about = {"sku": sku, "name": "Mug", "url": url, "price": "9.00", "currency": "USD"}
            save_product(session, Product.model_validate(about))
        save(session, purchase("1001", "mug", customer_id="c-1"))
        for customer_id, email in (("c-1", "ada@example.com"), ("c-2", "Ben@example.com")):
            save_customer(session, Customer.model_validate({"customer_id": customer_id, "email": email}))


def reviews(database: Database, columns: str) -> list[tuple[Any, ...]]:
    """Columns of all reviews, in the order of the file."""
    return rows(database, f"SELECT {columns} FROM reviews ORDER BY id")  # noqa: S608


def test_own_columns_with_what_is_wrong_by_line(run: Run, database: Database, tmp_path: Path) -> None:
    """Verified by the order, else matched by address; refused with the field; a link is to be looked at."""
    done = run("reviews", "reviews.csv")
    assert "3 accepted, 0 unchanged, 3 refused" in done.output, done.output
    assert reviews(database, "source_id, sku, rating, order_id, customer_id, author, state, why") == [
        ("r-1", "mug", 5, "1001", "c-1", "Ada L.", "published", None),
        ("r-2", "mug", 2, None, "c-2", None, "published", None),
        ("r-4", "tray", 4, None, None, None, "pending", "link"),
    ]
    assert reviews(database, "text")[1] == ("Smaller than\nI thought.",)
    with (tmp_path / "reviews.csv.refused.csv").open(encoding="utf-8") as file:
        reasons = {row["source_id"]: row["reason"] for row in csv.DictReader(file)}
    assert reasons["r-3"].startswith("rating: ")
    assert reasons["r-5"] == "order_id: this order does not have the product - correct it, or leave it empty"
    assert reasons["r-6"].startswith("written_at: is in the future")


def test_the_same_review_is_imported_once(run: Run, database: Database) -> None:
    """The same file again, and another file with the same numbers, add nothing and change nothing."""
    run("reviews", "reviews.csv")
    before = reviews(database, "*")
    assert "0 accepted, 3 unchanged, 3 refused" in run("reviews", "reviews.csv", "--restart").output
    other = "sku,rating,written_at,source_id,text\nmug,1,2026-02-01T12:00:00Z,r-1,Other words\n"
    assert "0 accepted, 1 unchanged" in run("reviews", "-", given=other).output
    assert reviews(database, "*") == before


def test_without_numbers_what_a_review_says_is_its_number(run: Run, database: Database) -> None:
    """Twice in a file is once; what differs in a word is another one."""
    line = "mug,4,2026-02-01T12:00:00Z,{}\n"
    given = "sku,rating,written_at,text\n" + line.format("Good") * 2 + line.format("Good!")
    assert "2 accepted, 1 unchanged, 0 refused" in run("reviews", "-", given=given).output


def test_a_moderator_reads_a_review_as_it_was_written(run: Run, database: Database) -> None:
    """JSON for people has letters, not their numbers."""
    run("reviews", "-", given="sku,rating,written_at,text\nmug,4,2026-02-01T12:00:00Z,Schöner Becher ☕\n")
    ((number,),) = reviews(database, "id")
    assert "Schöner Becher ☕" in CliRunner().invoke(app, ["reviews", "show", str(number)]).output


def test_a_dry_run_saves_nothing(run: Run, database: Database) -> None:
    """Its report is the import's."""
    assert "Would be: 3 accepted, 0 unchanged, 3 refused" in run("reviews", "reviews.csv", "--dry-run").output
    assert reviews(database, "id") == []


@pytest.mark.parametrize(
    ("sample", "says", "expected"),
    [
        (
            "judgeme_reviews.csv", "2 accepted, 0 unchanged, 1 refused",
            [
                ("judge.me", "mug", 5, "Lovely\nKeeps warm.", "Ada L.", "c-1", "published",
                 "2025-11-03 09:12:44"),
                ("judge.me", "mug", 1, "Leaks.", "Ben", None, "pending", "2025-10-14 00:00:00"),
            ],
        ),
        (
            "loox_reviews.csv", "1 accepted, 0 unchanged, 1 refused",
            [("loox", "mug", 4, "Keeps warm.", "Ada L.", "c-1", "pending", "2025-11-03 00:00:00")],
        ),
        (
            "okendo_reviews.csv", "1 accepted, 0 unchanged, 0 refused",
            [("okendo", "mug", 5, "Lovely\nKeeps warm.", "Ada L.", "c-1", "published",
              "2025-11-03 00:00:00")],
        ),
    ],
)  # fmt: skip
def test_files_of_review_apps(
    run: Run, database: Database, sample: str, says: str, expected: list[tuple[Any, ...]]
) -> None:
    """Known by their columns: a product by its page's address, days in either order, a name and initial."""
    done = run("reviews", sample)
    assert says in done.output, done.output
    found = reviews(database, "source, sku, rating, text, author, customer_id, state, written_at")
    assert [(*row[:-1], str(row[-1])[:19]) for row in found] == expected


def test_language_and_state_for_a_whole_file(run: Run, database: Database) -> None:
    """Given for all rows, an app's file is still known by its columns."""
    done = run("reviews", "loox_reviews.csv", "--set", "language=en-US", "--set", "state=published")
    assert "1 accepted" in done.output, done.output
    assert reviews(database, "language, state") == [("en", "published")]


def test_an_imported_review_is_not_requested_again(run: Run, database: Database) -> None:
    """Of a customer who is known by the address: the order's line counts as reviewed."""
    run("reviews", "judgeme_reviews.csv")
    with database.reading() as session:
        lines = lines_of_orders(bought_by(session, "c-1", ["1001"]), ["1001"])
        assert [line.reviewed for line in lines] == [True]


def test_an_export_can_be_imported_again(run: Run, database: Database, tmp_path: Path) -> None:
    """Its columns are ours, its owner alone may read it, and imported again it adds nothing."""
    run("reviews", "reviews.csv")
    file = tmp_path / "all.csv"
    done = CliRunner().invoke(app, ["reviews", "export", "--to", str(file)])
    assert "3 reviews written" in done.output, done.output
    assert file.stat().st_mode & 0o777 == 0o600
    assert "0 accepted, 3 unchanged, 0 refused" in run("reviews", str(file)).output


def test_exported_words_are_no_formula(run: Run, database: Database, tmp_path: Path) -> None:
    """A moderator's spreadsheet runs nothing that a customer wrote, and elsewhere it is read as it was."""
    source, file = tmp_path / "one.csv", tmp_path / "all.csv"
    source.write_text('sku,rating,text,written_at\nmug,5,"=HYPERLINK(""x"")",2026-01-05T10:00:00Z\n', "utf-8")
    run("reviews", str(source))
    CliRunner().invoke(app, ["reviews", "export", "--to", str(file)])
    assert '"\'=HYPERLINK(""x"")"' in file.read_text("utf-8")
    with database.transaction() as session:
        session.connection().exec_driver_sql("DELETE FROM reviews")
    assert "1 accepted" in run("reviews", str(file)).output
    assert reviews(database, "text") == [('=HYPERLINK("x")',)]
