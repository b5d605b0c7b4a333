"""What makes messages personal: models and scores, loyalty, coupons, reviews, recommendations, templates.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.columns import Amount, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_SHOWN = sa.text("available AND recommend")


def upgrade() -> None:
    """Apply."""
    _models()
    _coupons()
    _reviews()
    _recommendations()
    op.add_column("campaign_definitions", sa.Column("templates", sa.Text(), nullable=True))
    op.create_index("ix_orders_placed_at_id", "orders", ["placed_at", "id"])


def _models() -> None:
    op.create_table(
        "shop_models",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("fitted_at", UtcDateTime(), nullable=False),
        sa.Column("serves", sa.String(length=40), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("quality", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_models")),
    )
    op.create_index("ix_shop_models_name_id", "shop_models", ["name", "id"])
    op.create_table(
        "customer_scores",
        sa.Column("customer_id", sa.String(length=100), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("computed_at", UtcDateTime(), nullable=False),
        sa.Column("predicted_value", Amount(), nullable=True),
        sa.Column("expected_orders", sa.Float(), nullable=True),
        sa.Column("alive", sa.Float(), nullable=True),
        _foreign("customer_scores", "customer_id", "customers"),
        _foreign("customer_scores", "model_id", "shop_models"),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_scores")),
    )
    op.create_index("ix_customer_scores_model_id", "customer_scores", ["model_id"])
    op.create_table(
        "loyalty_standings",
        sa.Column("customer_id", sa.String(length=100), nullable=False),
        sa.Column("tier", sa.String(length=40), nullable=True),
        sa.Column("points", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        _foreign("loyalty_standings", "customer_id", "customers"),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_loyalty_standings")),
    )


def _coupons() -> None:
    op.create_table(
        "coupons",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("offer", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("order_id", sa.String(length=100), nullable=True),
        sa.Column("step", sa.String(length=40), nullable=True),
        sa.Column("customer_id", sa.String(length=100), nullable=True),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("reserved_at", UtcDateTime(), nullable=True),
        sa.Column("issued_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("redeemed_order_id", sa.String(length=100), nullable=True),
        sa.Column("cost", Amount(), nullable=True),
        sa.Column("discount", Amount(), nullable=True),
        _foreign("coupons", "order_id", "orders"),
        _foreign("coupons", "customer_id", "customers"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupons")),
        sa.UniqueConstraint("code", name=op.f("uq_coupons_code")),
    )
    op.create_index("ix_coupons_offer_state_id", "coupons", ["offer", "state", "id"])
    op.create_index("ix_coupons_order_id", "coupons", ["order_id"])
    op.create_index("ix_coupons_customer_id", "coupons", ["customer_id"])
    _partial("ix_coupons_reserved", ["order_id", "step"], "state = 'reserved'", unique=True)
    _partial("ix_coupons_open", ["expires_at"], "state IN ('reserved', 'issued')")
    op.add_column("messages", sa.Column("coupon_id", sa.Integer(), nullable=True))
    op.create_table(
        "offer_stocks",
        sa.Column("offer", sa.String(length=40), nullable=False),
        sa.Column("empty_since", UtcDateTime(), nullable=True),
        sa.Column("filled", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("day", sa.String(length=10), nullable=True),
        sa.Column("given", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("spent", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("offer", name=op.f("pk_offer_stocks")),
    )


def _partial(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    held = sa.text(where)
    op.create_index(name, "coupons", columns, unique=unique, postgresql_where=held, sqlite_where=held)


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("customer_id", sa.String(length=100), nullable=True),
        sa.Column("order_id", sa.String(length=100), nullable=True),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("source_id", sa.String(length=100), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("author", sa.String(length=100), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("why", sa.String(length=40), nullable=True),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        _foreign("reviews", "customer_id", "customers"),
        _foreign("reviews", "order_id", "orders"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("source", "source_id", name=op.f("uq_reviews_source_source_id")),
        sa.UniqueConstraint("order_id", "sku", name=op.f("uq_reviews_order_id_sku")),
    )
    op.create_index("ix_reviews_customer_id", "reviews", ["customer_id"])
    op.create_index("ix_reviews_sku_state_written_at", "reviews", ["sku", "state", "written_at"])
    op.create_index("ix_reviews_state_id", "reviews", ["state", "id"])
    op.create_table(
        "product_ratings",
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("average", sa.Float(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("computed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sku", name=op.f("pk_product_ratings")),
    )
    op.create_table(
        "product_quotes",
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("author", sa.String(length=100), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=False),
        _foreign("product_quotes", "review_id", "reviews"),
        sa.PrimaryKeyConstraint("sku", "language", name=op.f("pk_product_quotes")),
    )
    op.create_index("ix_product_quotes_review_id", "product_quotes", ["review_id"])


def _recommendations() -> None:
    """Best-sellers are counted anew within the hour: their table is made again rather than changed.

    Shopify's variants share their page; what else belongs together is known once the catalogue is sent again.
    """
    op.add_column("products", sa.Column("lasts_days", sa.Integer(), nullable=True))
    for name, value in (("consumable", sa.false()), ("recommend", sa.true())):
        op.add_column("products", sa.Column(name, sa.Boolean(), nullable=False, server_default=value))
    op.add_column("products", sa.Column("family", sa.String(length=2_000), nullable=True))
    op.create_index("ix_products_shown", "products", ["sku"], postgresql_where=_SHOWN, sqlite_where=_SHOWN)
    find = "strpos" if op.get_bind().dialect.name == "postgresql" else "instr"
    op.execute(
        f"UPDATE products SET family = substr(url, 1, {find}(url, '?variant=') - 1)"  # noqa: S608 - ours
        " WHERE url LIKE '%?variant=%'"
    )
    op.create_table(
        "repeat_gaps",
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("customers", sa.Integer(), nullable=False),
        sa.Column("buyers", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sku", name=op.f("pk_repeat_gaps")),
    )
    op.add_column(
        "bought_together", sa.Column("score", sa.Float(), nullable=False, server_default=sa.text("0"))
    )
    op.drop_table("best_sellers")
    op.create_table(
        "best_sellers",
        sa.Column("category", sa.String(length=200), nullable=False, server_default=sa.text("''")),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("category", "rank", name=op.f("pk_best_sellers")),
    )


def _foreign(table: str, column: str, referred: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{referred}.id"], name=op.f(f"fk_{table}_{column}_{referred}"))


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_orders_placed_at_id", "orders")
    op.drop_column("campaign_definitions", "templates")
    op.drop_table("best_sellers")
    op.create_table(
        "best_sellers",
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(length=100), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rank", name=op.f("pk_best_sellers")),
    )
    op.drop_column("bought_together", "score")
    op.drop_index("ix_products_shown", "products")
    for column in ("lasts_days", "consumable", "recommend", "family"):
        op.drop_column("products", column)
    op.drop_column("messages", "coupon_id")
    for table in (
        "offer_stocks",
        "product_quotes",
        "repeat_gaps",
        "product_ratings",
        "reviews",
        "coupons",
        "loyalty_standings",
        "customer_scores",
        "shop_models",
    ):
        op.drop_table(table)
