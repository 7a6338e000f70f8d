"""`minent evaluate`: a segmentation, a lexicon or trees compared with a reference."""

from __future__ import annotations

import codecs
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from minent.evaluation import LexiconScores, SegmentationScores, WordScores
    from minent.evaluation.trees import TreeScores


def _encoding(context: click.Context, parameter: click.Parameter, value: str) -> str:
    try:
        return codecs.lookup(value).name
    except LookupError as error:
        raise click.BadParameter(f"{value!r} is no encoding that Python knows") from error


encoding_option = click.option(
    "--encoding",
    default="utf-8",
    show_default=True,
    metavar="NAME",
    callback=_encoding,
    help="Encoding of the texts; a byte order mark is obeyed first.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")


@click.group(name="evaluate", short_help="Compare a segmentation, a lexicon or trees with a reference.")
def command() -> None:
    """Compare a segmentation, a lexicon or trees with a reference.

    \b
    Example:  minent evaluate segmentation gold.txt cut.txt
              minent evaluate lexicon lexicon.tsv --reference dictionary.txt
    """


@command.command()
@click.argument("gold", type=click.Path(allow_dash=True))
@click.argument("predicted", type=click.Path(allow_dash=True))
@click.option(
    "--words", multiple=True, metavar="LIST", help="Known words, as of a training text: gives the OOV recall."
)
@click.option(
    "--errors",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    metavar="N",
    help="Show the N most frequent errors of each kind.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the bootstrap.")
@encoding_option
@json_option
def segmentation(
    gold: str, predicted: str, words: tuple[str, ...], errors: int, seed: int, encoding: str, as_json: bool
) -> None:
    """Precision, recall and F1 of the words in PREDICTED, as the script of SIGHAN 2005 counts them.

    Both files have the same text, line by line, with spaces between words; one of them may be `-`, stdin.
    Punctuation is a word without any letter, digit or Han character.

    \b
    Example:  tr -d ' ' < gold.txt | minent segment -o cut.txt
              minent evaluate segmentation gold.txt cut.txt --words training_words.txt
    """
    from minent.cli.notices import answer
    from minent.evaluation import evaluate_segmentation, read_lines
    from minent.files import display_path
    from minent.lexicon import read_words

    if gold == predicted == "-":
        raise click.UsageError("only one of GOLD and PREDICTED can be stdin")
    scores = evaluate_segmentation(
        read_lines(gold, encoding),
        read_lines(predicted, encoding),
        read_words(words) if words else None,
        gold_name="<stdin>" if gold == "-" else display_path(gold),
        predicted_name="<stdin>" if predicted == "-" else display_path(predicted),
        examples=errors,
        seed=seed,
    )
    answer(_as_json(scores.to_dict()) if as_json else _describe_segmentation(scores))


@command.command()
@click.argument("lexicon")
@click.option("--reference", required=True, multiple=True, metavar="LIST", help="Word list to compare with.")
@click.option("--corpus", multiple=True, metavar="FILE", help="Recall only of reference words that stand in this text.")
@click.option(
    "--function-units",
    type=click.IntRange(min=0),
    metavar="N",
    show_default="20",
    help="Junk begins or ends with one of the N most frequent Han characters of the lexicon.",
)
@click.option(
    "--errors",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    metavar="N",
    help="Show the N most frequent words that are junk, and that no reference has.",
)
@encoding_option
@json_option
def lexicon(
    lexicon: str,
    reference: tuple[str, ...],
    corpus: tuple[str, ...],
    function_units: int | None,
    errors: int,
    encoding: str,
    as_json: bool,
) -> None:
    """Precision, recall and junk rate of the words in LEXICON.

    Judged are words of two units or more without digits. Precision at k is of the k most frequent ones,
    against all references together. Junk is a word that begins or ends with a function unit and that no
    reference has.

    \b
    Example:  minent evaluate lexicon lexicon.tsv --reference dictionary.txt --corpus corpus.txt
    """
    from minent.cli.notices import answer
    from minent.errors import LexiconError
    from minent.evaluation import evaluate_lexicon, occurring_words, read_lines
    from minent.evaluation.lexicon import FUNCTION_UNITS
    from minent.files import display_path
    from minent.lexicon import load_lexicon, read_words

    learned = load_lexicon(lexicon, with_model=False)
    references = {display_path(path): read_words([path]) for path in reference}
    for name, words in ((display_path(lexicon), learned.words), *references.items()):
        if not words:
            raise LexiconError(name, "there is no word in it", "there is nothing to compare")
    occurring = None
    if corpus:
        lines = (line for path in corpus for line in read_lines(path, encoding))
        occurring = occurring_words(set().union(*references.values()), lines)
    scores = evaluate_lexicon(
        zip(learned.words, learned.counts.tolist(), strict=True),
        references,
        function_units=FUNCTION_UNITS if function_units is None else function_units,
        occurring=occurring,
        examples=errors,
    )
    answer(_as_json(scores.to_dict()) if as_json else _describe_lexicon(scores))


def _as_json(scores: dict[str, object]) -> str:
    return json.dumps(scores, ensure_ascii=False, indent=2)


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


