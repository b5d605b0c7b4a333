"""History from files: accepted once, refused with the reason, and nothing else is set off."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest

from storage.database import Database
from storage.queries.people.consents import consents_of
from storage.queries.people.customers import get_customer
from tests.facts import ROOT
from tests.intake.imports.command import Run, counts, rows, run

__all__ = ["run"]


def test_orders_are_saved_and_nothing_starts(run: Run, database: Database, tmp_path: Path) -> None:
    """Orders with lines, news and people are there; no inbox row, no campaign; reasons name the field."""
    done = run("orders", "orders.csv")
    assert "3 accepted, 0 unchanged, 2 refused" in done.output, done.output
    found = counts(database)
    assert (found["orders"], found["order_lines"], found["order_events"]) == (2, 3, 2)
    assert (found["inbox"], rows(database, "SELECT count(*) FROM campaign_runs")) == (0, [(0,)])
    assert rows(database, "SELECT status FROM order_events WHERE order_id = '1002'") == [("cancelled",)]
    with database.reading() as session:
        assert get_customer(session, "c-1").email == "ada@example.com"
    refused = tmp_path / "orders.csv.refused.csv"
    assert refused.stat().st_mode & 0o777 == 0o600
    with refused.open(encoding="utf-8") as file:
        reasons = {row["order_id"]: row["reason"] for row in csv.DictReader(file)}
    assert reasons.keys() == {"1003", "1004"}
    assert reasons["1003"].startswith("placed_at: is not a time")
    assert reasons["1004"].startswith("lines[0].quantity: is not a whole number")


def test_refused_rows_can_be_corrected_and_imported(run: Run, database: Database, tmp_path: Path) -> None:
    """The file of refused rows is a file to import: its column of reasons is not read."""
    run("orders", "orders.csv")
    refused = tmp_path / "orders.csv.refused.csv"
    refused.write_text(refused.read_text().replace("2026-13-05", "2025-12-05").replace("many", "1"))
    assert "2 accepted, 0 unchanged, 0 refused" in run("orders", str(refused)).output
    assert counts(database)["orders"] == 4


def test_the_same_again_changes_nothing(run: Run, database: Database) -> None:
    """A file that is done is not read again; with --restart every row is known."""
    run("orders", "orders.csv")
    before = counts(database)
    assert "was imported on" in run("orders", "orders.csv").output
    assert "0 accepted, 3 unchanged, 2 refused" in run("orders", "orders.csv", "--restart").output
    assert counts(database) == before


def test_a_dry_run_says_the_same_and_saves_nothing(run: Run, database: Database, tmp_path: Path) -> None:
    """Its report is the import's; the database and the folder stay as they were."""
    assert "Would be: 3 accepted, 0 unchanged, 2 refused" in run("orders", "orders.csv", "--dry-run").output
    assert set(counts(database).values()) == {0}
    assert rows(database, "SELECT count(*) FROM imports") == [(0,)]
    assert [path.name for path in tmp_path.glob("*.refused*")] == []


def test_json_lines_with_refunds_and_guests(run: Run, database: Database, tmp_path: Path) -> None:
    """An order a line: its news, what came back, and a guest by address; a line that is no JSON is kept."""
    assert "2 accepted, 0 unchanged, 1 refused" in run("orders", "orders.jsonl").output
    assert rows(database, "SELECT returned, refunded FROM order_lines JOIN orders ON orders.id = order_id "
                          "WHERE order_id = '2001'")[0][0] == 1  # fmt: skip
    assert counts(database)["refunds"] == 1
    ((guest,),) = rows(database, "SELECT customer_id FROM orders WHERE id = '2002'")
    assert str(guest).startswith("guest-")
    (kept,) = (tmp_path / "orders.jsonl.refused.jsonl").read_text().splitlines()
    assert json.loads(kept) == {"line": "no JSON", "reason": "is no JSON object"}


def test_an_order_id_with_other_content_is_refused(run: Run, database: Database, tmp_path: Path) -> None:
    """What is known stays, and the reason names what differs."""
    run("orders", "orders.csv")
    path = tmp_path / "other.csv"
    path.write_text(
        (tmp_path / "orders.csv").read_text().replace("9.90,tea,1,9.90,bob", "8.90,tea,1,8.90,bob")
    )
    done = run("orders", str(path))
    assert "1 x total: differs from the order that has this order_id" in done.output
    ((total,),) = rows(database, "SELECT total FROM orders WHERE id = '1002'")
    assert float(str(total)) == pytest.approx(9.90)


