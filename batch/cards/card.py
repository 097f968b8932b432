"""The card of one bundle: measured, put together, and written as card.md, card.html and pictures."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from batch.cards.about_sections import data_section, limits_section, short_section
from batch.cards.answered import Answered, answer_rows
from batch.cards.costs import CostTable, costs
from batch.cards.document import Document, html, markdown
from batch.cards.fairness_sections import costs_section, identity_section, slices_section
from batch.cards.identity import Swap, packaged_templates, swaps
from batch.cards.quality_sections import quality_sections
from batch.training.evaluation.evaluate import measure
from batch.training.rows.rows import LabelledRow, TrainingError
from understanding.bundle.bundle import Bundle
from understanding.manifest.manifest import CARD_HTML, CARD_MARKDOWN, BundleManifest, Evaluation
from understanding.signals.priority import PriorityTable

_NAMES: Final = frozenset((CARD_MARKDOWN, CARD_HTML))


class CardOptions(NamedTuple):
    """What a card may show, and what mistakes cost."""

    show_texts: bool = False
    costs: CostTable = CostTable()


def write_card(
    out: Path,
    bundle: Bundle,
    rows: Sequence[LabelledRow],
    *,
    source: str,
    priorities: PriorityTable,
    progress: Callable[[str, float], None],
    options: CardOptions | None = None,
) -> None:
    """Write the card of a bundle into a folder, in place of one that is there.

    `rows` are those to measure on, which the model has not learnt from (`source` names them); without any, the card
    says what is known without them. Equal inputs give equal files.
    """
    manifest = bundle.manifest
    now = manifest.created_at
    found = swaps(bundle, packaged_templates(), priorities=priorities, now=now)
    answers = answer_rows(bundle, rows, priorities=priorities, now=now, progress=progress)
    write_document(
        out, card_document(manifest, answers, found, source=source, options=options or CardOptions())
    )


def card_document(
    manifest: BundleManifest, answers: Answered, found: Sequence[Swap], *, source: str, options: CardOptions
) -> Document:
    """Return the card as a document."""
    measured = _measured(manifest, answers)
    languages = Counter(one.row.language or one.triage.language or "unknown" for one in answers.rows)
    of_rows = (
        (
            *quality_sections(answers, measured),
            slices_section(answers),
            costs_section(costs(answers, options.costs), options.costs, show_texts=options.show_texts),
        )
        if measured
        else ()
    )
    return Document(
        f"Model card: {manifest.version}",
        (
            short_section(manifest, measured, source),
            limits_section(manifest, measured, languages),
            *of_rows,
            identity_section(found),
            data_section(manifest),
        ),
    )


def _measured(manifest: BundleManifest, answers: Answered) -> Evaluation | None:
    if not answers.rows:
        return None
    return measure(manifest.version, [one.row for one in answers.rows], answers.results)


def refuse_other_files(out: Path) -> None:
    """Raise TrainingError if a card cannot go to `out`: it is new, empty, or holds nothing but a card."""
    if out.is_file():
        raise TrainingError(f"{out}: a file; a card is a folder, name another one")
    others = [file.name for file in out.glob("*") if file.name not in _NAMES and file.suffix != ".svg"]
    if others:
        raise TrainingError(f"{out}: holds other files ({others[0]}); name a new folder for the card")


def write_document(out: Path, document: Document) -> None:
    """Write a document's files into a folder: all of them, then one rename, in place of the card that was there.

    Raises TrainingError where other files are there.
    """
    refuse_other_files(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    try:
        for picture in document.pictures:
            (folder / f"{picture.name}.svg").write_text(picture.svg, encoding="utf-8")
        (folder / CARD_MARKDOWN).write_text(markdown(document), encoding="utf-8")
        (folder / CARD_HTML).write_text(html(document), encoding="utf-8")
        folder.chmod(0o755)
        shutil.rmtree(out, ignore_errors=True)
        folder.rename(out)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
