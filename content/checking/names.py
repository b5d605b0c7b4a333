"""The names that templates use, checked in every branch: what is not rendered today is rendered for somebody.

Jinja2 parses the template, and each name and attribute is followed through its syntax tree from the models
of `content.context`: loops give the items of their lists, `set` what is assigned; includes and layouts see
the names of the file that uses them. A macro's parameters can be anything, so their attributes are held
against all names that there are. Nothing is reported that could be right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import reduce
from typing import Any, cast

from jinja2 import BaseLoader, TemplateNotFound, TemplateSyntaxError, nodes
from jinja2.visitor import NodeVisitor

from campaign.errors import Problem
from campaign.languages.words import Words
from content.checking.syntax import attribute_arguments, files_named, parsed, undeclared
from content.checking.value_types import Anything, Unknown, attributes_of, fields_of, item_of, type_of
from content.context import MessageContext
from content.sandbox.environment import Sandbox
from content.sources import Source
from content.templates import NAMES, sandbox
from content.writing.language import words_of

SEE = "see docs/campaign.md for what there is"


Scope = dict[str, Any]
_SAME_LIST = {"list", "sort", "reverse", "unique", "select", "reject", "selectattr", "rejectattr"}
_ONE_ITEM = {"first", "last", "random", "min", "max"}
_IN_MACROS = ("caller", "varargs", "kwargs")


def name_problems(source: Source, file: str) -> list[Problem]:
    """List every name, attribute, filter and file that is not there, with file and line.

    A template that is missing or cannot be parsed gives none: rendering it reports that.
    """
    checker = _Checker(sandbox(source, escape=False), words_of(source, ""))
    try:
        checker.file(file, checker.context())
    except (TemplateNotFound, TemplateSyntaxError):
        return []
    return list(checker.found)


@dataclass
class _Checker(NodeVisitor):
    """Walks one template and every file that it uses."""

    environment: Sandbox
    words: Words
    found: dict[Problem, None] = field(default_factory=dict)
    _files: list[str] = field(default_factory=list)
    _undeclared: list[frozenset[str]] = field(default_factory=list)
    _tested: set[str] = field(default_factory=set)  # names that a template itself tests, by `is defined`

    def context(self) -> Scope:
        """Return the types of all names that a message's template sees."""
        return {name: type_of(part.annotation) for name, part in MessageContext.model_fields.items()}

    def file(self, file: str, scope: Scope) -> Scope:
        """Check a file; return the scope at its end, with what it has defined."""
        if file in self._files:  # it includes itself
            return scope
        loader = cast("BaseLoader", self.environment.loader)
        tree = parsed(self.environment, loader, file)
        # A macro may call one that stands further down.
        scope |= {macro.name: Anything for macro in tree.find_all(nodes.Macro)}
        self._files.append(file)
        self._undeclared.append(undeclared(tree))
        try:
            self._all(tree.body, scope)
        finally:
            self._files.pop()
            self._undeclared.pop()
        return scope

    def _report(self, node: nodes.Node, what: str, fix: str) -> None:
        self.found[Problem(f"{self._files[-1]}:{node.lineno}", what, fix)] = None

    def _all(self, parts: Iterable[nodes.Node], scope: Scope) -> None:
        for part in parts:
            self.visit(part, scope)

    def generic_visit(self, node: nodes.Node, *args: Any, **_: Any) -> Any:
        """Check all that is below a node whose value is not followed."""
        self._all(node.iter_child_nodes(), args[0])
        return Anything

    # What has a name.

    def visit_Name(self, node: nodes.Name, scope: Scope) -> Any:
        if node.name in scope or node.name in self.environment.globals:
            return scope.get(node.name, Anything)
        if node.name in self._undeclared[-1] - self._tested:  # Jinja2 agrees: it knows its own scopes best
            self._report(node, *self._missing_name(node.name))
        return Anything

    def _missing_name(self, name: str) -> tuple[str, str]:
        if name in MessageContext.model_fields:
            return f"{name} is not there in an imported file", "pass it to the macro, as its argument"
        return f"{name} is not defined", _suggestion(name, MessageContext.model_fields)

    def visit_Const(self, node: nodes.Const, _scope: Scope) -> Any:
        return type(node.value) if isinstance(node.value, str | int | float) else Anything

    def visit_Getattr(self, node: nodes.Getattr, scope: Scope) -> Any:
        return self._attribute(node, self.visit(node.node, scope), node.attr)

    def visit_Getitem(self, node: nodes.Getitem, scope: Scope) -> Any:
        of = self.visit(node.node, scope)
        self.visit(node.arg, scope)
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self._attribute(node, of, node.arg.value)
        return of if isinstance(node.arg, nodes.Slice) else item_of(of)

    def _attribute(self, node: nodes.Node, of: Any, name: str) -> Any:
        """Check `of.name`; return its type."""
        if name.startswith("_"):
            self._report(node, f"{name} is not for templates", SEE)
            return Anything
        fields = fields_of(of)
        if fields is not None and name in fields:
            return fields[name]
        if fields is None and (of is Anything or name in attributes_of(of)):
            return Unknown if of is Unknown else Anything
        if name not in self._tested and not (of is Unknown and name in NAMES):
            self._report(node, f"{name} is not defined", _suggestion(name, fields or NAMES))
        return Unknown if of is Unknown else Anything

    # What makes names.

    def visit_For(self, node: nodes.For, scope: Scope) -> None:
        of = self.visit(node.iter, scope)
        inner = {**scope, "loop": Anything}
        self._assign(node.target, item_of(of), inner)
        self._all([*([node.test] if node.test else []), *node.body], inner)
        self._all(node.else_, scope)

    def _assign(self, target: nodes.Node, of: Any, scope: Scope) -> None:
        if isinstance(target, nodes.Name):
            scope[target.name] = of
        elif isinstance(target, nodes.Tuple):
            for part in target.items:
                self._assign(part, Anything, scope)

    def visit_Assign(self, node: nodes.Assign, scope: Scope) -> None:
        self._assign(node.target, self.visit(node.node, scope), scope)

    def visit_AssignBlock(self, node: nodes.AssignBlock, scope: Scope) -> None:
        self._all(node.body, dict(scope))
        self._assign(node.target, Anything, scope)

    def visit_With(self, node: nodes.With, scope: Scope) -> None:
        inner = dict(scope)
        for target, value in zip(node.targets, node.values, strict=True):
            self._assign(target, self.visit(value, scope), inner)
        self._all(node.body, inner)

    def visit_Macro(self, node: nodes.Macro, scope: Scope) -> None:
        scope[node.name] = Anything
        self._body(node, scope)

    def visit_CallBlock(self, node: nodes.CallBlock, scope: Scope) -> None:
        self.visit(node.call, scope)
        self._body(node, scope)

    def _body(self, node: nodes.Macro | nodes.CallBlock, scope: Scope) -> None:
        """Check a macro, or the block of a `call`: its parameters may be anything."""
        self._all(node.defaults, scope)
        inner = scope | dict.fromkeys(_IN_MACROS, Anything) | {part.name: Unknown for part in node.args}
        self._all(node.body, inner)

    def visit_Block(self, node: nodes.Block, scope: Scope) -> None:
        self._all(node.body, {**scope, "self": Anything, "super": Anything})

    # Other files.

    def visit_Extends(self, node: nodes.Extends, scope: Scope) -> None:
        self._other(node, node.template, lambda file: self.file(file, scope))

    def visit_Include(self, node: nodes.Include, scope: Scope) -> None:
        if not node.ignore_missing:
            inner = dict(scope) if node.with_context else {}
            self._other(node, node.template, lambda file: self.file(file, inner))

    def visit_Import(self, node: nodes.Import, scope: Scope) -> None:
        scope[node.target] = Anything
        self._exports(node, scope)

    def visit_FromImport(self, node: nodes.FromImport, scope: Scope) -> None:
        exports = self._exports(node, scope)
        for name in node.names:
            wanted, alias = name if isinstance(name, tuple) else (name, name)
            scope[alias] = Anything
            if exports is not None and wanted not in exports:
                self._report(node, f"{wanted} is not in the imported file", _suggestion(wanted, exports))

    def _exports(self, node: nodes.Import | nodes.FromImport, scope: Scope) -> Scope | None:
        inner = dict(scope) if node.with_context else {}
        return self._other(node, node.template, lambda file: self.file(file, inner))

    def _other(self, node: nodes.Node, named: nodes.Node, check: Callable[[str], Scope]) -> Scope | None:
        """Check the other files, if they are named here; None if nothing is known of them."""
        found = [self._checked(node, file, check) for file in files_named(named)]
        known = [scope for scope in found if scope is not None]
        return (
            {name: of for name, of in known[0].items() if all(name in scope for scope in known)}
            if known
            else None
        )

    def _checked(self, node: nodes.Node, file: str, check: Callable[[str], Scope]) -> Scope | None:
        try:
            return check(file)
        except TemplateNotFound:
            self._report(node, f"no such file: {file}", "create it, or name another")
            return None

    # What is computed.

    def visit_Call(self, node: nodes.Call, scope: Scope) -> Any:
        key = node.args[0] if node.args else None
        by_name = isinstance(node.node, nodes.Name) and node.node.name == "t" and "t" not in scope
        if by_name and isinstance(key, nodes.Const) and key.value not in self.words.entries:
            fix = _suggestion(str(key.value), self.words.entries)
            self._report(node, f"no such word: {key.value}", fix if fix != SEE else "add it to words.toml")
        return self.generic_visit(node, scope)

    def visit_Filter(self, node: nodes.Filter, scope: Scope) -> Any:
        if node.name not in self.environment.filters:
            self._report(
                node, f"no such filter: {node.name}", _suggestion(node.name, self.environment.filters)
            )
        lenient = node.name in {"default", "d"}
        of = self._lenient(node.node, scope) if lenient else node.node and self.visit(node.node, scope)
        self._all([*node.args, *node.kwargs], scope)
        item = item_of(of)
        for name in attribute_arguments(node):
            reduce(lambda found, part: self._attribute(node, found, part), name.split("."), item)
        if node.name in _SAME_LIST:
            return of
        return item if node.name in _ONE_ITEM else Anything

    def visit_Test(self, node: nodes.Test, scope: Scope) -> None:
        if node.name not in self.environment.tests:
            self._report(node, f"no such test: {node.name}", _suggestion(node.name, self.environment.tests))
        look = self._lenient if node.name in {"defined", "undefined"} else self.visit
        look(node.node, scope)
        self._all([*node.args, *node.kwargs], scope)

    def _lenient(self, node: nodes.Node | None, scope: Scope) -> Any:
        """Check what may be missing itself: `x.y is defined` needs x alone."""
        if isinstance(node, nodes.Name):
            self._tested.add(node.name)
        if isinstance(node, nodes.Getattr | nodes.Getitem):
            self._tested.add(getattr(node, "attr", ""))
            of = self.visit(node.node, scope)
            return (fields_of(of) or {}).get(getattr(node, "attr", ""), Anything)
        return Anything

    def visit_CondExpr(self, node: nodes.CondExpr, scope: Scope) -> Any:
        return self._either(node, scope)

    def visit_Or(self, node: nodes.Or, scope: Scope) -> Any:
        return self._either(node, scope)

    def visit_And(self, node: nodes.And, scope: Scope) -> Any:
        return self._either(node, scope)

    def _either(self, node: nodes.Node, scope: Scope) -> Any:
        """Return the type of `a if c else b` or `a or b`, where both are the same."""
        kinds = [self.visit(part, scope) for part in node.iter_child_nodes()]
        kinds = kinds[1:] if isinstance(node, nodes.CondExpr) else kinds
        return kinds[0] if all(kind == kinds[0] for kind in kinds) else Anything


def _suggestion(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), 1)
    return f"did you mean {near[0]}?" if near else SEE
