"""Doors to the stored models: which there are, which decides, and what each of them can and cannot do."""

import asyncio
from typing import Final

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import FromPath

from process.http_names import given_id
from serving.assembly.service import Serving
from serving.foundation.models_folder import ModelsAnswer, card_file, read_models
from serving.foundation.tags import KNOWN_BY
from understanding.manifest.manifest import CARD_HTML, CARD_MARKDOWN

_CARD_POLICY: Final = {
    # A card has its own styles and pictures, and nothing in it may run or reach anything.
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@get("/stored")
async def stored(serving: NamedDependency[Serving]) -> ModelsAnswer:
    """The models of this home, the newest first: figures, what each is used for, who changed that and why."""
    settings = serving.settings
    return await asyncio.to_thread(read_models, settings.models_folder, settings.first_models_folder)


@get("/{version:str}/card", media_type=MediaType.HTML)
async def card(version: FromPath[str], serving: NamedDependency[Serving]) -> Response[bytes]:
    """A model's card as one HTML page, which loads nothing and runs nothing."""
    return Response(await _read(serving, version, CARD_HTML), media_type=MediaType.HTML, headers=_CARD_POLICY)


@get("/{version:str}/card.md", media_type=MediaType.TEXT)
async def card_markdown(version: FromPath[str], serving: NamedDependency[Serving]) -> Response[bytes]:
    """A model's card as Markdown; its pictures lie beside it in the folder of the model."""
    return Response(
        await _read(serving, version, CARD_MARKDOWN),
        media_type="text/markdown; charset=utf-8",
        headers=_CARD_POLICY,
    )


async def _read(serving: Serving, version: str, name: str) -> bytes:
    settings, wanted = serving.settings, given_id(version)

    def read() -> bytes:
        return card_file(settings.models_folder, settings.first_models_folder, wanted, name).read_bytes()

    return await asyncio.to_thread(read)


ROUTER: Final = Router("/v1/models", route_handlers=[stored, card, card_markdown], opt={KNOWN_BY: "models"})
