"""The doors by which people send dead letters back, and ask whether the log has it."""

from typing import Annotated, Final

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import Body, FromPath

from process.http_names import given_id
from serving.acting.desk import Desk
from serving.acting.doors import NEVER_KEPT, Asking, Logged, logged_by, writer
from serving.acting.letters import LetterActs, Repaired, Replay, Returned
from serving.assembly.service import Serving

_LARGEST: Final = 512 * 2**10


@post("/replays", status_code=200, request_max_body_size=_LARGEST, include_in_schema=False)
async def replay(
    request: Asking,
    data: Annotated[Replay, Body()],
    desk: NamedDependency[Desk],
    letters: NamedDependency[LetterActs],
    serving: NamedDependency[Serving],
) -> Response[Returned]:
    """Send dead letters back by the door for events."""
    sent = await letters.take(data, writer(request, desk, serving))
    return Response(sent, status_code=409 if sent.meanwhile else 200, headers=NEVER_KEPT)


@post(
    "/letters/{letter_id:str}/check", status_code=200, request_max_body_size=_LARGEST, include_in_schema=False
)
async def check(
    request: Asking,
    *,
    letter_id: FromPath[str],
    data: Annotated[Repaired, Body()],
    desk: NamedDependency[Desk],
    letters: NamedDependency[LetterActs],
    serving: NamedDependency[Serving],
) -> Response[dict[str, bool]]:
    """Whether a letter fits the contract with what it says now; for who has signed in, as the server's key asks."""
    writer(request, desk, serving)
    await letters.check(given_id(letter_id), data)
    return Response({"ok": True}, headers=NEVER_KEPT)


@get("/replayed/{event_id:str}", include_in_schema=False)
async def replayed(event_id: FromPath[str], serving: NamedDependency[Serving]) -> Response[Logged]:
    """Whether the log has the note that a letter was sent back."""
    return await logged_by(serving, "acting/logged_replay", [given_id(event_id)])


ROUTER = Router("/acting", route_handlers=[replay, check, replayed])
