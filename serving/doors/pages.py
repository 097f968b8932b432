"""Two plain pages that need nothing from elsewhere: the list of doors, and what each takes."""

from html import escape
from typing import Any

from litestar import MediaType, Request, get
from litestar.datastructures import State
from litestar.openapi.plugins import OpenAPIRenderPlugin

_STYLE = """
body { font-family: system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
body { color: #1c2733 } h2 { margin-top: 2rem; font-size: 1.05rem }
code { background: #eef2f6; padding: .1rem .3rem; border-radius: .2rem }
td { padding: .15rem .8rem .15rem 0; vertical-align: top } .quiet { color: #5b6b7b }
"""


def html_page(title: str, body: str) -> str:
    """Return a whole page."""
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>"
    )


def doors_page(schema: dict[str, Any]) -> str:
    """Return the page that lists every door of an OpenAPI document."""
    rows = [
        f"<tr><td><code>{escape(method.upper())} {_link(method, path)}</code></td>"
        f"<td>{escape(_meaning(operation))}</td></tr>"
        for path, method, operation in _operations(schema)
    ]
    pages = '<p><a href="/docs">What each takes</a> · <a href="/openapi.json">OpenAPI</a></p>'
    return html_page(schema["info"]["title"], f"{pages}<table>{''.join(rows)}</table>")


def docs_page(schema: dict[str, Any]) -> str:
    """Return the page that says what every door of an OpenAPI document takes."""
    parts = []
    for path, method, operation in _operations(schema):
        rows = [
            f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(_type(one.get('schema', {})))}</td>"
            f'<td class="quiet">{escape(one.get("description") or "")}</td></tr>'
            for one in operation.get("parameters", [])
        ]
        parts.append(
            f"<h2><code>{escape(method.upper())} {escape(path)}</code></h2>"
            f"<p>{escape(_meaning(operation))}</p>"
            f"<table>{''.join(rows)}</table>"
        )
    return html_page(schema["info"]["title"], "".join(parts))


def _operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in sorted(schema["paths"].items())
        for method, operation in methods.items()
    ]


def _link(method: str, path: str) -> str:
    if method != "get" or "{" in path:
        return escape(path)
    return f'<a href="{escape(path)}">{escape(path)}</a>'


def _meaning(operation: dict[str, Any]) -> str:
    meaning: str = operation.get("description") or operation.get("summary") or ""
    return meaning


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "oneOf" in schema:
        return " | ".join(_type(one) for one in schema["oneOf"] if one.get("type") != "null")
    if schema.get("type") == "array":
        return f"{_type(schema.get('items', {}))}, several"
    return str(schema.get("format") or schema.get("type") or "")


class PlainDocs(OpenAPIRenderPlugin):
    """Litestar's page of documentation, without scripts from elsewhere."""

    def __init__(self) -> None:
        super().__init__(path="/")

    def render(
        self,
        request: Request[Any, Any, State],  # noqa: ARG002 - Litestar's signature
        openapi_schema: dict[str, Any],
    ) -> bytes:
        """Return the page."""
        return docs_page(openapi_schema).encode()


@get("/doors", media_type=MediaType.HTML, include_in_schema=False, sync_to_thread=False)
def doors(request: Request[Any, Any, State]) -> str:
    """Return a plain page with every door."""
    return doors_page(request.app.openapi_schema.to_schema())


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def openapi(request: Request[Any, Any, State]) -> dict[str, Any]:
    """Return the OpenAPI document."""
    return request.app.openapi_schema.to_schema()
