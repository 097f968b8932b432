"""What `ticketyard train` prints at its end."""

from pathlib import Path

from rich.table import Table

from understanding.manifest.bands import Bands
from understanding.manifest.manifest import SEVERAL, BundleManifest, EncoderInfo


def summary_of(manifest: BundleManifest, out: Path) -> Table:
    """Return a table of what was trained, how it does, and what to try next."""
    table = Table(title=f"Model {manifest.version}", show_header=False, title_justify="left")
    table.add_row("folder", str(out))
    table.add_row("labels", str(len(manifest.labels)))
    table.add_row(
        "rows", f"{manifest.rows.train} train, {manifest.rows.val} validation, {manifest.rows.test} test"
    )
    table.add_row("encoder", _encoder(manifest.encoder))
    table.add_row("threshold", f"{manifest.threshold:.4f}")
    if (found := manifest.validation) is not None:
        table.add_row(
            "validation",
            f"accuracy {found.accuracy:.4f}, encoder decides {found.encoder_share:.0%} "
            f"(alone: first tier {found.ngrams_accuracy:.4f}, encoder {found.encoder_accuracy:.4f})",
        )
    table.add_row("answers", _answers(manifest))
    table.add_row("bands", _bands(manifest.bands))
    if manifest.test is not None:
        table.add_row("test", f"accuracy {manifest.test.accuracy:.4f}, macro-F1 {manifest.test.macro_f1:.4f}")
    if (out / "card").exists():
        table.add_row("model card", str(out / "card" / "card.html"))
    table.add_row("try it", f"ticketyard triage --bundle {out} 'my invoice is wrong'")
    return table


def _answers(manifest: BundleManifest) -> str:
    found = manifest.validation
    if SEVERAL not in manifest.files:
        return "one intent a text"
    return "all intents of a text" + (f", micro-F1 {found.micro_f1:.4f}" if found and found.micro_f1 else "")


def _encoder(encoder: EncoderInfo) -> str:
    read = f", read the rows {encoder.epochs:g} times" if encoder.epochs else ""
    note = f" ({encoder.note})" if encoder.note else ""
    return f"{encoder.name}, {encoder.training}{read}, {encoder.precision}{note}"


def _bands(bands: Bands | None) -> str:
    if bands is None:
        return "none, so nothing is rejected: validation rows are too few, or right too seldom"
    rules = bands.rules
    learnt = (
        ("high", bands.high_confidence, rules.high_accuracy),
        ("medium", bands.medium_confidence, rules.medium_accuracy),
    )
    return ", ".join(
        f"{name} from confidence {least:.4f}"
        if least is not None
        else f"no {name} band: no confidence reaches accuracy {accuracy:g}"
        for name, least, accuracy in learnt
    )
