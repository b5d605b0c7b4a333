"""What of an error may stand in a Temporal history: its kind and place, never its text.

Texts of foreign errors hold what was being worked on: a statement with an address in it, a phone
number in a provider's answer. Our own errors are written to be shown.
"""

from __future__ import annotations

import time
import traceback
from datetime import timedelta
from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from campaign.errors import AfterglowError, BadCampaign, BadInput, ChannelBusy

log = structlog.get_logger()

_LAST_ATTEMPT = timedelta(seconds=1)


class FailureInterceptor(Interceptor):
    """Turns every error of an activity into one that is safe to keep."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        """Wrap the activity."""
        return _Safe(next)


class _Safe(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        begun = time.monotonic()
        try:
            return await super().execute_activity(input)
        except Exception as error:  # noqa: BLE001 - whatever it is, its text must not get out
            left = _time_left(timedelta(seconds=time.monotonic() - begun))
            raise safe_failure(error, left) from None


def _time_left(used: timedelta) -> timedelta | None:
    """Return how much of the activity's whole time (all attempts) is left; None if it has no end.

    The times are the server's, so that the answer is right when it skips time.
    """
    info = activity.info()
    if info.schedule_to_close_timeout is None:
        return None
    return info.scheduled_time + info.schedule_to_close_timeout - info.started_time - used


def safe_failure(error: Exception, left: timedelta | None = None) -> ApplicationError:
    """Return what Temporal may keep of an error. Bad input is not tried again; all else is.

    A broken campaign is tried again too: its template can be repaired while the message still waits.
    """
    if isinstance(error, ApplicationError):
        return error
    if isinstance(error, ChannelBusy):
        delay = wait_within(error.retry_after, left)
        return ApplicationError(str(error), type=error.code, next_retry_delay=delay)
    if isinstance(error, AfterglowError):
        final = isinstance(error, BadInput) and not isinstance(error, BadCampaign)
        return ApplicationError(str(error), type=error.code, non_retryable=final)
    return _unexpected(error)


def wait_within(wanted: timedelta | None, left: timedelta | None) -> timedelta | None:
    """Shorten a wait so that the next attempt is the last of its window, not one past it.

    The server ends an activity at once whose next attempt would come too late, and the workflow would
    want it again and again until the window has closed.
    """
    if wanted is None or left is None or left <= _LAST_ATTEMPT:
        return wanted
    return min(wanted, left - _LAST_ATTEMPT)


def _unexpected(error: Exception) -> ApplicationError:
    """Return where a bug struck; the log has the whole way there, without the error's text."""
    name, frames = type(error).__name__, traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "unknown"
    log.error(
        "activity failed",
        error=name,
        activity=activity.info().activity_type,
        order=(activity.info().workflow_id or "").partition("/")[2],
        attempt=activity.info().attempt,
        trace=[f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    )
    return ApplicationError(f"{name} in {where}", type=name)
