"""Reads YAML files that a person edits, strictly, and reports every mistake with its line."""

from collections.abc import Iterable, Iterator, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple, Self, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.errors import Permanent

Model = TypeVar("Model", bound=BaseModel)

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is ten times faster where built


class EditedFile(NamedTuple):
    """A file under edit: where it is, what to call it in a message, and the error that refuses it."""

    source: str
    what: str
    error: type[Permanent]

    def refusal(self, problems: Sequence[str]) -> Permanent:
        """Return the error that lists the problems."""
        lines = "\n".join(f"  {problem}" for problem in problems)
        return self.error(
            f"{self.source}: {len(problems)} mistake(s) in {self.what}; mend them and run again:\n{lines}"
        )

    def read(self, data: bytes) -> tuple[yaml.Node | None, Any]:
        """Return the node tree, which knows lines, and the plain content. Raises the file's error if it is no YAML."""
        try:
            loader = _LOADER(data)
            root = loader.get_single_node()
            repeated = list(_repeated_keys(root)) if root else []
            content = loader.construct_document(root) if root else None
        except yaml.YAMLError as error:
            raise self.error(f"{self.source}: not valid YAML, mend the syntax there: {error}") from error
        if repeated:
            raise self.refusal(repeated)
        return root, content

    def check(self, data: bytes, kind: type[Model]) -> tuple[Model, yaml.Node | None]:
        """Return the content as a model, and the node tree. Raises the file's error with every mistake."""
        root, content = self.read(data)
        try:
            return kind.model_validate(content), root
        except ValidationError as error:
            raise self.refusal(problems_of(error, root)) from error


class EditedModel(BaseModel, frozen=True, extra="forbid"):
    """What such a file says; a class says what it is called, which error refuses it, and which one is packaged."""

    what: ClassVar[str]
    error: ClassVar[type[Permanent]]
    packaged: ClassVar[Traversable]

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a file, or the packaged one. Raises the class's error if it is missing or has mistakes."""
        source = path or cls.packaged
        return cls.parse(read_edited(source, cls.what, cls.error), source=str(source))

    @classmethod
    def parse(cls, data: bytes, *, source: str) -> Self:
        """Check a file's bytes; `source` names it in the class's error."""
        file = EditedFile(source, cls.what, cls.error)
        model, root = file.check(data, cls)
        problems = list(model.problems(root))
        if problems:
            raise file.refusal(problems)
        return model

    def problems(self, _root: yaml.Node | None) -> Iterable[str]:
        """Say what is wrong in view of the whole file, each with its line."""
        return ()


def read_edited(source: Path | Traversable, what: str, error: type[Permanent]) -> bytes:
    """Return the bytes of a file under edit. Raises `error` where there is none that can be read."""
    try:
        return source.read_bytes()
    except OSError as missing:
        raise error(
            f"{source}: {what} cannot be read ({missing}); give the path of a readable file"
        ) from missing


def problems_of(error: ValidationError, root: yaml.Node | None) -> list[str]:
    """Return one `line N: place: what (it is 'value')` for each mistake that pydantic found."""
    return [_describe(detail, root) for detail in error.errors(include_url=False)]


def line_of(place: list[int | str], root: yaml.Node | None) -> int:
    """Return the line (from 1) of the deepest node that the place leads to."""
    node, line = root, 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line


def _repeated_keys(root: yaml.Node) -> Iterator[str]:
    """Find keys that stand twice: YAML itself keeps the last and drops the first without a word."""
    waiting, known = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if id(node) in known:  # an alias; it may even contain itself
            continue
        known.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(reversed(node.value))
        elif isinstance(node, yaml.MappingNode):
            yield from _repeats_in(node)
            waiting.extend(value for _, value in reversed(node.value))


def _repeats_in(mapping: yaml.MappingNode) -> Iterator[str]:
    first: dict[str, int] = {}
    for key, _ in mapping.value:
        if not isinstance(key, yaml.ScalarNode):
            continue  # construction refuses it with its line
        line = key.start_mark.line + 1
        if key.value in first:
            yield (
                f"line {line}: the name {key.value!r} is there already in line {first[key.value]}: "
                "rename or delete one of them"
            )
        first.setdefault(key.value, line)


def _describe(detail: ErrorDetails, root: yaml.Node | None) -> str:
    """Say one pydantic error as 'line N: place: what (is 'value')'."""
    place = [part for part in detail["loc"] if part != "[key]"]
    names = " > ".join(str(part) for part in place) or "the file"
    value = detail["input"]
    shown = f" (it is {value!r})" if isinstance(value, str | int | float | None) else ""
    return f"line {line_of(place, root)}: {names}: {detail['msg']}{shown}"
