"""What does the neural segmenter add to its lexicon? SIGHAN 2005 word F1, open and transductive, time and size.

Every figure comes from the commands that users run, with their defaults: `build-lexicon` makes the lexicon, `neural
segment train` learns from the same text, `cut` cuts the test text, `lexicon` adds new words to the lexicon, which
`segment` uses. Open: no text of the test set is in the corpus. Transductive: the raw test text is added to it. What was
built before is used again; `--again` begins anew, `--seeds N` takes fewer seeds, `--threads N` is of PyTorch.
"""

from __future__ import annotations

import itertools
import json
import shutil
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from measure import MINENT, report, run_process, table

import data
from minent.lexicon import load_lexicon, read_words

NEURAL = [*MINENT, "neural", "segment"]
SETS = {"pku": "PKU", "msr": "MSR"}
NEWS = ("people_daily_199801.txt", "msra_news.txt")
FOLDER = data.SCRATCH / "neural_segment"
NAMES = {
    "built": "lexicon",
    "with all words cut once": "once",
    "with new words": "found",
    "with sure new words": "sure",
}
SURE = -3.0  # nats: odds of 20 to 1 against a boundary
LISTS = ("jieba_dict.txt", "cc_cedict_simplified.txt")
METHODS = {
    "lexicon": "lexicon, `minent segment`",
    "model": "lexicon with its unknown-word model, `minent segment`",
    "once": "lexicon with all words cut once, `build-lexicon --min-count 1`",
    "neural": "lexicon, its unknown-word model and taggers, `neural segment cut`",
    "found": "lexicon with the words of `neural segment lexicon`, `minent segment`",
    "sure": f"the same, `--below {SURE:g}`",
}


def kept(path: Path, command: Sequence[str]) -> dict[str, Any]:
    """What a command took, which makes a file or folder; it runs where that is not there yet."""
    note = path.with_name(path.name + ".json")
    if not note.exists():
        run = run_process(command)
        print(run.output, file=sys.stderr)
        taken = {key: value for key, value in asdict(run).items() if key != "output"}
        note.write_text(json.dumps(taken), encoding="utf-8")
    found: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
    return found


def scores(cut: Path, test: str) -> dict[str, Any]:
    """What `minent evaluate segmentation` says; unknown are words that the official training text has not."""
    gold, words = (str(data.text(f"{test}_{name}.utf8")) for name in ("test_gold", "training_words"))
    command = [*MINENT, "evaluate", "segmentation", gold, str(cut), "--words", words, "--json"]
    found: dict[str, Any] = json.loads(run_process(command).output)["overall"]
    return found


def judged(folder: Path, seed: int, test: str, texts: Sequence[Path], threads: list[str]) -> dict[str, Any]:
    """The scores of a test set by every method, and what the building took."""
    folder.mkdir(parents=True, exist_ok=True)
    names = list(map(str, texts))
    lexicon, once, found, sure = (folder / f"{name}.tsv" for name in NAMES.values())
    model = folder / "segmenter"
    text = str(data.text(f"{test}_test.utf8"))
    options = ["-q", "--seed", str(seed)]
    figures: dict[str, Any] = {
        "build": kept(lexicon, [*MINENT, "build-lexicon", *names, "-o", str(lexicon), "-j", "1", *options]),
        "build once": kept(
            once, [*MINENT, "build-lexicon", *names, "-o", str(once), "-j", "1", "--min-count", "1", *options]
        ),
        "train": kept(model, [*NEURAL, "train", *names, "-l", str(lexicon), "-o", str(model), *options[1:], *threads]),
        "mine": kept(found, [*NEURAL, "lexicon", str(model), *names, "-o", str(found), *threads]),
        "mine sure": kept(
            sure, [*NEURAL, "lexicon", str(model), *names, "-o", str(sure), "--below", f"{SURE:g}", *threads]
        ),
    }
    cut = folder / f"{test}.cut"
    for method, command in {
        "lexicon": ["segment", "-l", str(lexicon), "--no-unknown-model"],
        "model": ["segment", "-l", str(lexicon)],
        "neural": ["neural", "segment", "cut", str(model), *threads],
        "once": ["segment", "-l", str(once), "--no-unknown-model"],
        "found": ["segment", "-l", str(found)],
        "sure": ["segment", "-l", str(sure)],
    }.items():
        run_process([*MINENT, *command, text, "-o", str(cut), "-q"])
        figures[method] = scores(cut, test)
    return figures


def points(values: Sequence[float]) -> str:
    """A mean in points, with the range of several seeds."""
    middle = f"{100 * statistics.mean(values):.2f}"
    return middle if len(values) == 1 else f"{middle} ({100 * min(values):.2f}–{100 * max(values):.2f})"


def lexicon_row(lexicon: Path) -> list[str]:
    """Words, precision at 1k, 5k, 20k and 50k, and junk rate, against jieba's dictionary and CC-CEDICT."""
    lists = [option for name in LISTS for option in ("--reference", str(data.text(name)))]
    found = json.loads(run_process([*MINENT, "evaluate", "lexicon", str(lexicon), *lists, "--json"]).output)
    cuts = [f"{100 * cut['precision']:.1f}" for cut in found["cuts"]]
    cells = [*cuts[:-1], *[""] * (5 - len(cuts)), cuts[-1]]
    words = lexicon.read_text(encoding="utf-8").count("\n")
    return [f"{words:,}", *cells, f"{100 * found['cuts'][-1]['junk_rate']:.1f}"]