def test_contact_data_fills_what_is_empty(run: Run, database: Database) -> None:
    """Known data stays, unless --overwrite is given; empty fields are filled either way."""
    run("customers", "-", given="customer_id,first_name\nc-1,Augusta\n")
    assert "3 accepted, 0 unchanged, 1 refused" in run("customers", "customers.csv").output
    with database.reading() as session:
        row = get_customer(session, "c-1")
        assert (row.first_name, row.email, row.tags) == ("Augusta", "ada@example.com", ["vip", "early"])
    assert "1 accepted, 2 unchanged, 1 refused" in run("customers", "customers.csv", "--overwrite").output
    with database.reading() as session:
        assert get_customer(session, "c-1").first_name == "Ada"


def test_consents_keep_their_time_and_source(run: Run, database: Database) -> None:
    """An opt-out by address counts for whoever has the address; entries are there once."""
    run("customers", "customers.csv")
    assert "2 accepted, 0 unchanged, 1 refused" in run("consents", "consents.csv").output
    assert "0 accepted, 2 unchanged, 1 refused" in run("consents", "consents.csv", "--restart").output
    with database.reading() as session:
        (granted,), (revoked,) = (consents_of(session, name) for name in ("c-1", "c-2"))
    assert (granted.source, f"{granted.at:%Y-%m-%dT%H:%M:%SZ}") == ("checkout", "2025-01-02T03:04:05Z")
    assert (revoked.state, revoked.address) == ("revoked", "bob@example.com")


def test_products_go_into_the_catalogue(run: Run, database: Database) -> None:
    """A file of products adds and replaces entries."""
    assert "2 accepted, 0 unchanged, 1 refused" in run("products", "products.csv").output
    assert rows(database, "SELECT review_count FROM products WHERE sku = 'mug'") == [(12,)]


def test_any_file_by_a_map(run: Run, database: Database) -> None:
    """Columns with other names are mapped, missing ones are given, and what is unused is said."""
    names = {"Email": "email", "Order": "order_id", "Date": "placed_at", "Total": "total", "Item": "sku",
             "Pieces": "quantity", "Each": "unit_price"}  # fmt: skip
    options = [part for theirs, ours in names.items() for part in ("--map", f"{theirs}={ours}")]
    done = run("orders", "other_shop.csv", *options, "--set", "currency=USD")
    assert ("Left out: Notes" in done.output, "1 accepted" in done.output) == (True, True), done.output
    assert counts(database)["orders"] == 1


def test_every_unknown_column_has_its_own_hint(run: Run) -> None:
    """Each can be pasted; who a row is about may be said by any of three columns."""
    said = run("customers", "-", given="colour,size\n").output
    for name in ("colour", "size"):
        assert f'column {name}: is not known - map it (--map "{name}=...")' in said
    assert "column customer_id, email or phone: is missing" in said


def test_a_file_of_something_else_is_recognised(run: Run) -> None:
    """Shopify's orders given as customers: one line with the right command, not twenty columns."""
    head = "Name,Email,Financial Status,Currency,Total,Lineitem name,Lineitem quantity\n"
    said = run("customers", "-", given=head)
    assert said.exit_code == 2
    assert "is Shopify's file of orders, not of customers - import it as that" in said.output
    assert "is not known" not in said.output


def test_reasons_are_in_the_words_of_a_cell(run: Run) -> None:
    """A CSV file has no quotes and no decimal strings."""
    head = "order_id,customer_id,placed_at,currency,total,sku,quantity,unit_price\n"
    bad = "1,c-1,2026-01-05T12:00:00Z,EURO,abc,mug,many,abc\n"
    said = run("orders", "-", "--dry-run", given=head + bad).output
    assert "total: write the amount with a point, such as 19.90" in said
    assert "lines[0].quantity: is not a whole number - write digits alone" in said
    assert '"' not in said
    assert "decimal string" not in said


def test_addresses_that_nothing_can_be_sent_to_are_counted(run: Run) -> None:
    """A shop's file is taken with them; the report says how many there are."""
    head = "Customer ID,First Name,Email,Accepts Email Marketing,Phone,Country Code\n"
    people = "1,Ada,ada@example.com,yes,12,US\n2,Bob,bob at example,no,,US\n3,Eve,eve@example.com,no,,US\n"
    said = run("customers", "-", given=head + people).output
    assert "1 e-mail address kept as given: nothing can be sent there" in said
    assert "1 number kept as given" in said


