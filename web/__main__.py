"""``python -m web``: serve until SIGTERM or Ctrl-C. Exit code 2 when something is set wrong."""

from __future__ import annotations

import sys

import uvicorn

from campaign.errors import AfterglowError
from logs import set_up_logs
from settings import load_settings
from storage.database import Database
from storage.migrate import ensure_schema
from web.app import create_app


def main() -> int:
    """Serve; say every reason why it cannot."""
    try:
        settings = load_settings()
        set_up_logs(settings)
        database = Database(settings.database_url)
        ensure_schema(database, may_upgrade=not settings.production)
    except AfterglowError as error:
        print(f"The web server does not start:\n{error}", file=sys.stderr)  # noqa: T201 - for a person
        return 2
    uvicorn.run(
        create_app(settings, database),
        host=settings.web_host,
        port=settings.web_port,
        access_log=False,
        log_config=None,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
