"""Templates: the layouts that are shipped, those that a user puts in their place, and what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from pkgutil import get_data
from typing import Any, Final

from jinja2 import (
    BaseLoader,
    Environment,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
    nodes,
)
from jinja2.exceptions import SecurityError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from feerules.errors import Problem, Where, did_you_mean
from feerules.notices.fields import DEBTOR_FIELDS, fields_of
from feerules.notices.posting import POSTED, PRIVACY
from feerules.notices.results import KINDS, NoticeError, given, one_of

__all__ = ["FORMS", "Source", "Templates", "read_templates"]

FORMS: Final = ("txt", "html", "sms")
LANGUAGES: Final = ("zh", "en")
# What a step's template is called in the form that others may read: demand.posted.txt.
POSTED_KEY: Final = "posted"
MAX_BYTES: Final = 1_000_000
Source = str | Path | Mapping[str, str] | None


class Templates:
    """The templates of a user before those that are shipped. A template is code in a sandbox; data never is."""

    def __init__(self, texts: Mapping[str, str], place: str = "") -> None:
        self.texts, self.place = texts, place
        self.environment = ImmutableSandboxedEnvironment(
            loader=_Loader(texts, self.shown),
            autoescape=lambda name: name is not None and name.endswith(".html"),
            undefined=_Missing,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._checked: set[tuple[str, str, bool]] = set()

    def shown(self, name: str) -> str:
        """What a template is called in a message."""
        return f"{self.place}/{name}" if self.place and name in self.texts else name

    def name_of(self, key: str, kind: str, language: str, form: str) -> str:
        """The template for a key of a policy, else for the kind, each first in the language."""
        names = (f"{each}{of}.{form}" for each in (key, kind) for of in (f".{language}", ""))
        return next((name for name in names if name in self.texts), f"letter.{form}")

    def render(
        self, key: str, kind: str, language: str, form: str, audience: str, told: Mapping[str, Any]
    ) -> str:
        """The text; `NoticeError` with the line of what is wrong in the template."""
        name = self.name_of(key, kind, language, form)
        try:
            self._check(name, kind, audience in POSTED)
            return self.environment.get_template(name).render(told)
        except NoticeError:
            raise
        except Exception as error:  # noqa: BLE001  (a template is code: whatever it does wrong is its own)
            raise NoticeError([self._problem(error, name)]) from None

    def _problem(self, error: Exception, name: str) -> Problem:
        shown, known = self.shown(name), [*self.texts, *_SHIPPED]
        where = Where(shown, self._line_of(error, shown), 1)
        match error:
            case TemplateSyntaxError(name=at, lineno=line, message=message):
                where = Where(self.shown(at) if at in known else shown, line, 1)
                return Problem(
                    "template_syntax", where, message or "a mistake", "a Jinja template", _mend(message or "")
                )
            case TemplateNotFound():
                found, hint = f'"{error.name}"', did_you_mean(str(error.name), known)
                return Problem("unknown_template", where, found, f"one of {', '.join(known)}", hint)
            case SecurityError():
                found = f'"{str(error).partition(_Missing.MARK)[0]}"'
                expected = "fields, if, for and filters: a template may look at nothing else"
                return Problem("unsafe_template", where, found, expected)
            case UndefinedError():
                return self._undefined(error, shown)
        found = f"{type(error).__name__}: {error}"[:200]
        return Problem("template_failed", where, found, "a template that can be filled in")

    def _check(self, name: str, kind: str, posted: bool) -> None:
        """That a template asks for nothing that is not there, and where others read for nothing of a debtor."""
        if name not in self.texts or (name, kind, posted) in self._checked:
            return
        tree = self.environment.parse(self.texts[name], name, self.shown(name))
        unknown = find_undeclared_variables(tree) - {*fields_of(kind), *self.environment.globals}
        problems = [
            self._unknown(name, each, kind, posted)
            for each in tree.find_all(nodes.Name)
            if each.ctx == "load" and each.name in unknown
        ]
        if problems:
            raise NoticeError(dict.fromkeys(problems))
        self._checked.add((name, kind, posted))

    def _unknown(self, name: str, node: nodes.Name, kind: str, posted: bool) -> Problem:
        where = self._place(name, node.lineno, node.name)
        if posted and node.name in DEBTOR_FIELDS:
            expected = f"nothing of a debtor where others read it: {PRIVACY}"
            return Problem(
                "not_for_posting", where, f'"{node.name}"', expected, "take it out of the template"
            )
        known = fields_of(kind)
        hint = did_you_mean(node.name, known)
        return Problem("unknown_field", where, f'"{node.name}"', f"one of {', '.join(known)}", hint)

    def _place(self, name: str, line: int, word: str) -> Where:
        text = self.texts[name].splitlines()[line - 1]
        found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)
        return Where(self.shown(name), line, found.start() + 1 if found else 1)

    def _undefined(self, error: UndefinedError, shown: str) -> Problem:
        word, _, known = (error.message or "").partition(_Missing.MARK)
        name = next((each for each in self.texts if self.shown(each) == shown), "")
        line = self._line_of(error, shown)
        where = self._place(name, line, word) if name and line else Where(shown, line, 1)
        expected = f"one of {known}" if known else "a name that is known"
        return Problem("unknown_field", where, f'"{word}"', expected, did_you_mean(word, known.split(", ")))

    def _line_of(self, error: BaseException, shown: str) -> int:
        """The line of a template on which something failed, from the traceback that Jinja rewrites."""
        lines = [at for file, at in _frames(error) if file == shown]
        return lines[-1] if lines else 1


def _frames(error: BaseException) -> Iterator[tuple[str, int]]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next


class _Missing(StrictUndefined):
    """A name that is not there; its message has the name, and those among which it was looked for."""

    MARK: Final = "\x00"

    @property
    def _undefined_message(self) -> str:
        among = self._undefined_obj
        known = among if isinstance(among, Mapping) else getattr(type(among), "__slots__", ())
        return f"{self._undefined_name}{self.MARK}{', '.join(sorted(map(str, known)))}"


class _Loader(BaseLoader):
    """Texts by name; the shipped ones for every name that is not a user's."""

    def __init__(self, texts: Mapping[str, str], shown: Callable[[str], str]) -> None:
        self.texts, self.shown = texts, shown

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        text = self.texts.get(template)
        if text is None and template in _SHIPPED:
            text = _shipped(template)
        if text is None:
            raise TemplateNotFound(template)
        return text, self.shown(template), lambda: True


