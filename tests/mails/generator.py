"""Builds mails of known parts: a customer's own words and everything around them, in 17 languages, HTML or plain.

A mail is a list of blocks. What each is, is known, so what cleaning lost and what it kept can be counted. The words
come from `clients.yaml` and `words.yaml`, which no code of the product reads.
"""

import html
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml

Role = Literal["own", "foreign", "neither"]
Look = Literal["text", "quote", "headers"]

_HERE: Final = Path(__file__).parent
_CLIENTS: Final[Mapping[str, Any]] = yaml.safe_load((_HERE / "clients.yaml").read_text("utf-8"))
_WORDS: Final[Mapping[str, Any]] = yaml.safe_load((_HERE / "words.yaml").read_text("utf-8"))
LANGUAGES: Final = tuple(_CLIENTS)


@dataclass(frozen=True)
class Block:
    """Lines of one role that look alike; `signs` where they are a signature."""

    role: Role
    lines: tuple[str, ...]
    look: Look = "text"
    signs: bool = False


@dataclass(frozen=True)
class Mail:
    """A mail as it is sent, and the blocks that it was made of."""

    kind: str
    language: str
    text: str
    blocks: tuple[Block, ...]


class Writer:
    """Writes parts in one language; a seed makes them the same again."""

    def __init__(self, language: str, rng: random.Random) -> None:
        self.language = language
        self.rng = rng
        self.client, self.words = _CLIENTS[language], _WORDS[language]
        self.me = rng.choice(self.words["me"])
        desk = rng.random() < 0.75
        self.name = self.words["desk_names"][0] if desk else rng.choice(self.words["desk_names"][1:])
        self.address = rng.choice(("help@nordlys.example", "support@nordlys.example"))
        if not desk and rng.random() < 0.5:
            self.address = "dana@nordlys.example"
        self.subject = self.words["subjects"][desk or (rng.random() < 0.9 and 1)]

    def filled(self, text: str) -> str:
        """Return the text with names and numbers in it."""
        return text.format(
            name=self.name, address=self.address, me=self.me, subject=self.subject,
            n=self.rng.randrange(100_000, 9_999_999), m=f"{self.rng.randrange(5, 900)}.{self.rng.randrange(10, 99)}",
        )  # fmt: skip

    def own(self, *, messages: int | None = None) -> Block:
        """Return one to three of the customer's messages, or so many."""
        few = messages or self.rng.choice((1, 1, 1, 2, 3))
        chosen = self.rng.sample(self.words["own"], few)
        return Block("own", tuple(line for text in chosen for line in self.filled(text).split("\n")))

    def desk(self, look: Look = "text") -> Block:
        """Return what the help desk wrote."""
        texts = self.rng.sample(self.words["desk"], self.rng.choice((1, 2)))
        return Block("foreign", tuple(self.filled("\n\n".join(texts)).split("\n")), look)

    def attribution(self, look: Look = "text", *, bare: bool = False) -> Block:
        """Return the line that names date and author; `bare` where it may lack the address."""
        forms = [*self.client["attributions"], *(self.client["bare"] if bare else ())]
        return Block("foreign", tuple(self.filled(self.rng.choice(forms)).split("\n")), look)

    def headers(self, *, sent: bool, bold: bool = False) -> Block:
        """Return a block of headers; `sent` with Outlook's labels, else as others write it."""
        labels = list(self.client["headers"])
        time = self.rng.choice(self.client["sent"])
        if not sent:
            labels[1], time = self.client["dated"]
        values = (f"{self.name} <{self.address}>", time, self.me, self.subject)
        pairs = list(zip(labels, values, strict=True))
        if not sent:
            self.rng.shuffle(pairs)
        mark = "**" if bold else ""
        return Block("foreign", tuple(f"{mark}{label}:{mark} {value}" for label, value in pairs), "headers")

    def signature(self) -> Iterator[Block]:
        """Yield a signature, a device's own line, or nothing."""
        way = self.rng.choice(("none", "closing", "closing", "contact", "rule", "device"))
        phone = f"+49 30 {self.rng.randrange(10**6, 10**7)}"
        if way in {"closing", "contact"}:
            more = (phone, f"{'rita'}@home.example") if way == "contact" else ()
            yield Block("foreign", ("", self.rng.choice(self.client["closings"]), self.me, *more), signs=True)
        elif way == "rule":
            yield Block(
                "foreign", ("-- ", self.me, "Owen & Marsh GmbH", phone, "www.home.example"), signs=True
            )
        elif way == "device":
            yield Block("foreign", ("", self.rng.choice(self.client["devices"])), signs=True)

    def number_below(self) -> Iterator[Block]:
        """Yield, now and then, a line of the customer's own with a number in it."""
        if self.rng.random() < 0.2:
            lines = [line for text in self.words["own"] for line in text.split("\n") if "{n}" in line]
            yield Block("own", (self.filled(self.rng.choice(lines)),))


