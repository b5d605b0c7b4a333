"""The one statement that reads a run with all that is known of its customer, for both databases.

The lists come as JSON arrays, so that nothing is read twice and no statement waits for another. What is
read of other customers (who have the same address) is bounded: an address that many guests share costs no
more than any other.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import TextClause, bindparam, text

from storage.queries.campaigns.insight import COLUMNS, JOINS
from storage.queries.coupons import held

_NEWEST_MESSAGES = 500
_NEWEST_ENTRIES = 20
_LIMITS = {"messages": _NEWEST_MESSAGES, "entries": _NEWEST_ENTRIES}

_RUN = """
SELECT r.order_id, r.customer_id, r.digest, r.workflow_run_id, r.holdout, r.segment, r.closed_at,
       r.stop_reason, r.repurchased_by, o.placed_at, o.currency, o.total, c.email, c.email_key, c.phone,
       c.first_name, c.language, c.country, c.region, c.postal_code, c.time_zone, c.preferred_channel, c.less,
       {more},
  (SELECT {all}({row}(e.status, e.at)) FROM (
      SELECT status, at FROM order_events WHERE order_id = r.order_id ORDER BY id) e) AS events,
  (SELECT {all}({row}(p.id, p.placed_at, {number}(p.total), p.currency, p.lost, p.open,
                      {number}(p.refunded), p.returned, p.renewal, p.started, p.reviewed)) FROM (
      SELECT q.id, q.placed_at, q.total, q.currency, q.refunded, q.renewal,
             EXISTS (SELECT 1 FROM order_events e WHERE e.order_id = q.id
                     AND e.status IN ('cancelled', 'refunded')) AS lost,
             s.order_id IS NOT NULL AS started, s.order_id IS NOT NULL AND s.closed_at IS NULL AS open,
             EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = q.id AND l.returned > 0)
                 AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = q.id
                                 AND l.returned < l.quantity) AS returned,
             EXISTS (SELECT 1 FROM reviews v WHERE v.customer_id = c.id)
                 AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = q.id
                                 AND l.returned < l.quantity AND l.sku NOT IN (
                                     SELECT v.sku FROM reviews v WHERE v.customer_id = c.id)) AS reviewed
      FROM orders q LEFT JOIN campaign_runs s ON s.order_id = q.id
      WHERE q.customer_id = c.id ORDER BY q.placed_at) p) AS orders,
  (SELECT {all}({row}(m.id, m.order_id, m.step, m.channel, m.state, m.sent_at, m.attempted_at,
                      m.claimed_at, m.latest_at, m.purpose, m.consent_id, m.segment, m.address, m.written,
                      m.opened, m.clicked, m.placed_at, m.coupon_id)) FROM (
      SELECT n.*, n.text IS NOT NULL AS written,
             (SELECT t.placed_at FROM orders t WHERE t.id = n.order_id) AS placed_at,
             EXISTS (SELECT 1 FROM message_events e WHERE e.message_id = n.id
                     AND e.kind = 'opened' AND NOT e.machine) AS opened,
             EXISTS (SELECT 1 FROM message_events e WHERE e.message_id = n.id
                     AND e.kind = 'clicked' AND NOT e.machine) AS clicked
      FROM messages n WHERE n.id IN (
          SELECT id FROM messages WHERE order_id = r.order_id
          UNION ALL SELECT id FROM (SELECT id FROM messages WHERE customer_id = c.id
                                    ORDER BY claimed_at DESC LIMIT {messages}) mine
          UNION ALL SELECT id FROM (SELECT id FROM messages WHERE address = c.email_key
                                    ORDER BY claimed_at DESC LIMIT {messages}) mailed
          UNION ALL SELECT id FROM (SELECT id FROM messages WHERE address = c.phone
                                    ORDER BY claimed_at DESC LIMIT {messages}) texted)
      ORDER BY n.claimed_at DESC) m) AS messages,
  (SELECT {all}({row}(k.id, k.channel, k.state, k.at, k.confirmed, k.address)) FROM (
      SELECT * FROM consents WHERE customer_id = c.id ORDER BY id) k) AS entries,
  (SELECT {all}({row}(k.id, k.channel, k.state, k.at, k.confirmed, k.address)) FROM (
      SELECT * FROM (SELECT * FROM consents WHERE address = c.email_key AND channel = 'email'
                     ORDER BY at DESC, state DESC LIMIT {entries}) mailed
      UNION ALL SELECT * FROM (SELECT * FROM consents WHERE address = c.phone AND channel = 'sms'
                     ORDER BY at DESC, state DESC LIMIT {entries}) texted) k) AS others,
  (SELECT {all}(x.channel) FROM suppressions x
      WHERE (x.channel = 'email' AND x.address = c.email_key)
         OR (x.channel = 'sms' AND x.address = c.phone)) AS suppressed,
  (SELECT {all}({row}(x.channel, x.probe_at)) FROM channel_stops x) AS stops
FROM {runs} r JOIN orders o ON o.id = r.order_id JOIN customers c ON c.id = r.customer_id
{joins}
WHERE r.order_id {which}"""
_NO_RUNS = """(SELECT {order} AS order_id, customer_id, NULL AS digest, NULL AS workflow_run_id,
       false AS holdout, NULL AS segment, NULL AS closed_at, NULL AS stop_reason, NULL AS repurchased_by
       FROM {table})"""
_WORDS = {
    "postgresql": {"all": "json_agg", "row": "json_build_array", "number": "text"},
    "sqlite": {"all": "json_group_array", "row": "json_array", "number": ""},
}


class Read(StrEnum):
    """What is read, by ``:id`` or ``:ids``: runs; or customers of orders, whether these have runs or not.

    ``RECIPIENT`` is whoever a message was written to, whose order may be another customer's by now.
    """

    ORDER = "order"
    MESSAGE = "message"
    ORDERS = "orders"
    RECIPIENT = "recipient"


_FROM: dict[Read, tuple[str, str]] = {
    Read.ORDER: ("campaign_runs", "= :id"),
    Read.MESSAGE: ("campaign_runs", "= (SELECT order_id FROM messages WHERE id = :id)"),
    Read.ORDERS: (_NO_RUNS.format(order="id", table="orders"), "IN :ids"),
    Read.RECIPIENT: (_NO_RUNS.format(order="order_id", table="messages WHERE id = :id"), "IS NOT NULL"),
}


def _statement(dialect: str, read: Read) -> TextClause:
    words, (runs, which) = _WORDS[dialect], _FROM[read]
    more = f"{COLUMNS},\n  {held.COLUMNS}".format(**words)
    made = text(_RUN.format(**words, **_LIMITS, more=more, joins=JOINS, runs=runs, which=which))
    return made.bindparams(bindparam("ids", expanding=True)) if read is Read.ORDERS else made


STATEMENTS: dict[tuple[str, Read], TextClause] = {
    (dialect, read): _statement(dialect, read) for dialect in _WORDS for read in Read
}
"""By the database's dialect, and what is read."""
