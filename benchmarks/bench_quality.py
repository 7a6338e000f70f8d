"""How good are the mined lexicons? SIGHAN 2005 word F1, open and transductive, and the words themselves.

Every figure comes from the commands that users run: `build-lexicon`, `segment`, `evaluate`. Open: no text of the test
set is in the corpus. Transductive: the raw test text is added to it. No setting differs between test sets. The plain
lexicon, in the unigram segmenter, unless the unknown-word model is named. With `--quick`, one seed and small texts.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from measure import MINENT, Run, report, run_process, table

import data

SETS = ("pku", "msr")
NEWS: tuple[str, ...] = ("people_daily_199801.txt", "msra_news.txt")
UNLIKE: tuple[str, ...] = ("laws.txt", "modern_prose.txt", "dotnet_docs.txt")
CORPORA: dict[str, Sequence[str]] = {
    "People's Daily (5.5 MB)": NEWS[:1],
    "news: People's Daily + MSRA (12.5 MB)": NEWS,
    "laws (58 MB)": UNLIKE[:1],
    "news + laws, prose, docs (194 MB)": NEWS + UNLIKE,
}
SEEDS = (0, 1, 2)
LISTS = ("jieba_dict.txt", "cc_cedict_simplified.txt")


def build(names: Sequence[Path], lexicon: Path, recipe: str, seed: int) -> Run:
    """Mine a lexicon with one worker."""
    options = ["--recipe", recipe, "--seed", str(seed), "-j", "1", "-q", "-o", str(lexicon)]
    return run_process([*MINENT, "build-lexicon", *options, *map(str, names)])


def scores_of(lexicon: Path, test: str, folder: Path, *options: str) -> dict[str, float]:
    """P, R, F1 of a test set cut with a lexicon, in points."""
    cut = folder / f"{test}.cut"
    text = str(data.text(f"{test}_test.utf8"))
    run_process([*MINENT, "segment", "-l", str(lexicon), "-q", "-o", str(cut), *options, text])
    words = str(data.text(f"{test}_training_words.utf8"))
    gold = str(data.text(f"{test}_test_gold.utf8"))
    command = [*MINENT, "evaluate", "segmentation", gold, str(cut), "--words", words, "--json"]
    found = json.loads(run_process(command).output)
    return {key: 100 * found["overall"][key] for key in ("precision", "recall", "f1", "oov_recall", "iv_recall")}


def lexicon_scores(lexicon: Path) -> list[str]:
    """Precision at 1k, 5k, 20k and junk rate against jieba's dictionary and CC-CEDICT."""
    lists = [option for name in LISTS for option in ("--reference", str(data.text(name)))]
    found = json.loads(run_process([*MINENT, "evaluate", "lexicon", str(lexicon), *lists, "--json"]).output)
    cells = [f"{100 * cut['precision']:.1f}" for cut in found["cuts"]]
    cells += [""] * (5 - len(cells))
    junk = found["cuts"][-1]["junk_rate"]
    return [*cells, "" if junk is None else f"{100 * junk:.1f}"]


def mean(values: Sequence[float]) -> str:
    """Mean of some seeds, with the range where there is one."""
    middle = f"{statistics.mean(values):.2f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.2f}–{max(values):.2f})"


def bench(corpora: dict[str, Sequence[str]], seeds: Sequence[int], folder: Path) -> tuple[str, list[dict[str, object]]]:
    """The table of F1 and that of the lexicons; large texts with one seed, and open only."""
    rows, words, figures = [], [], []
    for title, names in corpora.items():
        is_large = names in (UNLIKE[:1], NEWS + UNLIKE)
        for recipe in ("plain", "cohesion", "default"):
            for setting in ("open",) if is_large else ("open", "transductive"):
                used = seeds if recipe == "default" and not is_large else seeds[:1]
                f1: dict[str, list[float]] = {test: [] for test in SETS}
                with_model: dict[str, list[float]] = {test: [] for test in SETS}
                seconds, peak, size = [], [], []
                lexicon = folder / "lexicon.tsv"
                for seed in used:
                    for test in SETS:
                        texts = [data.text(name) for name in names]
                        if setting == "transductive":
                            texts.append(data.text(f"{test}_test.utf8"))
                        if setting == "transductive" or test == SETS[0]:
                            run = build(texts, lexicon, recipe, seed)
                            seconds.append(run.seconds)
                            peak.append(run.peak_mb)
                            size.append(lexicon.read_bytes().count(b"\n"))
                        f1[test].append(scores_of(lexicon, test, folder, "--no-unknown-model")["f1"])
                        if lexicon.with_suffix(".model.npz").exists():
                            with_model[test].append(scores_of(lexicon, test, folder)["f1"])
                if setting == "open":
                    words.append([title, recipe, *lexicon_scores(lexicon)])
                cost = [f"{statistics.mean(size):,.0f}", f"{statistics.mean(seconds):.1f}", f"{max(peak):.0f}"]
                rows.append([title, recipe, setting, *(mean(f1[test]) for test in SETS), *cost])
                if with_model[SETS[0]]:
                    name = f"{recipe}, unknown-word model"
                    rows.append([title, name, setting, *(mean(with_model[test]) for test in SETS), "", "", ""])
                figures.append(
                    {
                        **{"corpus": title, "recipe": recipe, "setting": setting, "f1": f1, "with_model": with_model},
                        **{"seconds": seconds, "peak_mb": peak, "words": size},
                    }
                )
                print(rows[-1], file=sys.stderr, flush=True)
    head = ["text", "recipe", "setting", "PKU F1", "MSR F1", "words", "seconds", "peak MB"]
    lexicon_head = ["text", "recipe", "P@1k", "P@5k", "P@20k", "P@50k", "P all", "junk"]
    body = f"{table(head, rows)}\n\nLexicons against jieba's dictionary ∪ CC-CEDICT, in %:\n\n"
    return body + table(lexicon_head, words), figures


def main() -> None:
    quick = "--quick" in sys.argv
    corpora = dict(list(CORPORA.items())[:2]) if quick else CORPORA
    with tempfile.TemporaryDirectory() as folder:
        body, figures = bench(corpora, SEEDS[:1] if quick else SEEDS, Path(folder))
    report("quality", "Quality of lexicons", body, figures)


if __name__ == "__main__":
    main()
