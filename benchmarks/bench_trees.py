"""How good are the trees? Span F1 on a treebank: baselines, the article's score, the parser without each of its parts.

Gold spans are those of `minent evaluate parse`, on UD Chinese GSDSimp dev, on which the decoder's weights were chosen.
The lexicon and the grammar are learned from raw text with `build-lexicon` and `grammar`; `-l` and `-g` name ready ones.

A group of features is left out in two ways: its weights set to zero and the others kept; and the others fitted anew, by
logistic regression on the spans of four fifths of the sentences, for the fifth that is scored (cross-validation).
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from measure import MINENT, report, run_process, table
from numpy.typing import NDArray

import data
from minent.evaluation.trees import SpanScores, TreeScores, evaluate_trees, gold_spans, read_trees
from minent.grammar import Grammar, load_grammar
from minent.parsing import DecoderSettings, Parser
from minent.parsing.blocks import lay_out
from minent.parsing.scores import SpanScorer

TRAINING = ("people_daily_199801.txt", "msra_news.txt", "modern_prose.txt")
TREEBANK = "zh_gsdsimp-ud-dev.conllu"
GROUPS = {  # of weights that are left out together; a product of two features goes with both
    "dependency models": (
        *("mean_yield", "log_yield", "yield_frequent_end", "yield_behind", "yield_medial", "yield_share"),
    ),
    "constituent model": ("constituent",),
    "words that begin or end clauses badly": ("bad_begin", "bad_end", "bad_begin_pair"),
    "words that end clauses well": ("good_end", "frequent_end", "frequent_end_square", "yield_frequent_end"),
    "the word behind": ("next_begin",),
    "class pairs": ("pair_end", "next_pair", "bad_begin_pair"),
    "PMI across the gaps": ("before", "weaker", "yield_behind"),
    "length": ("length", "medial_length", "initial_length", "yield_medial", "yield_share"),
    "products of two features": (
        *("frequent_end_square", "bad_begin_pair", "yield_frequent_end", "yield_behind", "yield_medial", "yield_share"),
    ),
}
FIXED = ("clip", "frequent", "threshold")  # settings that are no weights
FOLDS = 5
RIDGE = 1.0  # of the logistic regression
PROBE = 0.05  # a weight small enough that the logistic function does not round to 1

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spans:
    """Candidate spans of the treebank's blocks, with what each weight would multiply.

    features : float64[m, weights];  is_gold : bool[m];  folds : int64[m], of the sentence
    Spans that punctuation decides are left out.
    """

    features: Floats
    is_gold: NDArray[np.bool_]
    folds: NDArray[np.int64]


class Treebank:
    """Gold trees, and trees over their words scored against them."""

    def __init__(self, path: Path) -> None:
        self.lines = path.read_text(encoding="utf-8").split("\n")
        self.trees = list(read_trees(self.lines))
        self.words = [["".join(word.split()) for word in tree.words] for tree in self.trees]

    def score(self, brackets: Iterable[str]) -> TreeScores:
        return evaluate_trees(self.lines, brackets)

    def parsed(self, parser: Parser) -> TreeScores:
        """Trees over the gold words."""
        return self.score(parser.parse(words).brackets() for words in self.words)

    def parsed_by_fold(self, parsers: Sequence[Parser]) -> TreeScores:
        """The same, sentence k by parser k mod len(parsers)."""
        return self.score(
            parsers[number % len(parsers)].parse(words).brackets() for number, words in enumerate(self.words)
        )

    def spans(self, grammar: Grammar) -> Spans:
        """What a fit needs. The log-odds of a score under one weight alone are that weight times its feature."""
        zero = dict.fromkeys(weight_names(), 0.0)
        scorers = [SpanScorer(grammar, DecoderSettings(**{**zero, name: PROBE})) for name in weight_names()]
        features: list[Floats] = []
        is_gold: list[bool] = []
        folds: list[int] = []
        for number, (tree, words) in enumerate(zip(self.trees, self.words, strict=True)):
            kept = [place for place, mark in enumerate(tree.is_punctuation) if not mark]
            gold = {(kept[a], kept[b - 1]) for a, b in gold_spans(tree)}
            for block in lay_out(words).blocks:
                places, n = block.places, len(block.places)
                free = dataclasses.replace(block, forced=())
                scores = np.stack([scorer.scores([words[p] for p in places], free) for scorer in scorers], axis=-1)
                for a in range(n):
                    for b in range(a + 2, n + 1):
                        if b - a < n and not any(_meets((a, b), span) for span in block.forced):
                            features.append(scores[a, b])
                            is_gold.append((places[a], places[b - 1]) in gold)
                            folds.append(number % FOLDS)
        chances = np.array(features)
        return Spans((np.log(chances) - np.log1p(-chances)) / PROBE, np.array(is_gold), np.array(folds))


def _meets(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two spans are the same, or cross."""
    (a, b), (x, y) = one, other
    return one == other or x < a < y < b or a < x < b < y


