"""What kind of value an expression in a template has, as far as the context's models show."""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from content.sandbox.environment import ATTRIBUTES


@dataclass(frozen=True)
class ListOf:
    """The type of a list: what its items are."""

    item: Any


class Unknown:
    """The type of a macro's parameter: some value of the context, it is not known which."""


class Anything:
    """The type of what is not followed: results of calls and most filters, dictionaries, namespaces."""


_ALL_ATTRIBUTES = {name for allowed in ATTRIBUTES.values() for name in allowed}


def type_of(annotation: Any) -> Any:
    """Return what a field's value is, where it is there: a model, a list, or a plain value's class."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in {typing.Union, types.UnionType}:
        [*kinds] = {type_of(part) for part in arguments if part is not type(None)}
        return kinds[0] if len(kinds) == 1 else Anything
    if origin in {list, tuple}:
        return ListOf(type_of(arguments[0]))
    return annotation if isinstance(annotation, type) else Anything


def fields_of(of: Any) -> dict[str, Any] | None:
    """Return a model's fields and their types; None for what is no model."""
    if isinstance(of, type) and issubclass(of, BaseModel):
        return {name: type_of(part.annotation) for name, part in of.model_fields.items()}
    return None


def attributes_of(of: Any) -> set[str]:
    """Return the attributes of a plain value or list; of one that is not known, those of all."""
    if of is Unknown:
        return _ALL_ATTRIBUTES
    kind = list if isinstance(of, ListOf) else of
    known = next((ATTRIBUTES[base] for base in kind.__mro__ if base in ATTRIBUTES), None)
    return set(dir(kind)) if known is None else set(known)


def item_of(of: Any) -> Any:
    """Return the type of a list's items."""
    if isinstance(of, ListOf):
        return of.item
    return Unknown if of is Unknown else Anything
