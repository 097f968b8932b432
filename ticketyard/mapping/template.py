"""Templates in mapping files: text with {names} of columns."""

import re
from collections.abc import Callable
from typing import Any, Final

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

BUILT_IN: Final = frozenset({"row", "event", "item", "file", "file_id", "file_sum"})
"""What templates may name besides columns."""

_NAME: Final = re.compile(r"\{([^{}]+)\}")


class Template:
    """A text whose {names} are replaced by values; there are no other rules."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts = tuple(_NAME.findall(text))
        self.names = frozenset(self._parts) - BUILT_IN
        """The columns that it reads."""
        self.built_in = frozenset(self._parts) & BUILT_IN

    def fill(self, value_of: Callable[[str], str]) -> str:
        """Return the text with each {name} replaced by `value_of(name)`."""
        return _NAME.sub(lambda found: value_of(found.group(1)), self.text)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: Any, _handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema(min_length=1))
