"""What the public pages read and write: whose message a link is from, and what that person decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from campaign.customers.preferences import Choice, Standing, ledger_changes, standing
from campaign.definition.model import Definition
from campaign.facts import CustomerFacts
from campaign.reasons import Channel
from campaign.rules.consent import after_all, is_revoked
from campaign.wire import Consent
from storage.queries.customers import addresses_of, customer_facts, lock_customer, record_consent
from storage.queries.runs import get_run, load_definition
from storage.tables import CustomerRow, MessageRow


@dataclass(frozen=True)
class Reader:
    """Whoever holds a link: the message it came in, its customer, and the campaign it belongs to."""

    message: MessageRow
    customer: CustomerRow
    facts: CustomerFacts
    definition: Definition

    @property
    def channel(self) -> Channel:
        """The channel of the message."""
        return Channel(self.message.channel)

    @property
    def address(self) -> str | None:
        """The address that the message went to; before it was sent, the customer's."""
        return self.message.recipient or addresses_of(self.customer)[self.channel]

    @property
    def unsubscribed(self) -> bool:
        """Whether the customer has opted out of the message's channel."""
        return is_revoked(self.facts.consents, self.channel)

    @property
    def standing(self) -> Standing:
        """How the customer stands."""
        return standing(self.definition, self.facts)


@dataclass(frozen=True)
class Statement:
    """What somebody declares on a page: in which words for each channel, by what way, when."""

    wording: Mapping[Channel, str]
    source: str
    at: datetime


def reader_of(session: Session, message_id: str) -> Reader | None:
    """Return all that a page shows; None if there is no such message."""
    message = session.get(MessageRow, message_id)
    if message is None:
        return None
    customer = session.get_one(CustomerRow, message.customer_id, populate_existing=True)
    definition = load_definition(session, get_run(session, message.order_id).digest)
    return Reader(message, customer, customer_facts(session, customer), definition)


def unsubscribe(session: Session, reader: Reader, statement: Statement) -> None:
    """Opt the message's address out of its channel; nothing is added where that is so already.

    Holds for every customer with the address: whoever ordered twice as a guest is one person.
    """
    for customer_id in _sharers(session, reader):
        row = lock_customer(session, customer_id)
        facts = customer_facts(session, row)
        if not is_revoked(facts.consents, reader.channel):
            _declare(session, row, facts, {reader.channel: False}, statement)


def _sharers(session: Session, reader: Reader) -> list[str]:
    """Return the customers to opt out, always in the same order: so locks cannot cross."""
    found = {reader.customer.id}
    if reader.address:
        column = CustomerRow.email if reader.channel is Channel.EMAIL else CustomerRow.phone
        found |= set(session.exec(select(CustomerRow.id).where(column == reader.address)))
    return sorted(found)


def choose(session: Session, reader: Reader, choice: Choice, statement: Statement, *, less: bool) -> bool:
    """Keep what the customer chose; False, and nothing done, if that is not on offer."""
    row = lock_customer(session, reader.customer.id)
    facts = customer_facts(session, row)
    if not standing(reader.definition, facts).offers(choice):
        return False
    row.preferred_channel, row.less = choice.preferred, less
    session.add(row)
    session.flush()
    _declare(session, row, facts, ledger_changes(reader.definition, facts, choice), statement)
    return True


def _declare(
    session: Session,
    row: CustomerRow,
    facts: CustomerFacts,
    changes: dict[Channel, bool],
    statement: Statement,
) -> None:
    for channel, granted in changes.items():
        entry = Consent(
            channel=channel,
            state="granted" if granted else "revoked",
            source=statement.source,
            at=after_all(facts.consents, channel, statement.at),
            wording=statement.wording[channel],
        )
        record_consent(session, row, entry)
