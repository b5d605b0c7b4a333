"""The words that a customer agrees to. The pages show them, and the ledger keeps them: the same ones."""

from __future__ import annotations

from campaign.customers.preferences import Choice
from campaign.reasons import Channel
from web.pages.page_words import PageWords


def label(t: PageWords, choice: Choice) -> str:
    """Return what a choice is called."""
    return t(f"choice_{choice.value}")


def unsubscribe_words(t: PageWords, brand: str, channel: Channel) -> str:
    """Return what is declared by the button of the unsubscribe page."""
    return t(f"no_more_{channel.value}", brand=brand)


def question(t: PageWords, brand: str) -> str:
    """Return the question of the preference page."""
    return t("question", brand=brand)


def sms_terms(t: PageWords, brand: str, *, double_opt_in: bool) -> str:
    """Return what choosing SMS agrees to (in the US: 47 CFR 64.1200(f)(9) wants it in writing)."""
    terms = t("sms_terms", brand=brand)
    return f"{terms} {t('sms_confirm')}" if double_opt_in else terms


def choice_words(t: PageWords, brand: str, choice: Choice, *, double_opt_in: bool) -> dict[Channel, str]:
    """Return what the ledger keeps of a choice: the question, the answer, and the channel's own terms."""
    words = dict.fromkeys(Channel, f"{question(t, brand)} {label(t, choice)}.")
    if Channel.SMS in choice.channels:
        words[Channel.SMS] += f" {sms_terms(t, brand, double_opt_in=double_opt_in)}"
    return words
