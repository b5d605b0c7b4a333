"""Every column of every table, classed: what is personal, what leads to a person, what does neither.

Export gives what belongs to a person, erasure takes it; tests compare all three with the tables, so that a
column that nobody has classed, or that an erasure leaves, is found.

Personal: says something about a person, or may, being free text. Pseudonymous: an id by which somebody else
(the shop, Temporal, a provider) may find a person; of an erased one it leads to `erased-...` here. The rest
is about the shop, or about nobody.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Classes:
    """A table's columns by class, each a list with spaces."""

    personal: str = ""
    pseudonymous: str = ""
    neither: str = ""


CLASSES: dict[str, Classes] = {
    "api_keys": Classes(neither="id name digest created_at last_used_at revoked_at"),
    "best_sellers": Classes(neither="category rank sku quantity"),
    "bought_together": Classes(neither="sku rank other_sku orders score"),
    "campaign_definitions": Classes(neither="digest name body stored_at templates"),
    "campaign_runs": Classes(
        personal="stop_reason",
        pseudonymous="order_id customer_id workflow_run_id repurchased_by",
        neither="digest holdout segment opened_at closed_at exit_reason",
    ),
    "campaign_steps": Classes(
        pseudonymous="order_id", neither="step kind reason decided_at next_at awaits_offer"
    ),
    "channel_stops": Classes(neither="channel code since probe_at reported"),
    "consents": Classes(
        personal="source wording address", pseudonymous="customer_id", neither="id channel state at confirmed"
    ),
    "coupons": Classes(
        pseudonymous="code order_id customer_id redeemed_order_id",
        neither="id offer origin state step added_at reserved_at issued_at expires_at settled_at cost "
        "discount refusals refusal push_again_at",
    ),
    "customer_scores": Classes(
        personal="predicted_value expected_orders alive",
        pseudonymous="customer_id",
        neither="model_id computed_at",
    ),
    "customers": Classes(
        personal="email email_key phone first_name last_name language country region postal_code time_zone "
        "preferred_channel tags email_as_given phone_as_given less",
        pseudonymous="id",
        neither="changed_at",
    ),
    "erasure_jobs": Classes(pseudonymous="customer_ids order_ids", neither="id erased_at due_at attempts"),
    "erasures": Classes(pseudonymous="digests", neither="id at source counts"),
    "imports": Classes(neither="digest kind rows_read position accepted refused started_at ended_at"),
    "inbox": Classes(
        personal="body",
        pseudonymous="key order_id customer_id",
        neither="id kind state why attempts received_at due_at leased_until settled_at",
    ),
    "kept_opt_outs": Classes(pseudonymous="digest", neither="id channel reason at"),
    "links": Classes(personal="target", pseudonymous="code message_id"),
    "loyalty_standings": Classes(personal="tier points source", pseudonymous="customer_id", neither="at"),
    "message_events": Classes(pseudonymous="message_id event_id", neither="id kind at code machine"),
    "messages": Classes(
        personal="address recipient subject html text",
        pseudonymous="id order_id customer_id provider_id",
        neither="step channel segment purpose state reason consent_id coupon_id due_at latest_at claimed_at "
        "attempted_at sent_at",
    ),
    "offer_stocks": Classes(neither="offer empty_since filled day given spent"),
    "order_events": Classes(pseudonymous="order_id", neither="id status at"),
    "order_lines": Classes(pseudonymous="order_id", neither="position sku quantity unit_price returned"),
    "orders": Classes(
        pseudonymous="id customer_id", neither="placed_at currency total refunded renewal changed_at"
    ),
    "person_requests": Classes(personal="who", neither="id kind source state received_at due_at settled_at"),
    "product_quotes": Classes(
        personal="text author", pseudonymous="review_id", neither="sku language rating verified"
    ),
    "product_ratings": Classes(neither="sku average count computed_at"),
    "products": Classes(
        neither="sku name url image_url price currency category added_at rating review_count review_quote "
        "item available lasts_days consumable family recommend"
    ),
    "refunds": Classes(pseudonymous="order_id refund_id", neither="at amount"),
    "repeat_gaps": Classes(neither="sku days customers buyers"),
    "replies": Classes(personal="sender text", neither="id received_at settled_at verdict"),
    "reviews": Classes(
        personal="text author language",
        pseudonymous="customer_id order_id source_id",
        neither="id sku source rating state why written_at settled_at",
    ),
    "shop_events": Classes(pseudonymous="event_id digest", neither="shop topic received_at outcome"),
    "shop_models": Classes(neither="id name fitted_at serves why parameters quality"),
    "statistics": Classes(neither="name computed_at rows"),
    "stock_levels": Classes(neither="item location available at"),
    "suppressions": Classes(personal="address source", neither="id channel reason at"),
    "webhooks": Classes(pseudonymous="digest", neither="at"),
}


class Belongs:
    """By which column a row is found to be a person's."""

    CUSTOMER, ORDER, MESSAGE, ADDRESS, PHONE, PAYLOAD = (
        "customer", "order", "message", "address", "phone", "payload"
    )  # fmt: skip


EXPORTED: dict[str, tuple[tuple[str, str], ...]] = {
    "customers": ((Belongs.CUSTOMER, "id"),),
    "consents": ((Belongs.CUSTOMER, "customer_id"), (Belongs.ADDRESS, "address")),
    "suppressions": ((Belongs.ADDRESS, "address"),),
    "orders": ((Belongs.CUSTOMER, "customer_id"),),
    "order_lines": ((Belongs.ORDER, "order_id"),),
    "order_events": ((Belongs.ORDER, "order_id"),),
    "refunds": ((Belongs.ORDER, "order_id"),),
    "campaign_runs": ((Belongs.CUSTOMER, "customer_id"),),
    "campaign_steps": ((Belongs.ORDER, "order_id"),),
    "messages": ((Belongs.CUSTOMER, "customer_id"),),
    "message_events": ((Belongs.MESSAGE, "message_id"),),
    "links": ((Belongs.MESSAGE, "message_id"),),
    "replies": ((Belongs.PHONE, "sender"),),
    "inbox": ((Belongs.ORDER, "order_id"), (Belongs.PAYLOAD, "id")),
    "coupons": ((Belongs.CUSTOMER, "customer_id"),),
    "customer_scores": ((Belongs.CUSTOMER, "customer_id"),),
    "loyalty_standings": ((Belongs.CUSTOMER, "customer_id"),),
    "reviews": ((Belongs.CUSTOMER, "customer_id"),),
}
"""Which rows are a person's, in the order of the export: any of a table's columns is enough."""

NOT_EXPORTED = {
    "erasure_jobs": "an erasure under way: the person has no rows any more",
    "erasures": "keyed hashes of who was erased",
    "kept_opt_outs": "keyed hashes of addresses that are not stored",
    "person_requests": "the request itself",
    "product_quotes": "copies of published reviews; the person's own is in reviews",
    "shop_events": "a hash of a shop's request, and the shop's number of it",
    "webhooks": "a hash of a provider's request",
}
"""Tables with something personal or pseudonymous that no export can give, each with its reason."""
