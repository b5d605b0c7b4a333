"""``python -m starter``: the command line. Exit code 0 done, 1 not possible now, 2 bad input."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from starter.commands import campaigns as campaign_commands
from starter.commands import channels as channel_commands
from starter.commands import data as data_commands
from starter.commands import inbox as inbox_commands
from starter.commands import keys as key_commands
from starter.commands import messages as message_commands
from starter.commands import server as server_commands
from starter.commands import shops as shop_commands
from starter.commands.coupons import commands as coupon_commands
from starter.commands.history import backfill as backfill_commands
from starter.commands.history import imports as import_commands
from starter.commands.history import model as model_commands
from starter.commands.people import loyalty as loyalty_commands
from starter.commands.people import person as person_commands
from starter.commands.people import recommend as recommend_commands
from starter.commands.people import replies as reply_commands
from starter.commands.people import reviews as review_commands
from starter.commands.timeline import explain as explain_commands
from starter.commands.timeline import preview as preview_commands
from starter.leaving import leave


class Commands(TyperGroup):
    """All commands. A value that is none of a command's choices is refused in plain words."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise


app = typer.Typer(
    cls=Commands,
    help="Afterglow: start post-purchase campaigns, report news of orders, see where campaigns stand.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(campaign_commands.app)
app.add_typer(explain_commands.app)
app.add_typer(preview_commands.app)
app.add_typer(inbox_commands.app, name="inbox")
app.add_typer(data_commands.app)
app.add_typer(recommend_commands.app)
app.add_typer(import_commands.app)
app.add_typer(backfill_commands.app)
app.add_typer(message_commands.app)
app.add_typer(model_commands.app, name="model")
app.add_typer(server_commands.app)
app.add_typer(channel_commands.app)
app.add_typer(reply_commands.app)
app.add_typer(key_commands.app, name="keys")
app.add_typer(shop_commands.app, name="shop")
app.add_typer(review_commands.app, name="reviews")
app.add_typer(loyalty_commands.app, name="loyalty")
app.add_typer(coupon_commands.app, name="coupons")
app.add_typer(person_commands.app, name="person")


def main() -> None:
    """Run a command, and leave."""
    code: object = 0
    try:
        app()
    except SystemExit as end:
        code = end.code
    leave(code)


if __name__ == "__main__":
    main()
