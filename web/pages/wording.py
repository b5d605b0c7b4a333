"""The words that a customer agrees to. The pages show them, and the ledger keeps them: the same ones."""

from __future__ import annotations

from campaign.customers.preferences import Choice
from campaign.reasons import Channel

CHANNEL_NAMES = {Channel.EMAIL: "email", Channel.SMS: "SMS"}
LABELS = {
    Choice.EMAIL: "Email",
    Choice.SMS: "SMS",
    Choice.EITHER: "Email or SMS, one message at a time",
    Choice.BOTH: "Email and SMS, each message by both",
    Choice.NONE: "Neither: send me no news and offers",
}
LESS = "Send me fewer messages"


def unsubscribe_words(brand: str, channel: Channel) -> str:
    """Return what is declared by the button of the unsubscribe page."""
    return f"Send me no more news and offers from {brand} by {CHANNEL_NAMES[channel]}."


def question(brand: str) -> str:
    """Return the question of the preference page."""
    return f"How may {brand} send you news and offers?"


def sms_terms(brand: str, *, double_opt_in: bool) -> str:
    """Return what choosing SMS agrees to (in the US: 47 CFR 64.1200(f)(9) wants it in writing)."""
    terms = (
        f"If you choose SMS, you agree to receive recurring automated marketing texts from {brand} at this "
        "number. You need not agree to buy anything. Message and data rates may apply. Reply STOP to end it, "
        "HELP for help."
    )
    asks = " Before the first one we ask by SMS whether it was you: it begins when you reply YES."
    return terms + (asks if double_opt_in else "")


def choice_words(brand: str, choice: Choice, *, double_opt_in: bool) -> dict[Channel, str]:
    """Return what the ledger keeps of a choice: the question, the answer, and the channel's own terms."""
    words = dict.fromkeys(Channel, f"{question(brand)} {LABELS[choice]}.")
    if Channel.SMS in choice.channels:
        words[Channel.SMS] += f" {sms_terms(brand, double_opt_in=double_opt_in)}"
    return words
