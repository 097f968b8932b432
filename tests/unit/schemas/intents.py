"""A taxonomy of given intents, for tests that need names and nothing else."""

from schemas.taxonomy import Intent, Taxonomy
from schemas.vocabulary import Category, Priority


def taxonomy_of(*names: str) -> Taxonomy:
    """Return a taxonomy whose intents have these names."""
    intents = {
        name: Intent(
            name=name,
            category=Category.GENERAL_INQUIRY,
            description=f"About {name}.",
            team="front_desk",
            priority=Priority.MEDIUM,
            examples=tuple(f"{name} {number}" for number in range(8)),
        )
        for name in names
    }
    return Taxonomy(version="test", intents=intents, sum="0" * 64)