def weight_names() -> list[str]:
    """The settings of the decoder that are fitted."""
    return [field.name for field in dataclasses.fields(DecoderSettings) if field.name not in FIXED]


def fit(spans: Spans, without: Sequence[str] = (), fold: int | None = None) -> DecoderSettings:
    """Weights that make the gold spans most likely: logistic regression by Newton's method, all folds but one."""
    names = [name for name in weight_names() if name not in without]
    columns = [weight_names().index(name) for name in names]
    used = spans.folds != fold
    x, y = spans.features[used][:, columns], spans.is_gold[used]
    weights = np.zeros(len(names))
    for _ in range(25):
        p = 1 / (1 + np.exp(-x @ weights))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(len(names))
        weights += np.linalg.solve(hessian, x.T @ (y - p) - RIDGE * weights)
    zero = dict.fromkeys(without, 0.0)
    return DecoderSettings(**zero, **{n: float(w) for n, w in zip(names, weights, strict=True)})


def learn(folder: Path, lexicon: Path | None, grammar: Path | None) -> tuple[Path, Path, str]:
    """The files of lexicon and grammar, and how long they took."""
    texts = [str(data.text(name)) for name in TRAINING]
    told = []
    if lexicon is None:
        lexicon = folder / "lexicon.tsv"
        run = run_process([*MINENT, "build-lexicon", "-j", "1", "-q", "-o", str(lexicon), *texts])
        told.append(f"`build-lexicon` {run.seconds:.0f} s, {run.peak_mb:.0f} MB")
    if grammar is None:
        grammar = folder / "grammar.npz"
        run = run_process([*MINENT, "grammar", "-j", "1", "-q", "-l", str(lexicon), "-o", str(grammar), *texts])
        told.append(
            f"`grammar` {run.seconds:.0f} s, {run.peak_mb:.0f} MB, {grammar.stat().st_size / 1e6:.1f} MB on disk"
        )
    return lexicon, grammar, "; ".join(told)


def article_trees(folder: Path, lexicon: Path, bank: Treebank) -> TreeScores:
    """Trees by the article's score, with templates of the training text."""
    texts = [str(data.text(name)) for name in TRAINING]
    templates, words = folder / "templates.tsv", folder / "words.txt"
    run_process([*MINENT, "templates", "-j", "1", "-q", "-l", str(lexicon), "-o", str(templates), *texts])
    words.write_text("".join(" ".join(line) + "\n" for line in bank.words), encoding="utf-8")
    options = ["--score", "article", "-t", str(templates), "--pretokenized", "--format", "brackets", "-q"]
    return bank.score(run_process([*MINENT, "parse", *options, str(words)]).output.split("\n"))


def raw_trees(folder: Path, lexicon: Path, grammar: Path, bank: Treebank) -> TreeScores:
    """Trees over words that the lexicon cuts."""
    text = folder / "text.txt"
    text.write_text("".join("".join(line) + "\n" for line in bank.words), encoding="utf-8")
    options = ["-l", str(lexicon), "-g", str(grammar), "--format", "brackets", "-q"]
    return bank.score(run_process([*MINENT, "parse", *options, str(text)]).output.split("\n"))


