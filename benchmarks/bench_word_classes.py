"""How like parts of speech are the classes of words of `minent neural cluster`? Beside k-means and exchange clusters.

All see the same newspapers and judge the same words: the most frequent ones of a lexicon that is mined from them. The
true class of a word is the UPOS that it has most often in the development part of the Chinese GSD treebank. Exchange
clusters (Kneser and Ney 1993, the classes of Brown et al. by another search) are those of minent/grammar. Options:
--epochs N, --seeds N, --threads N, --classes N.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from measure import MINENT, report, run_process, table

import data
from minent.corpus.sources import Corpus
from minent.grammar.classes import cluster_words
from minent.grammar.text import FIRST_WORD, UNKNOWN, Text
from minent.lexicon import load_lexicon
from minent.segmentation import Segmenter
from minent.templates.coded import CodedText

CLUSTER = [*MINENT, "neural", "cluster"]
CORPUS = ("people_daily_199801.txt", "msra_news.txt")
GOLD = "zh_gsdsimp-ud-dev.conllu"
SWEEPS = 20
FIGURES = {"majority": "many-to-one", "one_to_one": "one-to-one", "nmi": "V-measure"}


def exchange_table(texts: list[str], lexicon: Path, words: list[str], classes: int, target: Path) -> None:
    """Write the exchange clusters of these words, `word TAB class`."""
    with Corpus(texts) as corpus, CodedText(corpus, Segmenter(load_lexicon(lexicon))) as text:
        places = {word: number for number, word in enumerate(words, start=FIRST_WORD)}
        ids = np.array([places.get(str(word), UNKNOWN) for word in text.words], dtype=np.int32)
        ids[0] = 0
        coded = np.concatenate([np.zeros(1, dtype=np.int32), *(ids[block] for block in text.blocks())])
    coded = coded[np.concatenate([[True], (coded[1:] != 0) | (coded[:-1] != 0)])]  # never two ends in a row
    counts = np.bincount(coded, minlength=len(words) + FIRST_WORD).astype(np.int64)
    found = cluster_words(Text(coded, tuple(words), counts), classes, SWEEPS)[FIRST_WORD:]
    target.write_text("".join(f"{word}\tc{kind}\n" for word, kind in zip(words, found.tolist(), strict=True)))


def option(arguments: list[str], name: str, default: str) -> str:
    """The value behind an option."""
    return arguments[arguments.index(name) + 1] if name in arguments else default


def main(arguments: list[str]) -> None:
    """Train, measure, tell."""
    epochs, classes = option(arguments, "--epochs", "30"), option(arguments, "--classes", "50")
    threads = ["--threads", option(arguments, "--threads", "2")]
    folder = data.SCRATCH / "word_classes"
    folder.mkdir(parents=True, exist_ok=True)
    texts = [str(data.text(name)) for name in CORPUS]
    lexicon = folder / "lexicon.tsv"
    run_process([*MINENT, "build-lexicon", *texts, "-o", str(lexicon)])
    gold = str(data.text(GOLD))
    rows: dict[str, list[dict[str, float]]] = {"minent neural cluster": [], "k-means on its vectors": []}
    seconds = []
    for seed in map(str, range(int(option(arguments, "--seeds", "3")))):
        model = folder / f"seed{seed}"
        train = [*CLUSTER, "train", *texts, "--words", str(lexicon), "--classes", classes, "--epochs", epochs]
        seconds.append(run_process([*train, "--seed", seed, "-o", str(model), *threads]).seconds)
        words = [line.split("\t")[0] for line in (model / "words.tsv").read_text().splitlines()]
        compared = folder / "exchange.tsv"
        if seed == "0":
            exchange_table(texts, lexicon, words, int(classes), compared)
        judge = [*CLUSTER, "evaluate", str(model), "--gold", gold, "--kmeans", "--compare", str(compared), "-q"]
        figures = json.loads(run_process([*judge, "--seed", seed, *threads]).output)
        rows["minent neural cluster"].append(figures)
        rows["k-means on its vectors"].append(figures["kmeans"])
    rows["exchange clusters"] = [next(iter(figures["compare"].values()))]
    body = (
        f"{classes} classes, {epochs} epochs; {figures['judged']:,} of {figures['words']:,} words are in the treebank, "
    )
    body += f"{100 * figures['most_frequent_tag']:.1f} % of them with its most frequent tag.\n\n"
    lines = [
        [name, len(found), *(f"{100 * np.mean([each[key] for each in found]):.1f}" for key in FIGURES)]
        for name, found in rows.items()
    ]
    body += table(["classes", "seeds", *(f"{title}, %" for title in FIGURES.values())], lines)
    report("word_classes", "Classes of words beside parts of speech", body, {"seconds": seconds, "scores": rows})


if __name__ == "__main__":
    main(sys.argv[1:])
