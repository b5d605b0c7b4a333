"""A subject says only what is true of the offer in its message, in four languages."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from campaign.definition.loading import parse_definition
from campaign.definition.offers.offer import Offer
from campaign.errors import BadCampaign
from campaign.offers.claims import amounts_in, endings_in, false_claims, percents_in, truth_of
from content.checking.claims import claim_problems
from content.sources import read_folder
from tests.facts import CAMPAIGN, ROOT

TWENTY = Offer.model_validate({"text": "20% off", "percent": 20, "code": "BACK20", "valid_for": "14 days"})
ENDLESS = Offer.model_validate({"text": "$5.00 off", "amount": "5.00", "code": "FIVE"})


def said(text: str, offer: Offer | None, prices: tuple[str, ...] = ()) -> list[str]:
    """Return what is wrong with a subject."""
    truth = truth_of(offer, map(Decimal, prices))
    return [problem.what for problem in false_claims("x", "subject", text, truth)]


@pytest.mark.parametrize(
    ("text", "offer"),
    [
        ("Ada, 20% off everything", TWENTY),
        ("20 % auf alles, nur noch heute", TWENTY),
        ("Un 20\u00a0% de descuento: último día", TWENTY),
        ("20\u202f% de remise, dernier jour", TWENTY),
        ("$5 off", ENDLESS),
        ("5,00\u00a0€ Rabatt", ENDLESS),
        ("Your Stoneware mug", None),
        ("No hurry: what we thought you would like, at last", None),
        ("Se puede estar acabando tu té", None),
        ("The weekend blend is back", None),
    ],
)
def test_what_is_true_may_be_said(text: str, offer: Offer | None) -> None:
    """The offer's own percentage or amount, that it ends where it does, and words that claim nothing."""
    assert said(text, offer) == []


@pytest.mark.parametrize(
    ("text", "offer", "wrong"),
    [
        ("25% off", TWENTY, "25%"),
        ("20% off", None, "20%"),
        ("20 percent off", ENDLESS, "20%"),
        ("20 Prozent auf alles", None, "20%"),
        ("$10 off", ENDLESS, "10"),
        ("Save 1.000,50 € now", ENDLESS, "1000.5"),
        ("Last chance, Ada", ENDLESS, "Last chance"),
        ("Our sale ends tonight", None, "ends"),
        ("Letzte Gelegenheit", None, "Letzte Gelegenheit"),
        ("Das Angebot läuft heute ab", None, "läuft heute ab"),
        ("Solo hoy: envío gratis", None, "Solo hoy"),
        ("Tu descuento caduca", ENDLESS, "caduca"),
        ("Plus que 2 jours", None, "Plus que 2 jours"),
        ("Votre offre expire", ENDLESS, "expire"),
    ],
)
def test_what_is_not_true_is_refused(text: str, offer: Offer | None, wrong: str) -> None:
    """Another percentage or amount, an end that the offer does not have, and either without any offer."""
    (what,) = said(text, offer)
    assert wrong in what


def test_prices_are_no_claim() -> None:
    """An amount that is a price in the message may stand there."""
    assert said("Your mug for $19.90", None, ("19.90",)) == []
    (what,) = said("Your mug for $9.90", ENDLESS, ("19.90",))
    assert what.endswith("not the offer's amount (5.00)")


@pytest.mark.parametrize(
    ("text", "percents", "amounts", "ends"),
    [
        ("12.5% or 12,5 % off", ["12.5", "12.5"], [], []),
        ("$1,234.50 and 7 dollars", [], ["1234.50", "7.0"], []),
        ("Half price, half-price and half off", ["50", "50", "50"], [], []),
        ("Zum halben Preis: a mitad de precio, à moitié prix", ["50", "50", "50"], [], []),
        ("One and a half cups, im halben Jahr, la mitad, à moitié vide", [], [], []),
        ("Order 1234 of 2026-03-05", [], [], []),
        ("7 €, $10, 10 USD, 7,98 €", [], ["7.0", "10.0", "10.0", "7.98"], []),
        ("EUR10, 10USD, 10,- €, 10,\u2013 EUR", [], ["10.0", "10.0", "10.0", "10.0"], []),
        ("1 000 €, 1\u202f000,50 €, 1.000 €, CHF 1'000", [], ["1000.0", "1000.50", "1000.0", "1000.0"], []),
        ("kr 50, 50 zł, US$5 and 5 dólares", [], ["50.0", "50.0", "5.0", "5.0"], []),
        ("It expires: last day", [], [], ["expires", "last day"]),
    ],
)
def test_what_is_found(text: str, percents: list[str], amounts: list[str], ends: list[str]) -> None:
    """Numbers with decimals of either kind, thousands, and no number that is no money."""
    assert list(percents_in(text)) == [Decimal(each) for each in percents]
    assert list(amounts_in(text)) == [Decimal(each) for each in amounts]
    assert list(endings_in(text)) == ends


def problems(text: str, old: str, new: str) -> list[str]:
    """Return the mistakes of a campaign in which something is replaced."""
    assert old in text
    try:
        parse_definition(text.replace(old, new))
    except BadCampaign as error:
        return [str(problem) for problem in error.problems]
    return []


def test_the_best_offer_waits_for_its_step() -> None:
    """An earlier step that shows it is named; one that shows a smaller one is not."""
    text = CAMPAIGN.read_text("utf-8")
    (early,) = problems(text, 'offer = "welcome"', 'offer = "come-back"')
    assert 'shows "come-back" before its step, "win-back-best"' in early
    assert problems(text, 'offer = "welcome"', 'offer = "vip"') == []