@command.command()
@click.argument("gold", type=click.Path(allow_dash=True))
@click.argument("predicted", type=click.Path(allow_dash=True))
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the bootstrap and of the random trees.")
@encoding_option
@json_option
def parse(gold: str, predicted: str, seed: int, encoding: str, as_json: bool) -> None:
    """Precision, recall and F1 of the spans in PREDICTED against GOLD, a treebank in CoNLL-U.

    PREDICTED has a line for each sentence, as `minent parse --format brackets` writes it. Gold spans are the yields of
    dependency subtrees; of both, spans of two words or more and less than the sentence count, without punctuation.
    The words may differ from those of the treebank: spans are compared by characters.

    \b
    Example:  sed -n 's/^# text = //p' gold.conllu | minent parse --format brackets -o trees.txt
              minent evaluate parse gold.conllu trees.txt
    """
    from minent.cli.notices import answer
    from minent.evaluation import read_lines
    from minent.evaluation.trees import evaluate_trees
    from minent.files import display_path

    if gold == predicted == "-":
        raise click.UsageError("only one of GOLD and PREDICTED can be stdin")
    scores = evaluate_trees(
        read_lines(gold, encoding),
        read_lines(predicted, encoding),
        gold_name="<stdin>" if gold == "-" else display_path(gold),
        predicted_name="<stdin>" if predicted == "-" else display_path(predicted),
        seed=seed,
    )
    answer(_as_json(scores.to_dict()) if as_json else _describe_trees(scores))


def _describe_segmentation(scores: SegmentationScores) -> str:
    from minent.evaluation import format_table

    def interval(words: WordScores) -> str:
        return "–".join(map(_ratio, words.f1_interval)) if words.f1_interval else "–"

    columns = (scores.overall, scores.without_punctuation)
    figures = [
        ["", "all words", "without punctuation"],
        ["precision", *(_ratio(words.precision) for words in columns)],
        ["recall", *(_ratio(words.recall) for words in columns)],
        ["F1", *(_ratio(words.f1) for words in columns)],
        ["95 % interval of F1", *(interval(words) for words in columns)],
    ]
    if scores.overall.oov_words is not None:
        figures += [
            ["OOV rate", *(_ratio(words.oov_rate) for words in columns)],
            ["OOV recall", *(_ratio(words.oov_recall) for words in columns)],
            ["in-vocabulary recall", *(_ratio(words.iv_recall) for words in columns)],
        ]
    figures += [
        ["true words", *(f"{words.true_words:,}" for words in columns)],
        ["test words", *(f"{words.test_words:,}" for words in columns)],
        ["correct words", *(f"{words.correct:,}" for words in columns)],
    ]
    changes = [["insertions", "deletions", "substitutions", "nchange"]]
    changes += [[f"{getattr(scores, name):,}" for name in changes[0]]]
    kinds = [["errors", "count", "true words", "test words"]]
    for error in scores.errors:
        kinds.append([error.kind, f"{error.count:,}", f"{error.true_words:,}", f"{error.test_words:,}"])
    parts = [format_table(figures), format_table(changes, left=0), format_table(kinds)]
    parts += [
        _examples(
            f"{error.kind}: gold → predicted",
            [(f"{e.gold} → {e.predicted}", e.count) for e in error.examples],
        )
        for error in scores.errors
        if error.examples
    ]
    return "\n\n".join(parts)


def _describe_lexicon(scores: LexiconScores) -> str:
    from minent.evaluation import format_table

    cuts = [["most frequent", "found", "precision", "junk", "junk rate"]]
    for cut in scores.cuts:
        junk = "–" if cut.junk is None else f"{cut.junk:,}"
        cuts.append([f"{cut.words:,}", f"{cut.found:,}", _ratio(cut.precision), junk, _ratio(cut.junk_rate)])
    recalls = [["reference", "words", "found", "recall"]]
    for recall in scores.recalls:
        recalls.append([recall.name, f"{recall.words:,}", f"{recall.found:,}", _ratio(recall.recall)])
    parts = [
        f"words {scores.words:,}, judged {scores.judged_words:,}",
        format_table(cuts, left=0),
        format_table(recalls),
        f"function units: {' '.join(scores.function_units) or 'none, the counts do not tell'}",
    ]
    both = (("junk", scores.junk_examples), ("in no reference", scores.unknown_examples))
    parts += [_examples(title, examples) for title, examples in both if examples]
    return "\n\n".join(parts)


def _examples(title: str, examples: Sequence[tuple[str, int]]) -> str:
    """A line for each text, behind its count."""
    width = max(len(f"{count:,}") for _, count in examples)
    return "\n".join([title, *(f"{count:>{width},}  {text}" for text, count in examples)])


def _describe_trees(scores: TreeScores) -> str:
    from minent.evaluation import format_table

    rows = [["", "F1", "precision", "recall", "F1 by sentence", "spans"]]
    for name, found in (("predicted", scores.predicted), *scores.baselines.items()):
        figures = (found.f1, found.precision, found.recall, found.sentence_f1)
        rows.append([name, *map(_ratio, figures), f"{found.test_spans:,.0f}"])
    low, high = scores.predicted.f1_interval or (None, None)
    parts = [
        format_table(rows),
        f"95 % interval of F1 {_ratio(low)}–{_ratio(high)}; {scores.predicted.true_spans:,.0f} true spans",
        f"sentences {scores.sentences:,}, words {scores.words:,}, of them also in PREDICTED {scores.same_words:,}",
    ]
    return "\n".join(parts)
