"""The door of the page of one dead letter, whose record the door for events reads."""

from typing import Any

from litestar import Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from process.http_names import given_id
from serving.acting.desk import Desk
from serving.acting.doors import may_read_records
from serving.acting.letters import LetterActs
from serving.assembly.service import Serving
from serving.foundation.errors import IntakeAway, IntakeBusy, IntakeKeyRefused, NotFound
from serving.foundation.tags import KNOWN_BY
from serving.pages.doors import Pages
from serving.pages.letter.reading import read_letter

Asking = Request[Any, Any, State]


@get("/data/letters/{letter_id:str}", include_in_schema=False, opt={KNOWN_BY: None})
async def letter(
    request: Asking,
    *,
    letter_id: FromPath[str],
    pages: NamedDependency[Pages],
    desk: NamedDependency[Desk],
    letters: NamedDependency[LetterActs],
    serving: NamedDependency[Serving],
) -> Response[str]:
    """One dead letter; its record is for who may have it."""
    wanted, record, away = given_id(letter_id), None, None
    shown = may_read_records(request, desk, serving)
    try:
        if shown:
            record = await letters.show(wanted)
    except (IntakeAway, IntakeBusy, IntakeKeyRefused) as error:
        away = str(error)
    except NotFound as error:  # the views know it, and Kafka has deleted it since; or nobody knows it
        away = str(error)
    return await pages.page(
        request,
        "letter",
        lambda snapshot: read_letter(snapshot, wanted, record, serving.clock()),
        away=away,
        shown=shown,
    )


ROUTER = Router("/", route_handlers=[letter])
