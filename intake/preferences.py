"""What the public pages read and write: whose message a link is from, and what that person decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from campaign.customers.addresses import normal_address
from campaign.customers.preferences import Choice, Standing, ledger_changes, standing
from campaign.definition.model import Definition
from campaign.facts import ConsentEntry, CustomerFacts
from campaign.reasons import Channel
from campaign.rules.consent import after_all, is_revoked
from campaign.wire import Consent
from storage.queries.campaigns.facts import RunFacts, load_recipient, load_run_of
from storage.queries.people.consents import as_entry, entries_for, record_consent
from storage.queries.people.customers import addresses_of, get_customer
from storage.queries.people.kept_opt_outs import REVOKED, is_hashed, is_kept, keep_hashed
from storage.queries.people.locks import lock_messages
from storage.tables import CustomerRow, MessageRow


@dataclass(frozen=True)
class Reader:
    """Whoever holds a link: the message it came in, whom it was written to, and the campaign it belongs to.

    ``kept_out``: the person was erased, and has opted out of the message's channel.
    """

    message: MessageRow
    customer: CustomerRow
    facts: CustomerFacts
    definition: Definition
    kept_out: bool = False

    @property
    def channel(self) -> Channel:
        """The channel of the message."""
        return Channel(self.message.channel)

    @property
    def address(self) -> str | None:
        """The address that the message went to; before it was sent, the customer's."""
        return self.message.recipient or addresses_of(self.customer)[self.channel]

    @property
    def erased(self) -> bool:
        """Whether the person was erased: of the address there is a hash only."""
        return is_hashed(self.message.address)

    @property
    def unsubscribed(self) -> bool:
        """Whether the customer has opted out of the message's channel."""
        return self.kept_out or is_revoked(self.facts.consents, self.channel)

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
    message = session.get(MessageRow, message_id, populate_existing=True)
    if message is None:
        return None
    run = load_run_of(session, message_id)
    customer_id, facts = run.contact.customer_id, run.facts.customer
    if is_anothers(message, run):
        customer_id, facts = message.customer_id, load_recipient(session, message_id)
    kept_out = is_hashed(message.address) and is_kept(
        session, Channel(message.channel), message.address or "", REVOKED
    )
    return Reader(message, get_customer(session, customer_id), facts, run.definition, kept_out)


def is_anothers(message: MessageRow, run: RunFacts) -> bool:
    """Return whether the order turned out to be somebody else's after the message went to a stranger.

    The shop has corrected the address: whoever has the link must neither see nor change what is the buyer's.
    A guest whose order is by now that of the account with the same address is the same person.
    """
    return message.customer_id != run.contact.customer_id and message.address not in run.contact.keys.values()


def unsubscribe(session: Session, reader: Reader, statement: Statement) -> None:
    """Opt the message's address out of its channel; nothing is added where that is so already.

    Holds for whoever has the address, now or later: who ordered twice as a guest is one person.
    """
    reader = _locked(session, reader)
    if reader.erased:
        _keep_opt_out(session, reader, statement.at)
        return
    _opt_out(session, reader, reader.channel, reader.address, statement)


def _keep_opt_out(session: Session, reader: Reader, at: datetime) -> None:
    """Honour an opt-out of an erased address: it holds when the address returns."""
    keep_hashed(session, reader.channel, reader.message.address or "", REVOKED, at)


def _opt_out(
    session: Session, reader: Reader, channel: Channel, address: str | None, statement: Statement
) -> None:
    own = reader.facts.consents
    of_address = _entries_for_address(session, channel, address) if address else own
    if not (is_revoked(own, channel) and is_revoked(of_address, channel)):
        _declare(session, reader, {channel: False}, statement, own + of_address, address)


def _entries_for_address(session: Session, channel: Channel, address: str) -> tuple[ConsentEntry, ...]:
    """Return the ledger of one address."""
    key = normal_address(channel, address)
    return tuple(as_entry(row, {channel: key}) for row in entries_for(session, [key]))


def choose(session: Session, reader: Reader, choice: Choice, statement: Statement, *, less: bool) -> bool:
    """Keep what the customer chose; False, and nothing done, if that is not on offer."""
    reader = _locked(session, reader)
    if reader.erased:
        if reader.channel not in choice.channels:
            _keep_opt_out(session, reader, statement.at)
        return False
    if not standing(reader.definition, reader.facts).offers(choice):
        return False
    row = reader.customer
    row.preferred_channel, row.less = choice.preferred, less
    session.add(row)
    session.flush()
    changes = ledger_changes(reader.definition, reader.facts, choice)
    _declare(session, reader, changes, statement, reader.facts.consents)
    for channel, address in _given_up(reader, choice):
        _opt_out(session, _locked(session, reader), channel, address, statement)
    return True


def _given_up(reader: Reader, choice: Choice) -> set[tuple[Channel, str]]:
    """Return the addresses that a choice says no for: the customer's, and the one that the link went to."""
    given = {*addresses_of(reader.customer).items(), (reader.channel, reader.address)}
    return {(channel, address) for channel, address in given if address and channel not in choice.channels}


def _locked(session: Session, reader: Reader) -> Reader:
    """Lock the reader's person, and read everything again."""
    lock_messages(session, [reader.message.id])
    return reader_of(session, reader.message.id) or reader


def _declare(
    session: Session,
    reader: Reader,
    changes: dict[Channel, bool],
    statement: Statement,
    entries: Sequence[ConsentEntry],
    address: str | None = None,
) -> None:
    for channel, granted in changes.items():
        entry = Consent(
            channel=channel,
            state="granted" if granted else "revoked",
            source=statement.source,
            at=after_all(entries, channel, statement.at),
            wording=statement.wording[channel],
        )
        record_consent(session, reader.customer, entry, address)
