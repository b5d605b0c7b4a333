"""``python -m starter``: the command line. Exit code 0 done, 1 not possible now, 2 bad input."""

from __future__ import annotations

import typer

from starter import campaign_commands, channel_commands, data_commands, server_commands

app = typer.Typer(
    help="Afterglow: start post-purchase campaigns, tell them news, see where they stand.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(campaign_commands.app)
app.add_typer(data_commands.app)
app.add_typer(server_commands.app)
app.add_typer(channel_commands.app)

if __name__ == "__main__":
    app()