def test_compressed_and_with_a_byte_order_mark(run: Run, database: Database, tmp_path: Path) -> None:
    """What spreadsheets write, and gzip, are read as they are."""
    path = tmp_path / "products.csv.gz"
    text = "\ufeffsku\tname\turl\tprice\tcurrency\r\nmug\tMug\thttps://shop.example.com/\t1.00\tUSD\r\n"
    path.write_bytes(gzip.compress(text.encode()))
    assert "1 accepted" in run("products", str(path)).output
    assert counts(database)["products"] == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        ("sku,name\n".encode("utf-16"), "is UTF-16"),
        (b"sku,name\nb\xe4r,x\n", "is not UTF-8"),
        (b"PK\x03\x04", "is a spreadsheet"),
        (b"[{}]", "is a JSON list"),
        (b"sku,name,url,price,colour\n", "column colour: is not known"),
        (b"sku,name,url\n", "column price: is missing"),
        (b"sku,sku\n", "column sku: is there twice"),
    ],
)
def test_another_file_is_refused_at_once(run: Run, tmp_path: Path, content: bytes, said: str) -> None:
    """What cannot be read is refused before anything is done, with what to do."""
    path = tmp_path / "products.csv"
    path.write_bytes(content)
    done = run("products", str(path))
    assert (done.exit_code, said in done.output, "Nothing was done" in done.output) == (2, True, True)


def test_a_file_that_breaks_off_keeps_what_came_before(run: Run, database: Database, tmp_path: Path) -> None:
    """After a quotation mark that is never closed nothing is guessed; earlier batches stay."""
    path = tmp_path / "products.csv"
    lines = [f"p-{n},P,https://shop.example.com/,1.00,USD" for n in range(600)]
    path.write_text("\n".join(["sku,name,url,price,currency", *lines, 'x,"never closed,,,']))
    done = run("products", str(path))
    assert (done.exit_code, "line 602: is no CSV" in done.output) == (2, True), done.output
    assert counts(database)["products"] == 500


def test_woocommerce_exports_as_they_are(run: Run, database: Database, tmp_path: Path) -> None:
    """Files of Analytics and of Products are known by their headers; what they lack is said."""
    folder = ROOT / "tests/shops/woocommerce/exports"
    for kind in ("customers", "products", "orders"):
        (tmp_path / f"{kind}.csv").write_bytes((folder / f"{kind}.csv").read_bytes())
    customers = run("customers", str(tmp_path / "customers.csv"))
    assert "Read as WooCommerce" in customers.output
    assert counts(database)["customers"] == 2
    assert "Read as WooCommerce" in run("products", str(tmp_path / "products.csv")).output
    assert "names neither the buyer's address" in run("orders", str(tmp_path / "orders.csv")).output


def test_shopify_exports_as_they_are(run: Run, database: Database, tmp_path: Path) -> None:
    """Shopify's files are known by their headers: an order of several rows is one, and starts nothing."""
    folder = ROOT / "tests/shops/shopify/exports"
    for kind in ("customers", "products", "orders"):
        (tmp_path / f"{kind}.csv").write_bytes((folder / f"{kind}.csv").read_bytes())
        done = run(kind, str(tmp_path / f"{kind}.csv"), "--shop-url", "https://shop.example.com")
        assert ("Read as Shopify" in done.output, " 0 accepted" in done.output) == (True, False), done.output
    found = counts(database)
    assert (int(str(found["orders"])) < int(str(found["order_lines"])), found["inbox"]) == (True, 0)
    done = run("orders", str(tmp_path / "orders.csv"), "--shop-url", "https://shop.example.com", "--restart")
    assert "0 accepted" in done.output
    assert counts(database) == found


def test_woocommerce_orders_of_the_rest_api(run: Run, database: Database, tmp_path: Path) -> None:
    """An order of wc/v3/orders a line: bought, refunded, without a campaign; again it changes nothing."""
    payloads = sorted((ROOT / "tests/shops/woocommerce/payloads").rglob("*.json"))
    bodies = [json.loads(path.read_text()).get("body") for path in payloads]
    orders = [
        body for body in bodies if isinstance(body, dict) and {"id", "line_items", "billing"} <= set(body)
    ]
    path = tmp_path / "orders.jsonl"
    exported = {str(order["id"]): order for order in orders}.values()  # each once, as a file has them
    path.write_text("".join(json.dumps(order) + "\n" for order in exported))
    assert "Read as WooCommerce" in run("orders", str(path)).output
    before = counts(database)
    assert (int(str(before["orders"])) > 0, before["inbox"]) == (True, 0)
    assert "0 accepted" in run("orders", str(path), "--restart").output
    assert counts(database) == before
