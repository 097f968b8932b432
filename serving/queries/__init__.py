"""The SQL of the doors that answer more than a filtered view, one named file each."""

from importlib import resources


def read_query(name: str) -> str:
    """Return the SQL of the file `name`.sql."""
    return resources.files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
