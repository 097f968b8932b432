"""The sections of a card that say what a model is: in short, the data used, the limits."""

from collections.abc import Iterator

from batch.cards.document import Items, Section, Table, Text
from batch.cards.wording import percent
from schemas.vocabulary import OUT_OF_SCOPE
from understanding.manifest.manifest import BundleManifest, Evaluation

_FEW_ROWS = 300
"""Below so many rows, an accuracy of 90 % is known to about three points only."""


def short_section(manifest: BundleManifest, measured: Evaluation | None, source: str) -> Section:
    """Return the model in a few lines; `source` says which rows it was measured on."""
    encoder = manifest.encoder
    lines = {
        "version": manifest.version,
        "made": f"{manifest.created_at:%Y-%m-%d %H:%M} by Ticketyard {manifest.code_version}",
        "task": f"one of {len(manifest.labels)} intents for a message of a customer, with team, band and priority",
        "tiers": f"word and character n-grams, then {encoder.name} "
        f"({encoder.training}, {encoder.precision}) below a confidence of {manifest.threshold:.3f}",
        "measured on": source if measured else "no test rows: only validation figures, below",
        "accuracy": percent(measured.accuracy) if measured else "-",
    }
    if (found := manifest.validation) is not None:
        lines["validation"] = f"accuracy {percent(found.accuracy)} on {found.n:,} rows" + (
            ", set aside from the training rows and learnt from afterwards" if found.own else ""
        )
    return Section("In short", (Table(("", ""), tuple(lines.items())),))


def data_section(manifest: BundleManifest) -> Section:
    """Return where the model comes from."""
    rows = manifest.rows
    lines = {
        "rows": f"{rows.train:,} learnt from, {rows.val:,} for calibration and thresholds, {rows.test:,} for the test",
        "split": manifest.split_rule,
        "taxonomy": f"version {manifest.taxonomy.version}, sha256 {manifest.taxonomy.sum[:16]}…",
        "seed": str(manifest.seed),
    }
    inputs = Table(
        ("file", "rows", "skipped", "sha256"),
        tuple((one.name, str(one.rows), str(one.skipped), f"{one.sha256[:16]}…") for one in manifest.inputs),
    )
    files = (inputs,) if manifest.inputs else (Text("No labelled file: the taxonomy's own sentences."),)
    return Section("Data used", (*files, Table(("", ""), tuple(lines.items()))))


def limits_section(
    manifest: BundleManifest, measured: Evaluation | None, languages: dict[str, int]
) -> Section:
    """Return what the model must not be trusted with, as far as its own figures tell."""
    return Section("Limits", (Items(tuple(_limits(manifest, measured, languages))),))


def _limits(
    manifest: BundleManifest, measured: Evaluation | None, languages: dict[str, int]
) -> Iterator[str]:
    if measured is None:
        yield "It was measured on no row that it had not seen: do not let it decide before `ticketyard evaluate`."
    elif measured.n < _FEW_ROWS:
        yield f"It was measured on {measured.n} rows only, so every figure here may be off by several points."
    if manifest.bands is None:
        yield "It has no bands: validation gave no evidence for any, so it rejects nothing and sends none to a person."
    elif manifest.bands.high_confidence is None:
        yield "It has no high band: no confidence was shown to be right often enough."
    if OUT_OF_SCOPE not in {label.name for label in manifest.labels}:
        yield "It has learnt no example of what is out of scope, and tells that by how strange a text is alone."
    unmapped = [label.name for label in manifest.labels if not label.mapped and label.name != OUT_OF_SCOPE]
    if unmapped:
        yield f"{len(unmapped)} of its intents are not in the taxonomy; their tickets go to the triage team."
    yield _languages(languages)
    yield "It reads at most 4,000 characters of a message, the encoder 128 tokens of them."
    yield "It says what customers of its data wanted: of another product, season or country it knows nothing."
    yield "Swapped identity terms show only what those English sentences show; they do not prove fairness."


def _languages(languages: dict[str, int]) -> str:
    if not languages:
        return "The languages that it can read are not measured; its encoder has read a hundred."
    most = sorted(languages.items(), key=lambda pair: (-pair[1], pair[0]))[:5]
    named = ", ".join(f"{code} {count:,}" for code, count in most)
    return f"It was measured in these languages (rows): {named}. Of others nothing is known."
