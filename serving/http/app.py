"""The Litestar application: every door, one shape of error, OpenAPI."""

from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import structlog
from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi.config import OpenAPIConfig
from litestar.types import LifeSpanReceive, LifeSpanScope, LifeSpanSend, Receive, Scope, Send

from process.http_names import known_hosts, path_to_route
from serving.acting.desk import Desk
from serving.acting.doors import ROUTER as ACTING
from serving.acting.letter_doors import ROUTER as LETTERS
from serving.acting.letters import LetterActs
from serving.acting.model_acts import ModelChanges, ModelDesk, NoModelChanges
from serving.assembly.service import Serving
from serving.doors import analytics, explaining, metric_values, models, operations, pages, sql, tickets
from serving.doors.metrics import AnswerTimer, ServingMetrics
from serving.foundation.errors import ServingError
from serving.http.callers import Leaving, check_caller
from serving.http.unchanged import Tagging, made_by, models_of, unchanged
from serving.live.doors import ROUTER as LIVE
from serving.live.doors import Stalled
from serving.live.feed import Feeds
from serving.pages.doors import ROUTER as PAGES
from serving.pages.doors import Pages, page_of
from serving.pages.letter.doors import ROUTER as LETTER
from serving.pages.system.doctor import Checks
from serving.pages.triage.doors import ROUTER as TRIAGE

_log = structlog.get_logger(__name__)


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


_HANDLERS: Final = (
    pages.doors,
    pages.openapi,
    *operations.HANDLERS,
    sql.ROUTER,
    tickets.ROUTER,
    analytics.ROUTER,
    metric_values.ROUTER,
    explaining.ROUTER,
    models.ROUTER,
    LIVE,
    PAGES,
    ACTING,
    LETTERS,
    TRIAGE,
    LETTER,
)


def build_app(
    serving: Serving,
    measures: ServingMetrics | None = None,
    checks: Checks | None = None,
    changes: ModelChanges | None = None,
) -> Litestar:
    """Return the application over a Serving that runs; without `changes` nobody can promote a model on its pages."""
    kept = measures or ServingMetrics()
    names = known_hosts(serving.settings.http_host, serving.settings.http_hosts)
    desk = Desk(serving)
    made = made_by(version := product_version())
    feeds = Feeds(serving)
    shown = Pages(serving, feeds, checks)

    async def first(request: Request[Any, Any, State]) -> Response[None] | None:
        check_caller(request, names)
        return unchanged(request, serving, made, await models_of(request.scope, serving.settings))

    given = {"serving": serving, "measures": kept, "desk": desk, "feeds": feeds, "pages": shown}
    given["letters"] = LetterActs(serving, desk.intake)
    given["model_desk"] = ModelDesk(serving.settings, changes or NoModelChanges())
    return Doors(
        route_handlers=_HANDLERS,
        dependencies={name: _provided(value) for name, value in given.items()},
        exception_handlers={
            ServingError: lambda request, error: answer_serving_error(request, error, shown),
            HTTPException: answer_http_error,
            Exception: lambda request, error: answer_unexpected_error(request, error, shown),
        },
        before_request=first,
        middleware=[
            AnswerTimer(kept),
            Leaving(),
            Tagging(serving, made),
            Stalled(serving.settings.live_stall_s),
        ],
        on_shutdown=[desk.intake.close],
        logging_config=None,  # the process has set up its logs already
        openapi_config=_openapi(version),
    )


def _provided(value: Any) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)


def _openapi(version: str) -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Ticketyard",
        version=version,
        description="Exact answers from batch views and the realtime tail.",
        use_handler_docstrings=True,
        path="/docs",
        render_plugins=[pages.PlainDocs()],
    )


def product_version() -> str:
    """Return the version that is installed; `0` where the code runs without being installed."""
    try:
        return version("ticketyard")
    except PackageNotFoundError:
        return "0"


def error_body(kind: str, message: str, status: int) -> dict[str, Any]:
    """Return the one JSON shape of every error."""
    return {"ok": False, "error": {"type": kind, "message": message, "status": status}}


def answer_serving_error(
    request: Request[Any, Any, State], error: Exception, shown: Pages
) -> Response[dict[str, Any]] | Response[str]:
    """Answer an error that serving names itself: as a page where a person looks, else as JSON."""
    assert isinstance(error, ServingError)
    if page_of(request.url.path):
        return shown.failed(request, error)
    body = error_body(type(error).__name__, str(error), error.status)
    headers = {} if error.retry_after_s is None else {"retry-after": str(error.retry_after_s)}
    return Response(body, status_code=error.status, headers=headers)


def answer_http_error(_: Request[Any, Any, State], error: Exception) -> Response[dict[str, Any]]:
    """Answer a request that does not fit any door, or not this one."""
    assert isinstance(error, HTTPException)
    details = "; ".join(
        f"{one.get('key', '')}: {one.get('message', '')}" if isinstance(one, dict) else str(one)
        for one in (error.extra if isinstance(error.extra, list) else [])
    )
    message = f"{error.detail} ({details})" if details else error.detail
    kind = HTTPStatus(error.status_code).phrase.title().replace(" ", "")
    return Response(error_body(kind, message, error.status_code), status_code=error.status_code)


def answer_unexpected_error(
    request: Request[Any, Any, State], error: Exception, shown: Pages
) -> Response[dict[str, Any]] | Response[str]:
    """Answer what should not have happened, as a page where a person looks; the log has its whole story."""
    _log.error("a request failed", path=request.url.path, exc_info=error)
    if page_of(request.url.path):
        return shown.failed(request, ServingError("serving failed at this page; its log says why"))
    body = error_body("InternalError", "serving failed at this request; its log says why", 500)
    return Response(body, status_code=500)
