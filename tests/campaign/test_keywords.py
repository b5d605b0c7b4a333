"""Words of customers: opting out is understood however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.customers.keywords import LANGUAGES, WORDS, Intent, intent_of, words_of


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("STOP", Intent.STOP),
        ("  stop. ", Intent.STOP),
        ("“Stop!”", Intent.STOP),
        ("STOP 🛑🙏", Intent.STOP),
        ("S.T.O.P", Intent.STOP),
        ("\uff33\uff34\uff2f\uff30", Intent.STOP),
        ("st\u200bop", Intent.STOP),
        ("Stop All", Intent.STOP),
        ("opt out", Intent.STOP),
        ("Opt-Out", Intent.STOP),
        ("OPTOUT", Intent.STOP),
        ("revoke", Intent.STOP),
        ("cancel", Intent.STOP),
        ("End", Intent.STOP),
        ("quit", Intent.STOP),
        ("unsubscribe", Intent.STOP),
        ("please STOP texting me", Intent.STOP),
        ("I want to opt out of this", Intent.STOP),
        ("yes please stop", Intent.STOP),
        ("START", Intent.START),
        ("unstop", Intent.START),
        ("Yes!", Intent.CONFIRM),
        ("YES please", Intent.CONFIRM),
        ("help", Intent.HELP),
        ("Info?", Intent.HELP),
        ("cancel my order", None),
        ("nonstop fun", None),
        ("yes, where is my parcel", None),
        ("", None),
        ("👍", None),
    ],
)
def test_what_a_message_is_meant_to_do(text: str, intent: Intent | None) -> None:
    """Case, spaces, punctuation, quotes, emoji and odd letters do not hide what is meant."""
    assert intent_of(text) is intent


CLEAR = """
    remove me | Remove me from this! | unsub | UNSUB ME PLS | opt me out | please opt me out of this | STOPP
    take me off your list | Take my number off, now | leave me alone | Leave me alone!!! | stop texting me
    Stop sending me this stuff | quit texting this number | do not text me again | dont contact me
    don't message me | no more texts please | NO MORE MESSAGES | I do not want your texts
    I don't want any more messages from you | I no longer wish to receive these | please make it stop
    I need you to stop | could you stop this | Stop this | stop now thanks | Please, stop | STOP STOP STOP
    stop it. I said STOP | how do I unsubscribe? | where can I unsuscribe | I want to unsubscribe
    cancel my subscription | cancel these texts | revoke my consent | I hereby withdraw my consent
    cease and desist | Put a stop to these messages | lose my number | delete my number
    get me off this list
    end these texts | never text me again | Stop at once | remove | enough! | go away
    unsubscribe me, please
    I'll stop by later, but stop texting me | my bus stop is fine; unsubscribe me
    Bitte abmelden | Keine SMS mehr! | Hört auf | hören Sie auf damit | Lasst mich in Ruhe | abbestellen
    Ich möchte mich abmelden | Bitte nicht mehr schreiben | Tragt mich aus dem Verteiler aus | KÜNDIGEN
    Ich widerrufe meine Einwilligung | baja | Quiero darme de baja | no me escriban más | No más mensajes
    dejen de enviar mensajes | dejenme en paz | Quítenme de la lista | alto | ARRÊT | arrêtez de m'écrire
    je veux me désabonner | désinscription | plus de SMS svp | laissez-moi tranquille | ne m'écrivez plus
"""
DOUBTFUL = """
    stop my order please | Stop the delivery! It is the wrong size
    please stop sending my order to the old address | don't unsubscribe me!
    I did not want to unsubscribe | wrong number | not interested | No thanks | is this spam?
    the rain stopped my parcel | I will talk to my lawyer | when does the sale stop | This is harassment
    I do not want to receive the package at home | falsche Nummer | kein Interesse | numero equivocado
    non merci | I already unsubscribed | who gave you my consent
    🛑 | 🛑🛑
"""
NOTHING = """
    I'll stop by later | Ill stop by tomorrow at 5 | bus stop | it is at the bus stop | non-stop fun
    nonstop fun
    one-stop shop | next stop: Paris | I can't stop smiling | don't stop! | We made a pit stop
    cancel my order
    the end | remove the mug from my basket | where is my order? | When do you close?
    my stop sign fell over
    thank you so much | love it | what time does it end | do you ship to Canada | no | y'all rock
    arrêt de bus | merci beaucoup | danke schön | gracias | Alto rendimiento | quit my job, time for tea
"""


def examples(text: str) -> list[str]:
    """The examples of a table."""
    return [one.strip() for line in text.strip().splitlines() for one in line.split("|") if one.strip()]


@pytest.mark.parametrize("text", examples(CLEAR))
def test_a_clear_wish_in_free_words_revokes(text: str) -> None:
    """B25: since 2025-04-11 any reasonable wording counts (47 CFR 64.1200(a)(10)); here, from everywhere."""
    assert intent_of(text) is Intent.STOP


@pytest.mark.parametrize("text", examples(DOUBTFUL))
def test_a_doubtful_wish_is_for_a_person_to_read(text: str) -> None:
    """B25: neither revoked nor passed over."""
    assert intent_of(text) is Intent.DOUBTFUL


@pytest.mark.parametrize("text", examples(NOTHING))
def test_other_words_do_not_revoke(text: str) -> None:
    """B25: a stop of buses, and all else that people write to a shop."""
    assert intent_of(text) is None


def test_the_words_are_written_as_texts_are_read() -> None:
    """A word with an accent, a capital or an apostrophe would never be found."""
    for language in LANGUAGES:
        phrases = (*language.phrases, *language.mild, *language.harmless, *language.doubtful)
        for phrase in (
            *phrases,
            *language.words,
            *language.commands,
            *language.negators,
            *language.questions,
        ):
            assert " ".join(words_of(phrase)) == phrase


def test_the_reading_of_twilio_wins() -> None:
    """Twilio has acted on what it read, in a language of its own setting perhaps."""
    assert intent_of("merci", opt_out_type="STOP") is Intent.STOP
    assert intent_of("stop", opt_out_type="START") is Intent.START
    assert intent_of("stop", opt_out_type="ODD") is Intent.STOP


@given(
    st.sampled_from(sorted(WORDS[Intent.STOP])),
    st.text(st.sampled_from(" .,!?'\"()-_*…“”🛑\t\n\u200b"), max_size=5),
    st.text(st.sampled_from(" .,!?'\"()-_*…“”🛑\t\n\u200b"), max_size=5),
    st.booleans(),
)
def test_decoration_never_hides_an_opt_out(word: str, before: str, after: str, upper: bool) -> None:
    """Whatever stands around it, from whatever country."""
    assert intent_of(before + (word.upper() if upper else word) + after) is Intent.STOP


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    """No text makes it fail."""
    assert intent_of(text) in (None, *Intent)
