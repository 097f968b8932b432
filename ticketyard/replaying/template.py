"""Templates in mapping files: text with {names} of columns."""

import re
from collections.abc import Callable
from typing import Any, Final

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

_NAME: Final = re.compile(r"\{([^{}]+)\}")


class Template:
    """A text whose {names} are replaced by values; there are no other rules."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.names = tuple(_NAME.findall(text))

    def fill(self, value_of: Callable[[str], str]) -> str:
        """Return the text with each {name} replaced by `value_of(name)`."""
        return _NAME.sub(lambda found: value_of(found.group(1)), self.text)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: Any, _handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema(min_length=1))
