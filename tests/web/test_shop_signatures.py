"""Only what a shop has signed lately is taken, over real HTTP: nothing of anything else is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from shops.signatures import is_signed, signature_of
from starter import clock
from storage.database import Database
from storage.tables import InboxRow, OrderEventRow, ShopEventRow
from tests.shop_calls import SECRETS, ShopCalls, calling_shops
from tests.shop_payloads import shopify_order, woocommerce_order
from tests.web.test_signatures import one_byte_off
from web.hooks import shopify, woocommerce
from web.hooks.shops import MAX_BODY

# Neither vendor publishes a number, only the code that makes it (shops/signatures.py cites it). This one is
# from an independent project's tests of Shopify's webhooks: github.com/sqlpage/SQLPage, function hmac.
PUBLISHED_BODY = b'{"id":1234567890,"email":"customer@example.com","total_price":"123.45"}'
PUBLISHED_SECRET, PUBLISHED = "test-webhook-secret", "QNyObTlKbMx2qDlPF/ZOZcBqg5OgPg+2oky3zldc0Gw="
TOPIC = "afterglow/test"  # nothing is done for it
BODY = b'{"id": 1}'


@pytest.fixture
def calls(database: Database, tmp_path: Path) -> Iterator[ShopCalls]:
    """A web server that both shops call."""
    with calling_shops(database, tmp_path) as calling:
        yield calling


def written(calls: ShopCalls) -> int:
    """How many rows there are of what shops have reported."""
    return len(calls.rows(ShopEventRow)) + len(calls.rows(InboxRow))


def test_the_published_example_holds() -> None:
    """Our signature is the one that others make of the published code."""
    assert signature_of(PUBLISHED_BODY, PUBLISHED_SECRET) == PUBLISHED
    assert is_signed(PUBLISHED_BODY, PUBLISHED, ["another", PUBLISHED_SECRET])


def test_no_byte_of_the_published_example_can_be_changed() -> None:
    """Neither of the body nor of the signature; and no signature that is not ASCII raises."""
    for body in one_byte_off(PUBLISHED_BODY.decode()):
        assert not is_signed(body.encode(), PUBLISHED, [PUBLISHED_SECRET])
    for signature in one_byte_off(PUBLISHED):
        assert not is_signed(PUBLISHED_BODY, signature, [PUBLISHED_SECRET])
    assert not is_signed(PUBLISHED_BODY, "ü", [PUBLISHED_SECRET])


def test_the_published_example_is_taken_over_http(database: Database, tmp_path: Path) -> None:
    """Its body and its signature, with its secret set for both shops."""
    secret = SecretStr(PUBLISHED_SECRET)
    with calling_shops(database, tmp_path, shopify_secret=secret, woocommerce_secret=secret) as calls:
        answers = (
            calls.shopify(TOPIC, PUBLISHED_BODY, {"X-Shopify-Hmac-Sha256": PUBLISHED}),
            calls.woocommerce(TOPIC, PUBLISHED_BODY, {"X-WC-Webhook-Signature": PUBLISHED}),
        )
    assert [answer.status_code for answer in answers] == [200, 200]


@pytest.mark.parametrize(
    "changed",
    [
        {"X-Shopify-Hmac-Sha256": ""},
        {"X-Shopify-Hmac-Sha256": signature_of(BODY, "another-secret-of-20-chars")},
        {"X-Shopify-Hmac-Sha256": signature_of(BODY + b" ", SECRETS["shopify"])},
        {"X-Shopify-Hmac-Sha256": signature_of(BODY, SECRETS["woocommerce"])},
        {"X-Shopify-Hmac-Sha256": signature_of(BODY, "")},
        {"X-Shopify-Topic": ""},
        {"X-Shopify-Topic": "x" * 61},
        {"X-Shopify-Triggered-At": (clock.now() - shopify.OLDEST - timedelta(minutes=1)).isoformat()},
        {"X-Shopify-Triggered-At": (clock.now() + shopify.NEWEST + timedelta(days=1)).isoformat()},
        {"X-Shopify-Triggered-At": "yesterday"},
    ],
)
def test_what_shopify_has_not_signed_lately_is_refused(calls: ShopCalls, changed: dict[str, str]) -> None:
    """Unsigned, another secret, a changed byte, no topic, too old, ahead: 403, nothing written."""
    answer = calls.shopify(TOPIC, BODY, changed)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert written(calls) == 0


def test_what_shopify_sends_again_for_hours_is_taken(calls: ShopCalls) -> None:
    """A retry has the time of the first try: Shopify's period of four hours lies well within the limit."""
    assert calls.shopify(TOPIC, BODY, at=clock.now() - timedelta(hours=5)).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"X-WC-Webhook-Signature": ""},
        {"X-WC-Webhook-Signature": signature_of(BODY, "another-secret-of-20-chars")},
        {"X-WC-Webhook-Signature": signature_of(BODY + b" ", SECRETS["woocommerce"])},
        {"X-WC-Webhook-Topic": ""},
    ],
)
def test_what_woocommerce_has_not_signed_is_refused(calls: ShopCalls, changed: dict[str, str]) -> None:
    """Unsigned, signed with another secret, a changed byte, no topic: 403, nothing written."""
    assert calls.woocommerce(TOPIC, BODY, changed).status_code == 403
    assert written(calls) == 0


