"""Hostile templates: refused or bounded, when they are checked and when they are rendered, in any thread."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from campaign.errors import BadCampaign
from content.checking.examples import full_example
from content.checking.rendered import check_templates
from content.gathering import brand_of
from content.loading import wanted_templates
from content.rendering import render_email, render_sms
from content.sources import Source, read_folder
from tests.facts import ROOT, default_definition

BRAND = brand_of(default_definition())
FULL = full_example(BRAND)
WANTED = wanted_templates(default_definition())
FILE = "sms/thank_you.txt.j2"
LOOP = "{% for i in range(9999) %}"
ESCAPES = {
    "class": "{{ ''.__class__ }}",
    "subclasses": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "by item": "{{ ''['__class__'] }}",
    "by filter": "{{ ''|attr('__class__') }}",
    "by format": "{{ '{0.__class__}'.format('') }}",
    "by map": "{{ ['']|map(attribute='__class__')|first }}",
    "of a function": "{{ range.__globals__ }}",
    "of a macro": "{% macro m() %}{% endmacro %}{{ m._func.__globals__ }}",
    "pydantic": "{{ brand.model_construct.__func__ }}",
    "parse_file": "{{ brand.parse_file('/etc/passwd') }}",
    "environment": "{{ self._TemplateReference__context.environment }}",
    "bytes": "{{ 'a'.encode() }}",
    "bits": "{{ (7).to_bytes(1000000000, 'big') }}",
}
NESTED = (
    "{% set n = namespace(x=[1]) %}{% set m = namespace(x=[1]) %}"
    "{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% set m.x = [m.x, m.x] %}{% endfor %}"
)
ENDLESS = {
    "written": NESTED + "{{ n.x }}",
    "compared": NESTED + "{% if n.x == m.x %}{% endif %}",
    "tested": NESTED + "{{ n.x is eq(m.x) }}",
    "as JSON": NESTED + "{% set y = n.x|tojson %}",
    "formatted": NESTED + "{% set y = '%s' % n.x %}",
    "as a key": NESTED.replace("[", "(").replace("]", ",)") + "{{ {n.x: 1} }}",
    "namespaces": "{% set n = namespace(x=1) %}"
    "{% for i in range(60) %}{% set n.x = namespace(a=n.x, b=n.x) %}{% endfor %}{{ n.x }}",
    "products of lists": "{{ [[[0] * 9999] * 9999] * 9999 }}",
    "texts compared": LOOP + "{% if ('a' * 99999 ~ 'b') in 'a' * 999999 %}{% endif %}{% endfor %}",
    "range": "{% for i in range(10**9) %}x{% endfor %}",
    "nested loops": (
        LOOP + "{% for j in range(9999) %}{% for k in range(9999) %}{% endfor %}{% endfor %}{% endfor %}"
    ),
    "filtered loops": LOOP + "{% for j in range(9999) if false %}{% endfor %}{% endfor %}",
    "macro": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "doubling macro": "{% macro m(n) %}{% if n %}{{ m(n-1) ~ m(n-1) }}{% endif %}{% endmacro %}{{ m(90) }}",
    "recursive loop": "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "caller": "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ caller() }}{% endcall %}",
    "include": f"{{% include '{FILE}' %}}",
    "extends": f"{{% extends '{FILE}' %}}",
    "import": f"{{% import '{FILE}' as me %}}",
    "map": LOOP + "{{ range(9999)|map('string')|list|length }}{% endfor %}",
    "sum": "{% set r = range(9999)|list %}{% for i in r %}{{ r|sum }}{% endfor %}",
    "sort": "{% set r = range(9999)|list %}{% for i in r %}{{ r|sort|first }}{% endfor %}",
    "too deep for Python": "{% for i in [1] %}" * 30 + "{% endfor %}" * 30,
    "brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "lipsum": "{{ lipsum(1000000) }}",
}
HUGE = {
    "product": "{{ 'a' * 10**9 }}",
    "reversed product": "{{ 10**9 * 'a' }}",
    "list": "{{ [1] * 10**9 }}",
    "folded": "{% if 'a' * 10**9 == 'b' %}{% endif %}",
    "power": "{{ 10 ** (10 ** 9) }}",
    "number": "{% set n = namespace(x=10) %}{% for i in range(99) %}{% set n.x = n.x * n.x %}{% endfor %}",
    "loops": LOOP + "{% for j in range(9999) %}xxxxxxxxxx{% endfor %}{% endfor %}",
    "text in a loop": LOOP + "x" * 9999 + "{% endfor %}",
    "text in a loop's else": (LOOP + "{% for j in [] %}{% else %}" + "x" * 9999 + "{% endfor %}{% endfor %}"),
    "kept": "{% set x %}{% for i in range(9999) %}" + "x" * 9999 + "{% endfor %}{% endset %}",
    "macro": "{% macro m() %}" + "x" * 9999 + "{% endmacro %}" + LOOP + "{{ m()|length }}{% endfor %}",
    "doubling": "{% set n = namespace(x='ab') %}" + LOOP + "{% set n.x = n.x ~ n.x %}{% endfor %}",
    "plus": "{% set n = namespace(x='ab') %}" + LOOP + "{% set n.x = n.x + n.x %}{% endfor %}",
    "center": "{{ 'a'|center(10**9) }}",
    "ljust": "{{ 'a'.ljust(10**9) }}",
    "format": "{{ '%999999999d'|format(1) }}",
    "percent": "{{ '%999999999d' % 1 }}",
    "star": "{{ '%*d' % (999999999, 1) }}",
    "braces": "{{ '{:>999999999}'.format(1) }}",
    "inner braces": "{{ '{:>{w}}'.format(1, w=10**9) }}",
    "replace": "{{ ('a' * 9999)|replace('a', 'b' * 9999) }}",
    "replace method": "{{ ('a' * 9999).replace('', 'b' * 9999) }}",
    "join": "{{ range(9999)|join('b' * 9999) }}",
    "join of what is mapped": "{{ range(9999)|map('string')|join('b' * 9999) }}",
    "join method": "{{ ('b' * 9999).join(['c'] * 9999) }}",
    "indent": "{{ ('a\n' * 9999)|indent(10**9) }}",
    "batch": "{{ [1]|batch(10**9, 'x')|list }}",
    "slice": "{{ [1]|slice(10**9)|list }}",
    "round": "{{ 1.5|round(10**9, 'ceil') }}",
    "strftime": "{{ order.placed_at.strftime('%999999999Y') }}",
    "wordwrap": "{{ ('a ' * 9999)|wordwrap(1, wrapstring='b' * 9999) }}",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the marketer's folder, to spoil."""
    shutil.copytree(ROOT / "content" / "default", tmp_path / "content")
    return tmp_path / "content"


