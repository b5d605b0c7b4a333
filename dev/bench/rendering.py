"""Emails a second on one core: templates, MJML, links, with everything that a message can show."""

from __future__ import annotations

import time
from pathlib import Path

from campaign.reasons import Channel
from content.checking.examples import full_example
from content.gathering import brand_of
from content.links import Shortening, has_foreign_links, shorten_html, shorten_text
from content.loading import read_definition, wanted_templates
from content.rendering import render_email
from content.writing.language import used_folders

_FOLDER = Path(__file__).parents[2] / "content" / "default"
_PUBLIC = "https://mail.example.com"
_ROUNDS = 50


def emails_a_second(language: str = "en") -> float:
    """Render every default email in a language over and over, in CPU time."""
    definition = read_definition(_FOLDER / "campaign.toml")
    context = full_example(brand_of(definition, language)).model_copy(update={"language": language})
    shortening = Shortening(
        _PUBLIC, lambda target: f"{_PUBLIC}/c/{len(target):08}", has_foreign_links(context)
    )
    names = [name for channel, name in wanted_templates(definition) if channel is Channel.EMAIL]

    def render_all() -> None:
        for name in names:
            email = render_email(_FOLDER, name, context)
            shorten_html(email.html, shortening)
            shorten_text(email.text, shortening)

    render_all()
    began = time.process_time()
    for _ in range(_ROUNDS):
        render_all()
    return _ROUNDS * len(names) / (time.process_time() - began)


def languages() -> list[str]:
    """Return the languages that the default templates are in."""
    return [folder or "en" for folder in used_folders(_FOLDER, None)]
