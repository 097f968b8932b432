"""The doors by which people act on pages: who they are, what they do, and whether the log has it."""

from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.datastructures import Cookie, State
from litestar.di import NamedDependency
from litestar.params import Body, FromPath

from process.http_names import given_id
from serving.acting.acts import Act
from serving.acting.choices import Choices, read_choices
from serving.acting.desk import Desk, Sent
from serving.acting.model_acts import ModelAct, ModelActed, ModelDesk
from serving.acting.sessions import COOKIE, Session
from serving.assembly.service import Serving
from serving.foundation.errors import OtherSite, SignInNeeded
from serving.queries import read_query

Asking = Request[Any, Any, State]
_LARGEST: Final = 64 * 2**10
NEVER_KEPT: Final = {"cache-control": "no-store"}


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who wants to act, and the key where one is asked for."""

    name: str
    key: str = ""


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in, and the token of their writes; without a name, `why` says what ended the session.

    `home` is the same for all servers of one home, and another for each other home.
    """

    wants_key: bool
    home: str
    name: str | None = None
    token: str | None = None
    why: str | None = None


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """Whether tickets.log has an event, and where."""

    logged: bool
    partition: int | None = None
    offset: int | None = None


@get("/session", include_in_schema=False, sync_to_thread=False)
def who(request: Asking, desk: NamedDependency[Desk], serving: NamedDependency[Serving]) -> Response[Who]:
    """Who is signed in."""
    try:
        session = desk.sessions.read(request.cookies.get(COOKIE), serving.clock())
    except SignInNeeded as error:
        why = type(error).__name__ if COOKIE in request.cookies else None
        return Response(_nobody(desk, why), headers=NEVER_KEPT)
    return Response(_told(desk, session), headers=NEVER_KEPT)


@post(
    "/session", status_code=200, request_max_body_size=_LARGEST, include_in_schema=False, sync_to_thread=False
)
def sign_in(request: Asking, data: Annotated[SignIn, Body()], desk: NamedDependency[Desk]) -> Response[Who]:
    """Begin a session."""
    require_own_page(request)
    address = request.client.host if request.client else ""
    session = desk.sign_in(data.name, data.key, address)
    cookie = Cookie(
        key=COOKIE,
        value=desk.sessions.written(session),
        path="/",
        httponly=True,
        samesite="strict",
        secure=_by_https(request),
    )
    return Response(_told(desk, session), cookies=[cookie], headers=NEVER_KEPT)


@delete("/session", status_code=200, include_in_schema=False, sync_to_thread=False)
def sign_out(
    request: Asking, desk: NamedDependency[Desk], serving: NamedDependency[Serving]
) -> Response[Who]:
    """End the session."""
    writer(request, desk, serving)
    gone = Cookie(key=COOKIE, value="", path="/", httponly=True, samesite="strict", max_age=0)
    return Response(_nobody(desk), cookies=[gone], headers=NEVER_KEPT)


@post("/acts", status_code=200, request_max_body_size=_LARGEST, include_in_schema=False)
async def act(
    request: Asking,
    data: Annotated[Act, Body()],
    desk: NamedDependency[Desk],
    serving: NamedDependency[Serving],
) -> Response[Sent]:
    """Send what somebody does to a ticket to the door for events."""
    session = writer(request, desk, serving)
    sent = await desk.take(data, session)
    return Response(sent, status_code=409 if sent.meanwhile else 200, headers=NEVER_KEPT)


@post("/models", status_code=200, request_max_body_size=_LARGEST, include_in_schema=False)
async def act_on_models(
    request: Asking,
    data: Annotated[ModelAct, Body()],
    desk: NamedDependency[Desk],
    model_desk: NamedDependency[ModelDesk],
    serving: NamedDependency[Serving],
) -> Response[ModelActed]:
    """Promote a model, or roll back to one."""
    acted = await model_desk.take(data, writer(request, desk, serving))
    return Response(acted, status_code=409 if acted.meanwhile else 200, headers=NEVER_KEPT)


@get("/choices", include_in_schema=False)
async def choices(desk: NamedDependency[Desk], serving: NamedDependency[Serving]) -> Response[Choices]:
    """What forms offer."""
    found = await serving.ask(lambda snapshot: read_choices(snapshot, desk.taxonomy))
    return Response(found, headers=NEVER_KEPT)


@get("/logged/{ticket_id:str}/{event_id:str}", include_in_schema=False)
async def logged(
    ticket_id: FromPath[str], event_id: FromPath[str], serving: NamedDependency[Serving]
) -> Response[Logged]:
    """Whether the log has an event."""
    return await logged_by(serving, "acting/logged_event", [given_id(ticket_id), given_id(event_id)])


async def logged_by(serving: Serving, query: str, wanted: list[str]) -> Response[Logged]:
    """Return whether a query finds what was `wanted`, and where the log has it."""
    rows = await serving.ask(lambda snapshot: snapshot.rows(read_query(query), wanted).table.to_pylist())
    found = Logged(logged=bool(rows))
    if rows:
        found = Logged(logged=True, partition=rows[0]["log_partition"], offset=rows[0]["log_offset"])
    return Response(found, headers=NEVER_KEPT)


def _told(desk: Desk, session: Session) -> Who:
    known = desk.sessions
    return Who(wants_key=known.wants_key, home=known.home, name=session.name, token=known.token(session))


def _nobody(desk: Desk, why: str | None = None) -> Who:
    return Who(wants_key=desk.sessions.wants_key, home=desk.sessions.home, why=why)


def writer(request: Asking, desk: Desk, serving: Serving) -> Session:
    """Return who writes. Raises SignInNeeded, TokenMissing or OtherSite."""
    require_own_page(request)
    session = desk.sessions.read(request.cookies.get(COOKIE), serving.clock())
    desk.sessions.require_token(session, request.headers.get("x-csrf-token", ""))
    return session


def may_read_records(request: Asking, desk: Desk, serving: Serving) -> bool:
    """Tell whether somebody may see what the door gives for this server's key: without one all, else who signed in."""
    try:
        desk.sessions.read(request.cookies.get(COOKIE), serving.clock())
    except SignInNeeded:
        return not desk.sessions.wants_key
    return True


def require_own_page(request: Asking) -> None:
    """Raise OtherSite where the browser says that a page from elsewhere sent the request."""
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in {"same-origin", "none"} or (origin is not None and _host_of(origin) != host):
        raise OtherSite("a page from elsewhere sent this; act on the pages of this server")


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None  # `http://[x` is no address at all


def _by_https(request: Asking) -> bool:
    """Tell whether the browser speaks TLS, by what ends it in front of this server."""
    return "https" in (request.headers.get("x-forwarded-proto", ""), request.url.scheme)


ROUTER = Router("/acting", route_handlers=[who, sign_in, sign_out, act, act_on_models, choices, logged])