class Rows:
    """Rows of a table, and the figures behind them."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []
        self.figures: dict[str, Any] = {}

    def add(self, name: str, scores: SpanScores, *more: str) -> None:
        low, high = scores.f1_interval or (None, None)
        interval = f"{100 * low:.1f}–{100 * high:.1f}" if low is not None and high is not None else ""
        parts = [f"{100 * value:.1f}" for value in (scores.f1, scores.precision, scores.recall)]
        self.rows.append([name, parts[0], interval, *parts[1:], *more])
        self.figures[name] = scores.to_dict()


def bench(folder: Path, lexicon: Path, grammar_path: Path) -> tuple[str, dict[str, Any]]:
    bank, grammar = Treebank(data.text(TREEBANK)), load_grammar(grammar_path)
    best = bank.parsed(Parser(grammar))
    main = Rows()
    for name, scores in best.baselines.items():
        main.add(name, scores)
    main.add("article's score, templates of the same text", article_trees(folder, lexicon, bank).predicted)
    main.add("**default**", best.predicted)
    raw = raw_trees(folder, lexicon, grammar_path, bank)
    main.add("**default, from raw text**", raw.predicted)
    for name in ("balanced", "blocks, inside balanced"):
        main.add(f"{name}, from raw text", raw.baselines[name])

    spans = bank.spans(grammar)

    def refitted(without: Sequence[str] = ()) -> SpanScores:
        return bank.parsed_by_fold(
            [Parser(grammar, None, fit(spans, without, fold)) for fold in range(FOLDS)]
        ).predicted

    parts = Rows()
    all_again = refitted()
    parts.add("nothing", best.predicted, f"{100 * all_again.f1:.1f}")
    parts.figures["nothing, refitted"] = all_again.to_dict()
    for name, weights in GROUPS.items():
        settings = dataclasses.replace(DecoderSettings(), **dict.fromkeys(weights, 0.0))
        again = refitted(weights)
        parts.add(name, bank.parsed(Parser(grammar, None, settings)).predicted, f"{100 * again.f1:.1f}")
        parts.figures[f"{name}, refitted"] = again.to_dict()

    models = Rows()
    for number, model in enumerate(grammar.dmvs, 1):
        single = dataclasses.replace(grammar, dmvs=(model,))
        models.add(f"model {number} alone, {len(model.root):,} symbols", bank.parsed(Parser(single)).predicted)
    models.add(f"all {len(grammar.dmvs)}", best.predicted)
    for threshold in (0.1, 0.15, 0.25, 0.3, 0.4):
        settings = DecoderSettings(threshold=threshold)
        models.add(f"all, threshold {threshold}", bank.parsed(Parser(grammar, None, settings)).predicted)
    binary = DecoderSettings(threshold=-20.0)
    models.add("all, binary trees in the blocks", bank.parsed(Parser(grammar, None, binary)).predicted)

    head = ["F1", "95 %", "P", "R"]
    found = f"{raw.same_words:,} of the {raw.words:,} gold words are words of the lexicon's cutting."
    body = (
        f"{table(['UD Chinese GSDSimp dev, gold words', *head], main.rows)}\n\n{found}\n\n"
        f"Left out, the other weights kept (F1 to R), or fitted anew and cross-validated (last column):\n\n"
        f"{table(['left out', *head, 'refitted'], parts.rows)}\n\n{table(['models', *head], models.rows)}"
    )
    weights = {name: round(value, 3) for name, value in dataclasses.asdict(fit(spans)).items()}
    figures = {"main": main.figures, "left out": parts.figures, "models": models.figures, "fitted weights": weights}
    return body, figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-l", "--lexicon", type=Path)
    parser.add_argument("-g", "--grammar", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        lexicon, grammar, told = learn(Path(name), options.lexicon, options.grammar)
        body, figures = bench(Path(name), lexicon, grammar)
    report("trees", "Trees", f"{told}\n\n{body}" if told else body, figures)


if __name__ == "__main__":
    main()
