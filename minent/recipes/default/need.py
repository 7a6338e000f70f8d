"""How much memory the default recipe needs: parts that its settings bound, each with its formula."""

from __future__ import annotations

from minent.memory import LEAST_SHARE, READING
from minent.recipes.default.counts import table_size
from minent.recipes.default.settings import DefaultSettings

LEARNED = 80  # bytes a unit of what is learned from at once: ids of its n-grams and their entropies
SAMPLED = 6  # bytes a unit of a sample that is being drawn: units, hashes and lengths of its lines
SHARD = 16  # bytes a unit of a shard that is counted or cut
ROW = 48  # bytes of a row of the table of pairs: itself, as a word model has it, transitions
PLACE = 8  # bytes of a place of a word model in a worker's counts


def survey_memory(settings: DefaultSettings, jobs: int) -> int:
    """Bytes of a survey, beside the counters."""
    return READING + jobs * (SHARD * settings.shard_units + SAMPLED * settings.survey_sample)


def sweep_memory(settings: DefaultSettings, jobs: int) -> int:
    """Bytes of a sweep over the whole text, beside the counters."""
    rows = table_size(settings.most_pairs)
    return READING + ROW * rows + jobs * (SHARD * settings.shard_units + PLACE * rows * 5 // 4)


def least_memory(settings: DefaultSettings, jobs: int, text_bytes: int | None = None) -> int:
    """Bytes that the recipe needs at least. `text_bytes`: size of the text, if known; a unit has 2 bytes or more."""
    units = settings.whole_text if text_bytes is None else text_bytes // 2
    learn = READING + LEARNED * min(settings.whole_text, units)
    if text_bytes is not None and units <= settings.whole_text:
        return max(learn, survey_memory(settings, 1) + LEAST_SHARE)  # one shard or two: workers have nothing to hold
    samples = READING + jobs * (SHARD * settings.shard_units + SAMPLED * settings.samples)
    kinds = READING + 2 * settings.samples + LEARNED * settings.kind_sample
    counting = max(survey_memory(settings, jobs), sweep_memory(settings, jobs)) + 2 * jobs * LEAST_SHARE
    return max(learn, kinds, samples, counting)