def test_an_offers_text_says_its_percentage() -> None:
    """In every language: one that says another is named by it."""
    text = CAMPAIGN.read_text("utf-8")
    (untrue,) = problems(text, 'de = "20\u00a0% auf alles"', 'de = "25\u00a0% auf alles"')
    assert "offers.come-back.text.de" in untrue


FIVE = {"amount": "5.00"}


@pytest.mark.parametrize(
    ("text", "gives", "wrong"),
    [
        ("$5 off", FIVE, None),
        ("5,00\u00a0$ Rabatt", FIVE, None),
        ("5 USD de descuento", FIVE, None),
        ("$5 off orders over $50", FIVE, None),
        ("5 $ ab 50 $ Bestellwert", FIVE, None),
        ("5 $ de descuento a partir de 50 $", FIVE, None),
        ("5 $ de remise dès 50 $ d'achat", FIVE, None),
        ("$5 off when you spend $50 or more", FIVE, None),
        ("20% off orders of $50 or more", {"percent": 20}, None),
        ("free shipping (worth $4.90)", {"free_shipping": True}, None),
        ("30% off, we think", {}, None),
        ("$7 off", FIVE, "says 7.00 USD, and the offer has amount = 5.00 - write what the code takes off"),
        ("7,98 $ Rabatt", FIVE, "7.98 USD"),
        ("20% off", FIVE, "says 20%, and the offer has amount = 5.00"),
        ("10 $ Rabatt", {"percent": 20}, "10.00 USD, and the offer has percent = 20"),
        ("30 Prozent", {"percent": 20}, "says 30%, and the offer has percent = 20"),
        ("20% off", {"free_shipping": True}, "free_shipping alone"),
        ("5 € Rabatt", FIVE, "says €, and the offer's amount is in USD"),
        ("ein Gutschein über 10 $", FIVE, "10.00 USD"),
    ],
)
def test_an_offers_text_says_what_its_code_takes_off(
    text: str, gives: dict[str, Any], wrong: str | None
) -> None:
    """A percentage or an amount in each language's way; what an order has to come to is no claim."""
    values = "\n".join(f"{name} = {json.dumps(value)}" for name, value in gives.items())
    other = f"[offers.other]\ntext = {{ en = {json.dumps(text)} }}\n{values}\n\n[offers.welcome]"
    found = problems(CAMPAIGN.read_text("utf-8"), "[offers.welcome]", other)
    if wrong is None:
        assert found == []
    else:
        (problem,) = found
        assert problem.startswith("campaign.toml: offers.other.text.en: ")
        assert wrong in problem


def test_a_subject_may_name_the_condition_of_its_offer() -> None:
    """An amount that the offer's text makes a condition is true; another one is not."""
    offer = Offer.model_validate({"text": "$5 off orders over $50", "amount": "5.00", "code": "FIVE"})
    assert said("$5 off orders over $50", offer) == []
    assert said("$50 off", Offer.model_validate({"text": "$5 off", "amount": "5.00", "code": "FIVE"})) != []
    assert said("$5 off orders over $40", offer) != []


@pytest.mark.parametrize(
    ("offer", "wrong"),
    [
        ({"percent": 20, "free_shipping": True}, None),
        ({"percent": 20, "amount": "5.00"}, "both percent and amount"),
        ({"coupon": "single_use", "code": "ONE", "valid_for": "3 days"}, "one code for everybody"),
        ({"coupon": "pool"}, "never end"),
        ({"coupon": "pool", "valid_for": "3 days", "max_cost_per_day": "9.00"}, "what a code costs"),
        ({"coupon": "pool", "prefix": "BACK", "valid_for": "3 days"}, "prefix"),
        ({"max_per_day": 5}, "max_per_day"),
        ({"percent": 0}, "too small"),
        ({"lands_on": "//elsewhere.example"}, "write a path"),
    ],
)
def test_what_does_not_go_together(offer: dict[str, Any], wrong: str | None) -> None:
    """Each mistake of an offer's table is named."""
    values = "\n".join(f"{name} = {json.dumps(value)}" for name, value in offer.items())
    text = CAMPAIGN.read_text("utf-8")
    found = problems(text, "[offers.welcome]", f'[offers.other]\ntext = "x"\n{values}\n\n[offers.welcome]')
    assert (found == []) if wrong is None else (wrong in found[0])


def test_templates_are_checked_as_their_audience_reads_them(tmp_path: Path) -> None:
    """The default ones are true; an SMS that names the best offer early, or says too much, is found."""
    definition = parse_definition(CAMPAIGN.read_text("utf-8"))
    texts = read_folder(ROOT / "content" / "default")
    assert claim_problems(definition, texts) == []
    changed = {
        **texts.files,
        "sms/win_back_soft.txt.j2": "{{ brand.name }}: COMEBACK20 is waiting. {{ brand.sms_opt_out }}",
        "de/sms/win_back_best.txt.j2": "{{ brand.name }}: 30 % auf alles. {{ brand.sms_opt_out }}",
        "sms/thank_you.txt.j2": "{{ brand.name }}: last chance. {{ brand.sms_opt_out }}",
    }
    found = {problem.where: problem.what for problem in claim_problems(definition, type(texts)(changed))}
    assert set(found) == {
        "sms/win_back_soft.txt.j2", "de/sms/win_back_best.txt.j2", "sms/thank_you.txt.j2"
    }  # fmt: skip
    assert "COMEBACK20" in found["sms/win_back_soft.txt.j2"]
    too_much = found["de/sms/win_back_best.txt.j2"]
    assert too_much.endswith('the offer\'s percentage (20), for "returning", "first-time" in "win-back-best"')
