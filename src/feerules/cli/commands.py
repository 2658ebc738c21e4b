"""The commands, one for each verb: what each takes from the line, and how it ends."""

from __future__ import annotations

from typing import Annotated

import typer
import typer.rich_utils

from feerules.cli import accounts, letters, proofs, reactions, statements, units, whatifs
from feerules.cli.speech import LOCALE, say, speaks
from feerules.wording import sentence

__all__ = ["app"]

typer.rich_utils.OPTIONS_PANEL_TITLE = say(sentence("Options"))
typer.rich_utils.COMMANDS_PANEL_TITLE = say(sentence("Commands"))
typer.rich_utils.ARGUMENTS_PANEL_TITLE = say(sentence("Arguments"))
typer.rich_utils.ERRORS_PANEL_TITLE = say(sentence("Error"))

app = typer.Typer(
    name="feerules",
    help=say(
        sentence("Fee standards and dunning policies as rules: prove them, price with them, act by them.")
    ),
    epilog=say(sentence("Exit codes: 0 nothing found, 1 something found, 2 the command was wrong.")),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def every_command(
    lang: Annotated[str, typer.Option(help=say(sentence("zh or en; else as the terminal says")))] = LOCALE,
) -> None:
    """Options of every command; the language was looked for before the help was made."""
    if not speaks(lang):
        raise typer.BadParameter(f"found {lang!r}, expected zh or en")


for room in (proofs, whatifs, units, statements, accounts, reactions, letters):
    for name, command, help_, examples in room.COMMANDS:
        app.command(name, help=help_, epilog="\n\n".join(f"$ feerules {each}" for each in examples))(command)