def test_an_order_that_changed_long_ago_is_stale(calls: ShopCalls) -> None:
    """WooCommerce sends no time of its own: the order's is signed with it."""
    then = clock.now() - woocommerce.OLDEST - timedelta(minutes=1)
    event = {"id": 1, "date_modified_gmt": then.replace(tzinfo=None).isoformat()}
    assert calls.woocommerce("order.updated", event).status_code == 403
    assert written(calls) == 0


def test_a_ping_is_answered(calls: ShopCalls) -> None:
    """WooCommerce sends it without a signature when a webhook is made, as a form: 200, nothing written."""
    form = {"Content-Type": "application/x-www-form-urlencoded", "X-WC-Webhook-Signature": ""}
    answer = calls.woocommerce("", b"webhook_id=12", form)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "ping")
    assert calls.woocommerce("", b"webhook_id=12&order=1", form).status_code == 403
    assert written(calls) == 0


@pytest.mark.parametrize("again", [{}, {"X-Shopify-Event-Id": "another"}])
def test_a_replay_changes_nothing(calls: ShopCalls, again: dict[str, str]) -> None:
    """Also under another id: the headers are not signed. It is answered 200, since shops send again too."""
    first = calls.shopify(TOPIC, BODY, {"X-Shopify-Event-Id": "one"}).json()
    second = calls.shopify(TOPIC, BODY, {"X-Shopify-Event-Id": "one", **again})
    assert not first["duplicate"]
    assert (second.status_code, second.json()["duplicate"]) == (200, True)
    assert written(calls) == 1


def test_two_things_of_one_event_are_two(calls: ShopCalls) -> None:
    """One click may change the stock of many items, or many orders: none of them is taken for a duplicate."""
    topic = "inventory_levels/update"
    levels = [{"inventory_item_id": item, "location_id": 1, "available": 0} for item in (1, 2, 2)]
    bodies = [json.dumps({**level, "updated_at": f"{n}"}) for n, level in enumerate(levels)]
    answers = [
        calls.shopify(topic, body.encode(), {"X-Shopify-Event-Id": "one"}).json()["duplicate"]
        for body in bodies
    ]
    assert answers == [False, False, True]


@pytest.mark.parametrize(
    ("topic", "event"),
    [
        ("customers/delete", {"id": 1, "phone": None, "addresses": [], "tax_exemptions": [], "note": ""}),
        ("customers/purchasing_summary", {"customer_id": 1, "orders_count": 2}),
    ],
)
def test_a_topic_that_nothing_is_done_for_is_answered(
    calls: ShopCalls, topic: str, event: dict[str, Any]
) -> None:
    """Whatever its body looks like: a shop that gets errors gives up its webhooks."""
    answer = calls.shopify(topic, event)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "topic")


def test_two_topics_of_one_event_are_two(calls: ShopCalls) -> None:
    """Shopify gives one id to what a single click of the merchant has caused."""
    answers = [
        calls.shopify(topic, BODY, {"X-Shopify-Event-Id": "one"}).json()["duplicate"]
        for topic in (TOPIC, f"{TOPIC}s")
    ]
    assert answers == [False, False]


def test_a_secret_is_changed_without_a_gap(database: Database, tmp_path: Path) -> None:
    """Both are taken while both are set."""
    both = SecretStr(f"new-secret-of-20-characters, {SECRETS['shopify']}")
    with calling_shops(database, tmp_path, shopify_secret=both) as calls:
        new = signature_of(BODY, "new-secret-of-20-characters")
        assert calls.shopify(TOPIC, BODY).status_code == 200
        assert calls.shopify(TOPIC, BODY, {"X-Shopify-Hmac-Sha256": new}).json()["duplicate"]


