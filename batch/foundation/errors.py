"""What can go wrong in the batch layer."""

from schemas.errors import Permanent, Transient


class FoldersNested(Permanent):
    """Two of the folders that batch keeps are the same, or one lies in the other."""


class BatchBusy(Transient):
    """Another batch process holds the lock."""


class KafkaUnreachable(Transient):
    """No broker answers, or not in time."""


class TopicMissing(Permanent):
    """A topic that is archived does not exist."""


class TopicRecreated(Permanent):
    """A topic was deleted and created again: its offsets count other records than the archive's."""


class OffsetsWentBack(Permanent):
    """A topic ends below what was archived of it, though its id is the same."""


class HistoryGap(Permanent):
    """Kafka deleted records before they were archived."""


class CommitConflict(Transient):
    """Another process made the same commit of the archive, or removed files that this one wrote."""


class HistoryDamaged(Permanent):
    """The archive is not as its commits say."""


class ViewsDamaged(Permanent):
    """The manifest of a run of views cannot be read."""


class NothingToAcknowledge(Permanent):
    """A person wants to acknowledge gaps where none are left, or without a reason."""


class ArchivesMissing(Permanent):
    """The Java archives of Spark's Kafka source are not where set-up puts them."""


class SparkUnreachable(Transient):
    """No Spark starts or answers at the master that was named."""


class ExecutorFailed(Permanent):
    """Spark's executors cannot do a training's work: something is missing there, or is another version."""


class ModelsChanged(Permanent):
    """Which model decides has changed since a person looked; they have to look again."""


class ModelUnknown(Permanent):
    """No bundle of this version lies in the models folder, or none can take part in what was asked."""
