"""Where templates are read from: the marketer's folder as it is now, or the texts that a version keeps.

Everything that renders or checks takes either (`Source`) and reads files by their path below the folder,
with `text_of`: so a running campaign's version and the folder that is being edited behave alike.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jinja2 import BaseLoader, Environment, FileSystemLoader, TemplateNotFound

from campaign.definition.templates import TemplateTexts
from campaign.errors import BadCampaign, Problem

Source = Path | TemplateTexts
PATTERNS = ("**/*.j2", "**/words.toml")
"""Which files of the folder are templates, and go into a version."""


def read_folder(folder: Path) -> TemplateTexts:
    """Return the texts of a folder as they are now.

    Raises:
        BadCampaign: files that cannot be read, or are not UTF-8.
    """
    texts: dict[str, str] = {}
    problems = []
    for path in paths_of(folder):
        try:
            texts[path] = (folder / path).read_text("utf-8")
        except OSError:
            problems.append(Problem(path, "cannot be read", "let Afterglow's user read it"))
        except UnicodeDecodeError:
            problems.append(Problem(path, "is not UTF-8", "save it as UTF-8"))
    if problems:
        raise BadCampaign(problems)
    return TemplateTexts(texts)


def paths_of(source: Source) -> list[str]:
    """Return the paths of all template files, sorted."""
    if isinstance(source, TemplateTexts):
        return list(source.files)
    found = {path for pattern in PATTERNS for path in source.glob(pattern) if path.is_file()}
    return sorted(path.relative_to(source).as_posix() for path in found)


def text_of(source: Source, path: str) -> str | None:
    """Return a file's text; None where there is no such file."""
    if isinstance(source, TemplateTexts):
        return source.files.get(path)
    file = source / path
    return file.read_text("utf-8") if file.is_file() else None


def loader_of(source: Source) -> BaseLoader:
    """Return what gives Jinja2 the templates; of a folder, anew when a file has changed."""
    return _TextsLoader(source) if isinstance(source, TemplateTexts) else FileSystemLoader(source)


class _TextsLoader(BaseLoader):
    """Gives a version's texts, each under its path, so that errors name the file."""

    def __init__(self, texts: TemplateTexts) -> None:
        self._files = texts.files

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Return a template's text, its path, and that it is never out of date."""
        del environment
        if template not in self._files:
            raise TemplateNotFound(template)
        return self._files[template], template, lambda: True
