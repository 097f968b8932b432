"""What can be wrong with a bundle: its own module, because reading, writing and inference all raise it."""

from schemas.errors import Permanent


class BundleError(Permanent):
    """A model bundle cannot be used or written; the message names the file and what to do."""


class ModelsDamaged(Permanent):
    """A record of the models folder, of a training or of what decides, cannot be read."""