def odds_rows(lexicon: Path) -> list[list[str]]:
    """Of words cut once to four times: how many have log-odds in each range, and how many of these the lists have."""
    words = load_lexicon(lexicon, with_model=False)
    lists = read_words([data.text(name) for name in LISTS])
    counts, odds = words.counts.tolist(), words.columns["boundary_odds"]
    rows = []
    for low, high in ((1, 1), (2, 2), (3, 4)):
        row = [f"{low}–{high}" if high > low else str(low)]
        for first, last in itertools.pairwise((-100, -5, -3, -1, 0, 100)):
            inside = [
                word in lists
                for word, count, nats in zip(words.words, counts, odds, strict=True)
                if low <= count <= high and nats and first <= float(nats) < last and word.isalpha()
            ]
            row.append(f"{100 * statistics.mean(inside):.1f} of {len(inside):,}" if inside else "")
        rows.append(row)
    return rows


def main(arguments: list[str]) -> None:
    """Build, train, cut, tell."""
    if "--again" in arguments:
        shutil.rmtree(FOLDER, ignore_errors=True)
    threads = arguments[arguments.index("--threads") :][:2] if "--threads" in arguments else []
    seeds = range(int(arguments[arguments.index("--seeds") + 1]) if "--seeds" in arguments else 3)
    settings = ("open",) if "--open" in arguments else ("open", "transductive")
    news = [data.text(name) for name in NEWS]
    rows, figures = [], []
    for setting in settings:
        used = seeds if setting == "open" else seeds[:1]
        found: dict[tuple[str, int], dict[str, Any]] = {}
        for seed in used:
            for test in SETS:
                texts = news if setting == "open" else [*news, data.text(f"{test}_test.utf8")]
                folder = FOLDER / (f"open-{seed}" if setting == "open" else f"{test}-{seed}")
                found[test, seed] = judged(folder, seed, test, texts, threads)
                figures.append({"setting": setting, "seed": seed, "test": test, **found[test, seed]})
        for method, title in METHODS.items():
            cells = []
            for test in SETS:
                each = [found[test, seed][method] for seed in used]
                low, high = each[0]["f1_interval"]
                cells.append(points([one["f1"] for one in each]) + f" [{100 * low:.2f}, {100 * high:.2f}]")
                cells += [points([one[key] for one in each]) for key in ("iv_recall", "oov_recall")]
            rows.append([setting, title, *cells])
    head = ["setting", "cut by"]
    head += [f"{name} {what}" for name in SETS.values() for what in ("F1", "recall, known", "recall, unknown")]
    body = (
        "News: People's Daily 1998-01 + MSRA (12.5 MB). In points: mean of seeds (range), [95 % bootstrap of the first "
    )
    body += (
        f"seed]. Options: {' '.join(arguments) or 'none'}. Known: words of the official training text.\n\n"
        + table(head, rows)
        + "\n\n"
    )
    first = FOLDER / "open-0"
    speed = speed_of(first / "segmenter", news[0], threads)
    training, mining = figures[0]["train"], figures[0]["mine"]
    size = (first / "segmenter" / "model.safetensors").stat().st_size
    body += f"Training: {training['cpu'] / 60:.1f} min of processor time, peak {training['peak_mb']:.0f} MB; "
    body += f"weights {size / 1e6:.1f} MB. New words of the corpus: {mining['cpu'] / 60:.1f} min. "
    body += f"Cutting: {speed:.2f} MB/s of processor time.\n\n"
    rows = [[name, *lexicon_row(first / f"{file}.tsv")] for name, file in NAMES.items()]
    body += "Lexicons of seed 0 against jieba's dictionary ∪ CC-CEDICT, in %:\n\n"
    body += table(["lexicon", "words", "P@1k", "P@5k", "P@20k", "P@50k", "P all", "junk"], rows)
    body += "\n\nWords of the lexicon with new words, without numbers, cut once to four times: share (%) that jieba's "
    body += "dictionary or CC-CEDICT has, by their `boundary_odds`:\n\n"
    head = ["cut", "below −5", "−5 to −3", "−3 to −1", "−1 to 0", "0 or more"]
    body += table(head, odds_rows(first / "found.tsv"))
    report("neural_segment", "Neural segmenter", body, {"scores": figures, "mb_per_second": speed})


def speed_of(model: Path, text: Path, threads: list[str]) -> float:
    """MB of text a second of processor time, start-up taken off."""
    command = [*NEURAL, "cut", str(model), "-o", str(FOLDER / "speed.cut"), "-q", *threads]
    small = FOLDER / "small.txt"
    small.write_text("今天天气真好\n", encoding="utf-8")
    start, whole = (run_process([*command, str(path)]) for path in (small, text))
    return text.stat().st_size / 1e6 / (whole.cpu - start.cpu)


if __name__ == "__main__":
    main(sys.argv[1:])
