"""The Litestar application of the door: routes, one shape of error, who may send."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
import structlog
from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from litestar.types import LifeSpanReceive, LifeSpanScope, LifeSpanSend, Receive, Scope, Send
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from process.http_names import given_id, known_hosts, path_to_route
from schemas.errors import Permanent, PipelineError
from schemas.records.envelope import EventError, InvalidBody
from streams.dead_letters.desk import (
    LAST_OFFSET,
    LAST_PARTITION,
    LetterFits,
    LetterPlace,
    LetterReplayed,
    LetterShown,
    ReplayAsked,
)
from streams.dead_letters.reading import LetterUnknown
from streams.dead_letters.replaced_pictures import LetterReplaced
from streams.foundation.errors import TopicMismatch
from streams.foundation.size_limit import EventTooLarge
from streams.intake.callers import OPEN, ReadAnyway, check_caller
from streams.intake.doors import DOORS, Door
from streams.intake.errors import BodyTooSlow, IntakeError, NotDelivered, Stopping, WrongMediaType
from streams.intake.memory import Receipt
from streams.intake.metrics import AnswerCounter
from streams.intake.openapi import Accepted, AcceptedBatch, document
from streams.intake.reading import BATCH, JSON, media_type, read_cloud_events, read_simple
from streams.intake.service import BatchRefused, Intake

_log = structlog.get_logger(__name__)
_BAD, _TOO_LARGE = 400, 413
_LETTERS = {LetterUnknown: 404, TopicMismatch: 404, LetterReplaced: 409}
Partition = Annotated[int, QueryParameter(ge=0, le=LAST_PARTITION)]
Offset = Annotated[int, QueryParameter(ge=0, le=LAST_OFFSET)]
Asked = Request[Any, Any, State]


class Doors(Litestar):
    """The application; finds doors by paths in which a quoted slash is part of an id."""

    async def __call__(
        self,
        scope: Scope | LifeSpanScope,
        receive: Receive | LifeSpanReceive,
        send: Send | LifeSpanSend,
    ) -> None:
        """Answer a request."""
        if scope["type"] != "lifespan" and scope.get("raw_path"):
            scope["path"] = path_to_route(scope["raw_path"])
        await super().__call__(scope, receive, send)


def build_app(intake: Intake) -> Litestar:
    """Return the application over an Intake; it neither starts nor stops what that sends with."""
    settings = intake.settings
    names = known_hosts(settings.intake_host, settings.intake_hosts)
    key = settings.intake_key.get_secret_value()
    return Doors(
        route_handlers=[
            *(health, ready, metrics, openapi, cloud_events),
            *(show_letter, check_letter, replay_letter),
            *map(_simple, DOORS),
        ],
        dependencies={"intake": Provide(lambda: intake, sync_to_thread=False)},
        exception_handlers={
            IntakeError: _answer_refusal,
            EventError: _answer_bad_event,
            PipelineError: _answer_letter,
            HTTPException: _answer_http_error,
            Exception: _answer_unexpected,
        },
        before_request=lambda request: check_caller(request, names, key),
        middleware=[AnswerCounter(intake.metrics), ReadAnyway()],
        request_max_body_size=settings.intake_body_bytes,
        logging_config=None,  # the process has set up its logs already
        openapi_config=None,  # made of the contract: the bodies are decoded by the contract's own decoder
    )


def _simple(door: Door) -> HTTPRouteHandler:
    """Return the handler of a simple door."""

    @post(door.route, status_code=HTTPStatus.ACCEPTED, name=door.path)
    async def take(request: Asked, intake: NamedDependency[Intake]) -> Response[Accepted]:
        kind = media_type(request.headers.get("content-type", ""))
        path_id = None if door.id_field is None else given_id(request.path_params[door.id_field])
        with intake.room.enter(_size(request, intake)):
            given = read_simple(door, path_id, kind, request.headers, await _body(request, intake))
            receipt = await intake.take(given, _idempotency_key(request.headers), made_up_id=True)
        return _accepted(receipt)

    return take


@post("/v1/events", status_code=HTTPStatus.ACCEPTED)
async def cloud_events(
    request: Asked, intake: NamedDependency[Intake]
) -> Response[Accepted] | Response[AcceptedBatch]:
    """Take CloudEvents in any of HTTP's modes."""
    kind = media_type(request.headers.get("content-type", ""))
    with intake.room.enter(_size(request, intake)):
        events = read_cloud_events(kind, request.headers, await _body(request, intake))
        if kind == BATCH:
            receipts = await intake.take_batch(events)
            return Response(AcceptedBatch(events=receipts), status_code=HTTPStatus.ACCEPTED)
        receipt = await intake.take(events[0], _idempotency_key(request.headers), made_up_id=False)
    return _accepted(receipt)


@get("/v1/dead-letters/{letter_id:str}")
async def show_letter(
    letter_id: FromPath[str],
    partition: Partition,
    offset: Offset,
    intake: NamedDependency[Intake],
) -> LetterShown:
    """One dead letter, with the head of its record."""
    place = LetterPlace(letter_id=given_id(letter_id), partition=partition, offset=offset)
    with intake.room.enter(0):
        return await intake.letters.show(place)


@post("/v1/dead-letters/{letter_id:str}/check", status_code=HTTPStatus.OK)
async def check_letter(
    request: Asked,
    letter_id: FromPath[str],
    partition: Partition,
    offset: Offset,
    intake: NamedDependency[Intake],
) -> LetterFits:
    """Whether a letter, repaired so, fits the contract; nothing is sent."""
    place = LetterPlace(letter_id=given_id(letter_id), partition=partition, offset=offset)
    with intake.room.enter(_size(request, intake)):
        return await intake.letters.check(place, await _asked(request, intake))