def refused(source: Source) -> str:
    """Render the spoilt SMS in another thread, as activities are, and return what was wrong."""
    with ThreadPoolExecutor(1) as pool, pytest.raises(BadCampaign) as caught:
        pool.submit(render_sms, source, "thank_you", FULL).result()
    return str(caught.value)


@pytest.mark.parametrize("template", [*ESCAPES.values()], ids=[*ESCAPES])
def test_nothing_but_data_is_reached(folder: Path, template: str) -> None:
    """No way out of the sandbox, by attribute, item, filter or format; the file and its line are named."""
    (folder / FILE).write_text(f"{BRAND.name}\n{template}\n{BRAND.sms_opt_out}")
    assert f"{FILE}:2" in refused(read_folder(folder))
    assert f"{FILE}:2" in str([str(problem) for problem in check_templates(folder, WANTED, BRAND)])


@pytest.mark.parametrize("template", [*ENDLESS.values()], ids=[*ENDLESS])
def test_nothing_goes_on_for_ever(folder: Path, template: str) -> None:
    """Loops, macros and files that do not end are stopped, in a thread, without signals."""
    (folder / FILE).write_text(template)
    assert FILE in refused(folder)


@pytest.mark.parametrize("template", [*HUGE.values()], ids=[*HUGE])
def test_nothing_huge_is_made(folder: Path, template: str) -> None:
    """Not in the message, not in a variable, not while the template is compiled."""
    (folder / FILE).write_text(template)
    assert FILE in refused(folder)


def test_a_template_that_does_not_end_is_found_by_the_check(folder: Path) -> None:
    """The worker refuses to start with it, and says where and what to do."""
    (folder / FILE).write_text(f"{BRAND.name}\n{ENDLESS['nested loops']}\n{BRAND.sms_opt_out}")
    found = [str(problem) for problem in check_templates(folder, WANTED, BRAND)]
    assert found == [f"{FILE}:2: takes more than 200,000 steps - show what the message needs, and no more"]


def test_tags_too_deep_for_the_mjml_parser_are_refused(folder: Path) -> None:
    """What would overflow mrml's stack, and with it end the worker, is no message."""
    deep = "<mj-wrapper>" * 50_000 + "</mj-wrapper>" * 50_000
    mjml = f"<mjml><mj-body>{deep}</mj-body></mjml>"
    blocks = "".join(f"{{% block {name} %}}x{{% endblock %}}" for name in ("subject", "preheader", "text"))
    (folder / "email" / "thank_you.mjml.j2").write_text("{% set d = '<mj-wrapper>' * 5000 %}" + blocks + mjml)
    with pytest.raises(BadCampaign):
        render_email(folder, "thank_you", FULL)
    (folder / "email" / "thank_you.mjml.j2").write_text(
        "<mjml><mj-body>{{ ('<mj-wrapper>' * 5000 ~ '</mj-wrapper>' * 5000)|safe }}</mj-body></mjml>" + blocks
    )
    with pytest.raises(BadCampaign, match="inside each other"):
        render_email(folder, "thank_you", FULL)


def test_carousels_without_end_are_refused(folder: Path) -> None:
    """Each picture is written once for each other: a template of a few words would take all memory."""
    blocks = "".join(f"{{% block {name} %}}x{{% endblock %}}" for name in ("subject", "preheader", "text"))
    pictures = "{% for i in range(200) %}<mj-carousel-image src='a' />{% endfor %}"
    column = f"<mj-section><mj-column><mj-carousel>{pictures}</mj-carousel></mj-column></mj-section>"
    (folder / "email" / "thank_you.mjml.j2").write_text(f"<mjml><mj-body>{column}</mj-body></mjml>{blocks}")
    with pytest.raises(BadCampaign, match="pictures in carousels"):
        render_email(folder, "thank_you", FULL)


def test_an_ordinary_template_uses_little_of_its_budget(folder: Path) -> None:
    """The bounds leave room: forty lines with every filter that the default templates use."""
    lines = [FULL.lines[0].model_copy(update={"sku": f"S-{number}"}) for number in range(40)]
    many = FULL.model_copy(update={"lines": lines, "best_sellers": [*FULL.best_sellers] * 20})
    assert render_email(folder, "win_back_best", many).html