_SHIPPED: Final = tuple(f"letter.{form}" for form in FORMS)


@cache
def _shipped(name: str) -> str:
    content = get_data("feerules.notices", f"layouts/{name}")
    assert content is not None
    return content.decode()


_nothing = Templates({})


def read_templates(source: Source) -> Templates:
    """The templates of a folder or a mapping {"demand.zh.txt": text}; `NoticeError` for each that is none."""
    if source is None:
        return _nothing
    if isinstance(source, Mapping):
        texts, place = dict(source), ""
    else:
        texts, place = _of_folder(Path(source)), str(source).rstrip("/")
    problems = [problem for name, text in texts.items() for problem in _misnamed(name, text)]
    if problems:
        raise NoticeError(problems)
    return Templates(texts, place)


def _of_folder(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        expected = 'a folder of templates, or a mapping {"demand.zh.txt": …}'
        raise NoticeError([Problem("no_templates", given("templates"), f'"{folder}"', expected)])
    files = [file for file in sorted(folder.iterdir()) if file.is_file() and not file.name.startswith(".")]
    try:
        return {
            file.name: file.read_text(encoding="utf-8-sig")
            for file in files
            if file.stat().st_size <= MAX_BYTES
        }
    except UnicodeDecodeError as error:
        expected, hint = "text in UTF-8", "save the templates as UTF-8"
        raise NoticeError(
            [Problem("not_utf8", given(str(folder)), str(error)[:80], expected, hint)]
        ) from None


def _misnamed(name: str, text: object) -> Iterator[Problem]:
    key, *middle, form = str(name).split(".") if "." in str(name) else (str(name), "")
    where = given(f"templates: {name}")
    if not isinstance(text, str):
        yield Problem("not_a_text", where, f"{text!r:.60}", "the text of a template")
    elif form not in FORMS:
        expected = "a name that ends in .txt, .html or .sms, such as demand.zh.txt"
        yield Problem("unknown_form", where, f'".{form}"', expected, did_you_mean(form, FORMS))
    elif middle[-1:] and middle[-1] not in (*LANGUAGES, POSTED_KEY):
        yield one_of("unknown_language", f"templates: {name}", middle[-1], LANGUAGES)
    elif key not in KINDS and (hint := did_you_mean(key, KINDS)):
        expected = f"one of {', '.join(KINDS)}, or the template: of a policy's step"
        yield Problem("unknown_template", where, f'"{key}"', expected, hint)


def _mend(message: str) -> str:
    if "unknown tag" in message:
        return "write {{ … }} for a field, {% … %} for if and for"
    return "every {% if %} and {% for %} needs its {% endif %} or {% endfor %}" if "end" in message else ""
