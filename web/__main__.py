"""``python -m web``: serve until SIGTERM or Ctrl-C. Code 2: something is set wrong; 1: it is not there."""

from __future__ import annotations

import sys

import structlog
import uvicorn

from campaign.errors import AfterglowError, BadInput
from intake.api_keys import read_keys
from logs import set_up_logs
from settings import Settings, load_settings
from starter.leaving import leave
from storage.database import Database
from storage.migrate import ensure_schema
from web.app import create_app


def warn_without_keys(settings: Settings, database: Database) -> None:
    """Warn where every order would be refused. Callbacks and customers' pages are served all the same."""
    if settings.api_token or settings.open_without_keys:
        return
    with database.reading() as session:
        if not read_keys(session).active:
            structlog.get_logger(__name__).warning("no key: orders get 401", fix="afterglow keys add NAME")


def main() -> int:
    """Serve; say every reason why it cannot."""
    try:
        settings = load_settings()
        set_up_logs(settings)
        database = Database(settings.database_url, opt_out_keys=settings.secret_keys)
        ensure_schema(database, may_upgrade=not settings.production)
        warn_without_keys(settings, database)
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
