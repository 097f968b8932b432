"""Where an entity of the cleaned text stands in the text as it was given."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from schemas.signals import Entity, EntityKind


def in_original(entities: Sequence[Entity], cleaned: str, original: str) -> tuple[Entity, ...]:
    """Return the entities with their offsets in `original`; -1 and -1 where their characters are not in it.

    Cleaning only takes characters away or mends them, so each entity is looked for behind the one before it.
    """
    if cleaned is original or original.startswith(cleaned):
        return tuple(entities)
    return tuple(_placed(entities, cleaned, original))


def _placed(entities: Sequence[Entity], cleaned: str, original: str) -> Iterator[Entity]:
    behind = 0
    for entity in entities:
        written = cleaned[entity.start : entity.end]
        place = original.find(written, behind)
        if place < 0 and entity.kind is EntityKind.URL:  # its tracking parameters are gone
            written = written.partition("?")[0]
            place = original.find(written, behind)
        if place < 0:
            yield replace(entity, start=-1, end=-1)
        else:
            yield replace(entity, start=place, end=place + len(written))
            behind = place