@post("/v1/dead-letters/{letter_id:str}/replay", status_code=HTTPStatus.ACCEPTED)
async def replay_letter(
    request: Asked,
    letter_id: FromPath[str],
    partition: Partition,
    offset: Offset,
    intake: NamedDependency[Intake],
) -> LetterReplayed:
    """Send a letter back to where its record came from, repaired where told."""
    place = LetterPlace(letter_id=given_id(letter_id), partition=partition, offset=offset)
    with intake.room.enter(_size(request, intake)):
        asked = await _asked(request, intake)
        if intake.stopping:
            raise Stopping("the door is stopping; send it again, with the same idempotency-key")
        return await intake.letters.replay(place, asked, _idempotency_key(request.headers))


async def _asked(request: Asked, intake: Intake) -> ReplayAsked:
    """Return what the body asks for. Browsers let a page of another site send other kinds than JSON without asking."""
    if media_type(request.headers.get("content-type", "")) != JSON:
        raise WrongMediaType(f"what is done with a dead letter is asked for as {JSON}")
    try:
        return msgspec.json.decode(await _body(request, intake), type=ReplayAsked)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidBody(f'not {{"by": …, "reason": …}} in JSON: {error}') from error


@get("/health", sync_to_thread=False, opt={OPEN: True})
def health() -> dict[str, bool]:
    """Whether the process answers; whether Kafka does is said by /ready."""
    return {"ok": True}


@get("/ready", sync_to_thread=False, opt={OPEN: True})
def ready(intake: NamedDependency[Intake]) -> Response[dict[str, Any]]:
    """Whether events can be sent: 503 with the reason where Kafka or its topics are away."""
    problem = "the door is stopping" if intake.stopping else intake.sender.problem
    reasons = [] if problem is None else [problem]
    return Response({"ok": not reasons, "reasons": reasons}, status_code=503 if reasons else 200)


@get("/metrics", media_type=MediaType.TEXT, sync_to_thread=False, opt={OPEN: True})
def metrics(intake: NamedDependency[Intake]) -> Response[bytes]:
    """Prometheus metrics."""
    return Response(generate_latest(intake.metrics.registry), media_type=CONTENT_TYPE_LATEST)


@get("/openapi.json", sync_to_thread=False, opt={OPEN: True})
def openapi() -> dict[str, Any]:
    """Return the OpenAPI document."""
    return document()


def _accepted(receipt: Receipt) -> Response[Accepted]:
    fields = msgspec.structs.asdict(receipt)
    return Response(Accepted(**fields), status_code=HTTPStatus.ACCEPTED)


def _idempotency_key(headers: Mapping[str, str]) -> str | None:
    """Return the key of the header of that name; its draft standard writes it as a quoted string."""
    return headers.get("idempotency-key", "").strip().strip('"') or None


def _size(request: Asked, intake: Intake) -> int:
    """Return how long a body is or, where its length is not said, may be."""
    said, most = request.headers.get("content-length", ""), intake.settings.intake_body_bytes
    return min(int(said), most) if said.isdecimal() else most


async def _body(request: Asked, intake: Intake) -> bytes:
    """Return the body. Raises BodyTooSlow: who sends a byte a minute must not hold room for an hour."""
    limit_s = intake.settings.intake_timeout_s
    try:
        async with asyncio.timeout(limit_s):
            return await request.body()
    except TimeoutError as error:
        raise BodyTooSlow(f"the body did not arrive within {limit_s:g} s") from error


def _answer(
    kind: str, message: str, status: int, *, retry_after_s: int | None = None, **more: Any
) -> Response[dict[str, Any]]:
    """Return an error in the one JSON shape of all doors."""
    headers = {} if retry_after_s is None else {"retry-after": str(retry_after_s)}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    body = {"ok": False, "error": {"type": kind, "message": message, "status": status, **more}}
    return Response(body, status_code=status, headers=headers)


def _answer_refusal(_: Asked, error: Exception) -> Response[dict[str, Any]]:
    assert isinstance(error, IntakeError)
    more = {"events": error.refusals} if isinstance(error, BatchRefused) else {}
    return _answer(type(error).__name__, str(error), error.status, retry_after_s=error.retry_after_s, **more)


def _answer_letter(_: Asked, error: Exception) -> Response[dict[str, Any]]:
    """Answer what is wrong with a dead letter that somebody wants to see or to send back."""
    if isinstance(error, Permanent):
        status = next((status for kind, status in _LETTERS.items() if isinstance(error, kind)), _BAD)
        return _answer(type(error).__name__, str(error), status)
    return _answer(type(error).__name__, str(error), 503, retry_after_s=NotDelivered.retry_after_s)


def _answer_bad_event(_: Asked, error: Exception) -> Response[dict[str, Any]]:
    status = _TOO_LARGE if isinstance(error, EventTooLarge) else _BAD
    return _answer(type(error).__name__, str(error), status)


def _answer_http_error(_: Asked, error: Exception) -> Response[dict[str, Any]]:
    assert isinstance(error, HTTPException)
    kind = HTTPStatus(error.status_code).phrase.title().replace(" ", "")
    return _answer(kind, error.detail, error.status_code)


def _answer_unexpected(request: Asked, error: Exception) -> Response[dict[str, Any]]:
    _log.error("a request failed", path=request.url.path, exc_info=error)
    return _answer("InternalError", "the door failed at this request; its log says why", 500)
