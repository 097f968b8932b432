"""The same records and the same model through ours and what one might use instead, one process each."""

from tests.bench.peers.candidates import BARE, GIVING_WAY, OTHERS, OURS
from tests.bench.peers.race import TEXTS, backlogs, race
from tests.bench.report import Section
from tests.bench.run import BenchRun
from tests.bench.sections.triage import note_ratios, told


def measure(run: BenchRun) -> Section:
    """Let everybody who is installed take turns with a backlog of texts; name who is not."""
    section = Section("peers")
    loads = {TEXTS: backlogs(run)[TEXTS]}
    candidates = [OURS, GIVING_WAY, BARE, *(other for other in OTHERS if other.installed())]
    rates = race(run, candidates, loads, "peers")
    note_ratios(section, rates, loads)
    for candidate in candidates:
        section.told(candidate.what, told(rates[candidate.name, TEXTS], "texts/s"))
    for other in OTHERS:
        if other not in candidates:
            section.told(other.what, f"not measured: it is not installed; `{other.install}` installs it")
    section.notes.append(
        f"a backlog of {len(loads[TEXTS]):,} customers' texts, from its first send to the last answer's arrival at "
        "a reader, by the reader's clock; each was started and warm before"
    )
    section.raw["texts_per_second"] = {name: values for (name, _), values in rates.items()}
    return section
