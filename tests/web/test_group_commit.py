"""Group commit: what waits together is committed together, and fails alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from threading import Event

import pytest
from sqlalchemy.exc import DataError

from campaign.errors import DatabaseBusy, Unavailable
from web.receiving.group_commit import GroupCommit

POISON = "poison"


class Commits:
    """Transactions that can be held up, and what was in each."""

    def __init__(self, error: Exception | None = None) -> None:
        """Commit at once; a group with poison fails with the error."""
        self.groups: list[list[str]] = []
        self.error = error
        self.free = Event()
        self.free.set()

    def __call__(self, group: Sequence[str]) -> list[str]:
        """Commit a group."""
        self.free.wait()
        if self.error and POISON in group:
            raise self.error
        self.groups.append(list(group))
        return [f"done {item}" for item in group]


def queue(work: Commits, *, most: int = 10, waiting: int = 100) -> GroupCommit[str, str]:
    """A queue in front of the transactions; an item counts one."""
    return GroupCommit(work, lambda _: 1, most=most, waiting=waiting)


async def test_what_comes_meanwhile_shares_the_next_transaction() -> None:
    """The first is committed alone and at once; the others together, up to the size of a group."""
    work = Commits()
    work.free.clear()
    group = queue(work, most=4)
    requests = [asyncio.create_task(group.submit(str(n))) for n in range(7)]
    await asyncio.sleep(0)
    work.free.set()
    assert await asyncio.gather(*requests) == [f"done {n}" for n in range(7)]
    assert [len(one) for one in work.groups] in ([4, 3], [1, 4, 2])
    await group.finished()


@pytest.mark.parametrize("error", [DatabaseBusy("busy"), DataError("x", None, Exception())])
async def test_one_that_fails_fails_alone(error: Exception) -> None:
    """Each is committed by itself then; only the one to blame gets the error."""
    work = Commits(error)
    group = queue(work)
    answers = await asyncio.gather(
        *(group.submit(name) for name in ("a", POISON, "b")), return_exceptions=True
    )
    assert [answer if isinstance(answer, str) else type(answer) for answer in answers] == [
        "done a", type(error), "done b",
    ]  # fmt: skip


async def test_without_the_database_nobody_tries_one_by_one() -> None:
    """All get the error of the one attempt: five hundred time-outs would help nobody."""
    work = Commits(Unavailable("the database cannot be reached"))
    answers = await asyncio.gather(*(queue(work).submit(POISON) for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Unavailable] * 3
    assert work.groups == []


async def test_too_much_waiting_is_refused_at_once() -> None:
    """Refused, to be sent again; what waits already is committed."""
    work = Commits()
    work.free.clear()
    group = queue(work, most=2, waiting=3)
    requests = [asyncio.create_task(group.submit(str(n))) for n in range(9)]
    refused, waiting = await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)
    assert [type(request.exception()) for request in refused] == [Unavailable] * len(refused)
    assert 3 <= len(waiting) <= 5
    work.free.set()
    assert all(answer.startswith("done") for answer in await asyncio.gather(*waiting))


async def test_one_who_goes_away_holds_up_nobody() -> None:
    """A request that is cancelled while it waits is committed all the same; its neighbours are answered."""
    work = Commits()
    work.free.clear()
    group = queue(work)
    gone, stays = (asyncio.create_task(group.submit(name)) for name in ("gone", "stays"))
    await asyncio.sleep(0)
    gone.cancel()
    work.free.set()
    assert await stays == "done stays"
    await group.finished()
    assert sorted(name for one in work.groups for name in one) == ["gone", "stays"]
