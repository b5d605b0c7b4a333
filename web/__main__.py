"""``python -m web``: serve until SIGTERM or Ctrl-C. Code 2: something is set wrong; 1: it is not there."""

from __future__ import annotations

import asyncio
import sys

import uvicorn

from campaign.errors import AfterglowError, BadInput
from logs import set_up_logs
from settings import load_settings
from starter.client import connect
from starter.leaving import leave
from storage.database import Database
from storage.migrate import ensure_schema
from web.app import create_app


def main() -> int:
    """Serve; say every reason why it cannot."""
    try:
        settings = load_settings()
        set_up_logs(settings)
        database = Database(settings.database_url, opt_out_keys=settings.secret_keys)
        ensure_schema(database, may_upgrade=not settings.production)
        asyncio.run(connect())  # the app connects for itself: a failure there is a traceback, not a reason
    except BadInput as error:
        print("The web server does not start:", *error.problems, sep="\n  ", file=sys.stderr)  # noqa: T201 - for a person
        return 2
    except AfterglowError as error:
        print(f"The web server does not start: {error}", file=sys.stderr)  # noqa: T201 - for a person
        return 1
    uvicorn.run(
        create_app(settings, database),
        host=settings.web_host,
        port=settings.web_port,
        access_log=False,
        log_config=None,
    )
    return 0


if __name__ == "__main__":
    leave(main())
