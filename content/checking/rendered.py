"""Every mistake of a template: names that are not there, and what goes wrong when it is rendered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from campaign.errors import BadCampaign, Problem
from campaign.languages.tones import base_of, tone_of
from campaign.reasons import Channel
from content.checking.examples import examples
from content.checking.names import name_problems
from content.context import Brand, MessageContext
from content.rendering import SUFFIXES, render_email, render_sms, wanted_of
from content.sms import to_gsm7
from content.sources import Source, text_of
from content.writing.language import used_folders, words_of, written_in

#: What is longer is cut off by Gmail, with the foot and its way to unsubscribe.
MOST_BYTES = 102 * 1024


def check_templates(source: Source, wanted: Iterable[tuple[Channel, str]], brand: Brand) -> list[Problem]:
    """Check every branch's names, and render in all languages with several contexts; list a mistake once."""
    found: dict[Problem, None] = {}
    templates = list(wanted)
    for folder in used_folders(source, brand.tone):
        for channel, name in templates:
            file = SUFFIXES[channel].format(name)
            own = f"{folder}/{file}" if folder else file
            if not folder or text_of(source, own) is not None:
                found |= dict.fromkeys(_template(source, folder, own, channel, name, brand))
    return list(found)


def _template(
    source: Source, folder: str, file: str, channel: Channel, name: str, brand: Brand
) -> Iterator[Problem]:
    named = name_problems(source, file)
    yield from named
    known = {_without_line(problem) for problem in named}
    for context in examples(brand, source, file):
        for problem in _check(source, channel, name, in_folder(source, folder, context)):
            if _without_line(problem) not in known or problem.where == file:
                yield problem


def in_folder(source: Source, folder: str, context: MessageContext) -> MessageContext:
    """Return the context of a customer who is written to from this folder."""
    language = base_of(folder) if folder else words_of(source, "").language
    brand = context.brand.model_copy(update={"tone": tone_of(folder)})
    return context.model_copy(update={"language": language, "brand": brand})


def _without_line(problem: Problem) -> tuple[str, str]:
    return problem.where.partition(":")[0], problem.what


def _check(source: Source, channel: Channel, name: str, context: MessageContext) -> Iterator[Problem]:
    try:
        file, _ = written_in(source, SUFFIXES[channel].format(name), wanted_of(context))
        if channel is Channel.EMAIL:
            yield from _check_email(source, file, name, context)
        else:
            yield from _check_sms(source, file, name, context)
    except BadCampaign as error:
        yield from error.problems


def _check_email(source: Source, file: str, name: str, context: MessageContext) -> Iterator[Problem]:
    email = render_email(source, name, context)
    for block in ("subject", "preheader"):
        if not getattr(email, block):
            yield Problem(file, f"has an empty {block}", f"write one in the block {block}")
    if (size := len(email.html.encode())) > MOST_BYTES:
        yield Problem(file, f"becomes {size // 1024} KB: Gmail cuts off at 102", "show less")
    for part, text in (("html", email.html), ("text", email.text)):
        address = context.brand.postal_address if part == "text" else _escaped(context.brand.postal_address)
        if address not in text:
            yield Problem(
                file, f"shows no postal address ({part})", "law requires it: use brand.postal_address"
            )
        if not _can_unsubscribe(context, text):
            yield Problem(
                file, f"has no way to unsubscribe ({part})", "use unsubscribe_url or brand.unsubscribe_email"
            )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#39;")


def _can_unsubscribe(context: MessageContext, text: str) -> bool:
    return any(way in text for way in (context.unsubscribe_url, context.brand.unsubscribe_email) if way)


def _check_sms(source: Source, file: str, name: str, context: MessageContext) -> Iterator[Problem]:
    text = render_sms(source, name, context).text
    if not _says(text, context.brand.name):
        yield Problem(file, "does not say who it is from", "law requires it: use brand.name")
    if not _says(text, context.brand.sms_opt_out):
        yield Problem(file, "does not say how to opt out", "law requires it: use brand.sms_opt_out")


def _says(text: str, words: str) -> bool:
    """Return whether words are in an SMS, as they are or in plain characters."""
    return words in text or to_gsm7(words) in text