@pytest.mark.parametrize("secret", ["", ",", " "])
def test_without_a_secret_nothing_is_taken(database: Database, tmp_path: Path, secret: str) -> None:
    """There is no unsigned mode, and no empty secret."""
    with calling_shops(database, tmp_path, shopify_secret=SecretStr(secret)) as calls:
        answer = calls.shopify(TOPIC, BODY, {"X-Shopify-Hmac-Sha256": signature_of(BODY, secret.strip(", "))})
        assert answer.status_code == 403


def test_a_long_body_is_refused(calls: ShopCalls) -> None:
    """Before anything reads it; one of the longest that shops send is taken."""
    assert calls.shopify(TOPIC, b"x" * (MAX_BODY + 1)).status_code == 413
    assert calls.shopify(TOPIC, json.dumps({"text": "x" * 3_000_000})).status_code == 200


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"\xff\xfe", b'{"id": ' + b"[" * 100_000, b'{"a": NaN}']
)
@pytest.mark.parametrize("topic", ["orders/paid", "no/such"])
def test_a_signed_body_is_never_an_error(calls: ShopCalls, body: bytes, topic: str) -> None:
    """A shop that gets errors stops reporting: what cannot be read is kept, refused or passed over."""
    answers: list[Any] = [
        calls.shopify(topic, body),
        calls.woocommerce(topic.replace("orders/paid", "order.updated"), body),
    ]
    assert {answer.status_code for answer in answers} <= {200, 403}


def test_an_event_that_cannot_be_read_is_answered_with_the_field(calls: ShopCalls) -> None:
    """The answer names what is at fault and repeats nothing of the body; what is applied names nothing."""
    broken = shopify_order(1, clock.now()) | {"id": "zzz@example.com", "email": "ada@example.com"}
    answer = calls.shopify("orders/paid", broken)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "refused")
    assert answer.json()["problems"][0].startswith("orders/paid: order_id: ")
    assert "zzz" not in answer.text
    assert "ada" not in answer.text
    assert calls.shopify("orders/paid", shopify_order(2, clock.now())).json()["problems"] == []


@pytest.mark.parametrize(
    "topic", ["customers/update", "customers/redact", "products/update", "refunds/create"]
)
def test_shopifys_order_under_another_topic_is_refused(calls: ShopCalls, topic: str) -> None:
    """The topic is not signed: a captured order is no customer, no erasure and no refund."""
    assert calls.shopify(topic, shopify_order(1, clock.now())).status_code == 403
    assert written(calls) == 0


@pytest.mark.parametrize("topic", ["customer.updated", "customer.deleted", "product.deleted"])
def test_woocommerces_order_under_another_topic_is_refused(calls: ShopCalls, topic: str) -> None:
    """As for Shopify."""
    assert calls.woocommerce(topic, woocommerce_order(1, clock.now())).status_code == 403
    assert written(calls) == 0


@pytest.mark.parametrize("topic", ["orders/cancelled", "orders/fulfilled"])
def test_a_paid_order_is_not_cancelled_by_another_topic_of_orders(calls: ShopCalls, topic: str) -> None:
    """What became of an order is in its body, which is signed."""
    assert calls.shopify(topic, shopify_order(1, clock.now())).status_code == 200
    assert {row.status for row in calls.rows(OrderEventRow)} <= {"processed"}


@pytest.mark.parametrize("shop", ["shopify", "woocommerce"])
def test_the_same_event_ten_times_at_once_is_applied_once(calls: ShopCalls, shop: str) -> None:
    """Over HTTP: each is answered 200, one of them is no duplicate, and one campaign is to start."""
    at = clock.now()
    topic, order = "order.updated", woocommerce_order(1, at)
    if shop == "shopify":
        topic, order = "orders/paid", shopify_order(1, at)
    headers = {"X-Shopify-Event-Id": "one", "X-WC-Webhook-Delivery-ID": "one"}
    post = calls.shopify if shop == "shopify" else calls.woocommerce
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: post(topic, order, headers), range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["duplicate"] for answer in answers) == [False] + [True] * 9
    assert [row.kind for row in calls.rows(InboxRow)].count("order") == 1
    assert len(calls.rows(ShopEventRow)) == 1