def _top_quoted(writer: Writer) -> Iterator[Block]:
    yield from (writer.own(), *writer.signature(), *writer.number_below())
    yield from (writer.attribution(bare=True), writer.desk("quote"))


def _top_quoted_whole(writer: Writer) -> Iterator[Block]:
    lines = (*writer.attribution().lines, "", *writer.desk().lines)
    yield from (writer.own(), *writer.signature(), Block("foreign", lines, "quote"))


def _top_unquoted(writer: Writer) -> Iterator[Block]:
    yield from (writer.own(), *writer.signature(), writer.attribution(), writer.desk())


def _bottom(writer: Writer) -> Iterator[Block]:
    yield from (writer.attribution(bare=True), writer.desk("quote"))
    yield from (writer.own(), *writer.signature(), *writer.number_below())


def _interleaved(writer: Writer) -> Iterator[Block]:
    yield writer.attribution(bare=True)
    for _ in range(2):
        yield writer.desk("quote")
        yield writer.own(messages=1)
    yield from writer.signature()


def _headers(writer: Writer) -> Iterator[Block]:
    yield from (writer.own(), *writer.signature())
    if writer.rng.random() < 0.5:
        yield Block("neither", ("________________________________",))
    yield from (writer.headers(sent=writer.rng.random() < 0.7), writer.desk())


def _headers_on_top(writer: Writer) -> Iterator[Block]:
    yield writer.headers(sent=True, bold=writer.rng.random() < 0.5)
    if writer.rng.random() < 0.5:
        yield writer.desk("quote")
    yield from (writer.own(), *writer.signature())


def _original(writer: Writer) -> Iterator[Block]:
    line = f"-----{writer.client['original']}-----"
    yield from (writer.own(), *writer.signature(), Block("foreign", (line,)))
    yield from (writer.headers(sent=writer.rng.random() < 0.5), writer.desk())


def _delimiter(writer: Writer) -> Iterator[Block]:
    yield from (writer.own(), *writer.signature())
    yield from (Block("foreign", (writer.rng.choice(writer.client["delimiters"]),)), writer.desk())


def _forward(writer: Writer) -> Iterator[Block]:
    yield from (writer.own(messages=1), Block("neither", (writer.rng.choice(writer.client["forwarded"]),)))
    yield Block("neither", writer.headers(sent=False).lines)
    yield writer.own()


def _alone(writer: Writer) -> Iterator[Block]:
    yield from (writer.own(), *writer.signature(), *writer.number_below())


KINDS: Final[Mapping[str, Callable[[Writer], Iterator[Block]]]] = {
    "alone": _alone,
    "quoted lines below": _top_quoted,
    "quoted with its attribution": _top_quoted_whole,
    "unquoted below an attribution": _top_unquoted,
    "answer at the bottom": _bottom,
    "answers between": _interleaved,
    "header block": _headers,
    "header block on top": _headers_on_top,
    "original message": _original,
    "help desk's delimiter": _delimiter,
    "forwarded": _forward,
}


def mails(seed: int, each: int) -> Iterator[Mail]:
    """Yield so many mails of each kind and language; half of them are HTML."""
    rng = random.Random(seed)
    for language in LANGUAGES:
        for kind, make in KINDS.items():
            for number in range(each):
                blocks = tuple(make(Writer(language, rng)))
                if number % 2:
                    yield Mail(f"{kind}, HTML", language, _as_html(blocks), blocks)
                else:
                    yield Mail(kind, language, _as_plain(blocks), blocks)


def _as_plain(blocks: Sequence[Block]) -> str:
    parts = [
        "\n".join(f"> {line}".rstrip() if block.look == "quote" else line for line in block.lines)
        for block in blocks
    ]
    text = parts[0]
    for block, part in zip(blocks[1:], parts[1:], strict=True):
        text += ("\n" if block.signs else "\n\n") + part
    return text


def _as_html(blocks: Sequence[Block]) -> str:
    body = "".join(map(_html_block, blocks))
    return f"<html><head><style>p {{ margin: 0 }}</style></head><body>{body}</body></html>"


def _html_block(block: Block) -> str:
    lines = [html.escape(line, quote=False) for line in block.lines]
    if block.look == "quote":
        style = 'class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex"'
        return f"<blockquote {style}>{'<br>'.join(lines)}</blockquote>"
    if block.look == "headers":
        bold = [f"<b>{line.partition(':')[0]}:</b>{line.partition(':')[2]}" for line in lines]
        return f'<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p>{"<br>".join(bold)}</p></div>'
    return "".join(f"<div>{line or '<br>'}</div>" for line in lines)
