"""The doors of the pages: one address a page, the files that they load, and what moves."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, cast

from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.response import Redirect, ServerSentEvent
from litestar.response.sse import ServerSentEventMessage
from markupsafe import Markup
from msgspec.structs import replace

from process.http_names import given_id
from serving.assembly.service import Serving
from serving.doors.operations import stuck_sentence
from serving.foundation.errors import NotFound, ServingError
from serving.foundation.state import AnswerMetadata, position
from serving.foundation.tags import KNOWN_BY, SLOT_S, position_header
from serving.listing.files import MEDIA_TYPES, USUAL_COLUMNS, format_of, headers_of, read_rows, written
from serving.live.doors import LIVE, last_id, listened
from serving.live.feed import Feeds
from serving.live.pictures import Picture, PictureReader
from serving.merge.answers import Snapshot
from serving.pages.agents.reading import read_agents
from serving.pages.assets import Assets
from serving.pages.data.reading import read_data
from serving.pages.kept import Kept
from serving.pages.now.reading import read_now
from serving.pages.operations.reading import read_operations
from serving.pages.satisfaction.reading import read_satisfaction
from serving.pages.system.doctor import Checks, Doctor
from serving.pages.system.parts import Watch
from serving.pages.system.reading import read_system
from serving.pages.templates import PAGES, Templates, language_of
from serving.pages.ticket.reading import read_ticket
from serving.pages.tickets.reading import read_tickets
from serving.pages.tickets.search import read_search
from serving.pages.understanding.reading import read_understanding

Asking = Request[Any, Any, State]
POLICY: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_NOW_REST_S: Final = 0.5
"""The page Now is made anew so often at most, however much happens."""

_FOR_EVER: Final = {"cache-control": "public, max-age=31536000, immutable", **POLICY}


class Pages:
    """All pages over one Serving: templates, files, and the feeds that those who look share."""

    def __init__(self, serving: Serving, feeds: Feeds, checks: Checks | None = None) -> None:
        self.assets = Assets(serving.settings.jars_folder)
        self.templates = Templates(self.assets)
        self._serving = serving
        self._feeds = feeds
        self.watch = Watch(serving.settings.home, serving.clock)
        self.doctor = Doctor(checks, serving.clock)

    async def page(self, request: Asking, name: str, read: Any, **more: Any) -> Response[str]:
        """Return the page `name` with what `read` finds in one snapshot."""
        language, serving = _language(request), self._serving

        def question(snapshot: Snapshot) -> Response[str]:
            found = read(snapshot) | more
            about = self._said(snapshot.metadata(serving.clock()))
            text = self.templates.render(
                f"{name}/page.html",
                language,
                page=name,
                about=about,
                asked=_asked(request),
                **found,
            )
            return html(text, headers=position_header(position(snapshot.state), complete=about.complete))

        return await serving.ask(question)

    def part(self, request: Asking, template: str, **found: Any) -> str:
        """Return a part of a page, for what is there already."""
        return self.templates.render(template, _language(request), **found)

    def moving_now(self, language: str, seen: str | None) -> AsyncIterator[ServerSentEventMessage]:
        """Return the events of what moves on the page Now, from the one with the id `seen` on."""
        serving, kept = self._serving, Kept()

        def picture(snapshot: Snapshot) -> str:
            found = read_now(snapshot, serving.clock(), kept)
            flow = {"flow": found["flow"], "flow_metrics": found["flow_metrics"]}
            found["flow_part"] = kept.part(
                "flow in html",
                found["flow"],
                lambda: Markup(self.templates.render("now/flow.html", language, **flow)),  # noqa: S704 - ours
            )
            about = self._said(snapshot.metadata(serving.clock()))
            return self.templates.render("now/content.html", language, about=about, **found)

        async def make() -> str:
            return await serving.ask(picture)

        return self._feeds.events(
            f"now in {language}",
            lambda: Picture(make, anew_s=SLOT_S, least_rest_s=_NOW_REST_S),
            lambda picture: PictureReader(picture, "now", seen),
        )

    def _said(self, about: AnswerMetadata) -> AnswerMetadata:
        """Return what a page says of its numbers: it says at once that Kafka is gone, and not when they are old."""
        stuck = stuck_sentence(self._serving.status)
        return replace(about, complete=False, reasons=(stuck, *about.reasons)) if stuck else about

    def failed(self, request: Asking, error: ServingError) -> Response[str]:
        """Return the page that says what did not work, and what to do."""
        place = page_of(request.url.path)
        text = self.templates.render(
            "error.html", _language(request), page=place, place=place, message=str(error), about=None
        )
        return html(text, status=error.status)


def page_of(path: str) -> str | None:
    """Return which page a path is of, or a file that it offers; None for what no person reads."""
    name = path.split("/")[1].partition(".")[0]
    return name if name in PAGES else None


def html(text: str, status: int = 200, headers: Mapping[str, str] = {}) -> Response[str]:
    """Return a page that no other site may frame and that runs no script but ours."""
    return Response(text, status_code=status, media_type=MediaType.HTML, headers={**POLICY, **headers})


def _language(request: Asking) -> str:
    asked = request.query_params.get("lang")
    return language_of(cast("str", asked) if asked else request.headers.get("accept-language", ""))


def _asked(request: Asking) -> Mapping[str, str]:
    """Return the parameters of an address; of one that stands there several times all values, with commas between."""
    found = request.query_params
    return {name: ",".join(map(str, found.getall(name))) for name in found}


@get("/", include_in_schema=False, sync_to_thread=False)
def start() -> Redirect:
    """Lead to the page Now."""
    return Redirect("/now")


@get("/now", include_in_schema=False)
async def now(
    request: Asking, pages: NamedDependency[Pages], serving: NamedDependency[Serving]
) -> Response[str]:
    """What waits now, with whom, and whether it flows."""
    return await pages.page(request, "now", lambda snapshot: read_now(snapshot, serving.clock()))


@get("/live/now", include_in_schema=False, sync_to_thread=False, opt={LIVE: True, KNOWN_BY: None})
def live_now(request: Asking, pages: NamedDependency[Pages]) -> ServerSentEvent:
    """What moves on the page Now, as HTML."""
    return listened(pages.moving_now(_language(request), last_id(request)), POLICY)


@get("/tickets", include_in_schema=False)
async def tickets(request: Asking, pages: NamedDependency[Pages]) -> Response[str]:
    """The list of tickets."""
    asked = _asked(request)
    return await pages.page(request, "tickets", lambda snapshot: read_tickets(snapshot, asked))


@get([f"/tickets.{kind}" for kind in MEDIA_TYPES], include_in_schema=False)
async def tickets_file(request: Asking, serving: NamedDependency[Serving]) -> Response[bytes]:
    """The listed tickets as a file."""
    search, kind = read_search(_asked(request)), format_of(request.url.path)
    columns, rest = search.columns or USUAL_COLUMNS, f"{search.where} ORDER BY {search.order}"
    file = await serving.ask_file(
        lambda snapshot: read_rows(snapshot, columns, rest, search.parameters),
        lambda found, check: written(found, kind, check),
    )
    headers = {**headers_of(file, kind), **POLICY}
    return Response(file.content, media_type=MEDIA_TYPES[kind], headers=headers)


@get("/tickets/{ticket_id:str}", include_in_schema=False)
async def ticket(
    request: Asking,
    ticket_id: FromPath[str],
    pages: NamedDependency[Pages],
    serving: NamedDependency[Serving],
) -> Response[str]:
    """One ticket."""
    wanted = given_id(ticket_id)
    return await pages.page(
        request, "ticket", lambda snapshot: read_ticket(snapshot, wanted, serving.clock())
    )


@get("/operations", include_in_schema=False)
async def operations(
    request: Asking, pages: NamedDependency[Pages], serving: NamedDependency[Serving]
) -> Response[str]:
    """How the operation does over days."""
    asked = _asked(request)
    return await pages.page(
        request, "operations", lambda snapshot: read_operations(snapshot, asked, serving.clock())
    )


@get("/system", include_in_schema=False, opt={KNOWN_BY: None})
async def system(
    request: Asking, pages: NamedDependency[Pages], serving: NamedDependency[Serving]
) -> Response[str]:
    """How the pipeline itself does."""
    seen, doctor = await pages.watch.look(), pages.doctor.look()
    return await pages.page(request, "system", lambda snapshot: read_system(snapshot, serving, seen, doctor))


@get("/system/doctor", include_in_schema=False, sync_to_thread=False, opt={KNOWN_BY: None})
def doctor(request: Asking, pages: NamedDependency[Pages]) -> Response[str]:
    """What the checks of what runs say, as a part of the page System."""
    return html(pages.part(request, "system/doctor.html", doctor=pages.doctor.look()))


@get("/understanding", include_in_schema=False, opt={KNOWN_BY: "ages and models"})
async def understanding(
    request: Asking, pages: NamedDependency[Pages], serving: NamedDependency[Serving]
) -> Response[str]:
    """How well tickets are understood."""
    asked = _asked(request)
    return await pages.page(
        request,
        "understanding",
        lambda snapshot: read_understanding(snapshot, asked, serving.settings, serving.clock()),
    )


@get("/satisfaction", include_in_schema=False)
async def satisfaction(
    request: Asking, pages: NamedDependency[Pages], serving: NamedDependency[Serving]
) -> Response[str]:
    """How satisfied customers are, and who is expected not to be."""
    return await pages.page(
        request, "satisfaction", lambda snapshot: read_satisfaction(snapshot, serving.clock())
    )


@get("/agents", include_in_schema=False)
async def agents(request: Asking, pages: NamedDependency[Pages]) -> Response[str]:
    """Who is there, what they hold, how it went."""
    return await pages.page(request, "agents", read_agents)


@get("/data", include_in_schema=False)
async def data(
    request: Asking, pages: NamedDependency[Pages], serving: NamedDependency[Serving]
) -> Response[str]:
    """What comes in, and what of it no stage could process."""
    asked = _asked(request)
    return await pages.page(request, "data", lambda snapshot: read_data(snapshot, asked, serving.clock()))


@get("/static/{mark:str}/{name:str}", include_in_schema=False, sync_to_thread=False)
def static(mark: FromPath[str], name: FromPath[str], pages: NamedDependency[Pages]) -> Response[bytes]:
    """A file that pages load; its address changes with its content."""
    found = pages.assets.get(name)
    if found is None or found.mark != mark:
        raise NotFound(f"there is no file {name!r}")
    return Response(found.content, media_type=found.media_type, headers=_FOR_EVER)


ROUTER = Router(
    "/",
    route_handlers=[
        *(start, now, live_now, tickets, tickets_file, ticket, operations),
        *(understanding, satisfaction, agents, data, system, doctor, static),
    ],
    opt={KNOWN_BY: "ages"},
)
