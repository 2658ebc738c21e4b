"""In which language the command line speaks: --lang, else that of the terminal."""

from __future__ import annotations

import os
import sys

from feerules.wording import LOCALES, translate

__all__ = ["LOCALE", "say", "speaks"]

VARIABLES = ("FEERULES_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


def _asked(arguments: list[str]) -> str:
    """The help is made before the options are read, so that --lang is looked for here."""
    for at, argument in enumerate(arguments):
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
        if argument == "--lang" and at + 1 < len(arguments):
            return arguments[at + 1]
    return next((os.environ[name] for name in VARIABLES if os.environ.get(name)), "")


def _known(asked: str) -> str:
    plain = asked.partition(".")[0].replace("-", "_")
    return plain if plain in LOCALES else "zh_CN" if plain.lower().startswith("zh") else "en"


LOCALE = _known(_asked(sys.argv[1:]))


def say(message: str, /, **fields: str) -> str:
    """A sentence of the catalogs in the language of the terminal."""
    return translate(LOCALE).text(message, **fields)


def speaks(asked: str) -> bool:
    """Whether a language is Chinese or English, however it is written: zh, zh-CN, en_GB."""
    return asked.replace("-", "_").partition("_")[0].lower() in ("zh", "en")
