"""`minent parse`: lines in, trees of nested spans out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import click

from minent.cli.options import corpus_options, output_option, run_options

if TYPE_CHECKING:
    from minent.corpus.encodings import Errors
    from minent.parsing import ParseTree

NEAREST = {"default": "grammar.npz", "article": "templates.tsv"}  # what each score reads where nothing is named

BATCH = 20_000  # characters that a worker parses at once: a third of a second
ALONE = 8  # batches that are parsed before workers start: to start one takes as long

Form = Literal["tree", "brackets", "json", "svg"]
Score = Literal["default", "article"]
Batch = tuple[int, list[str]]  # number of the first line, and the lines


@click.command()
@corpus_options
@click.option("-l", "--lexicon", metavar="FILE", help="The words.  [default: ./lexicon.tsv, else the built-in lexicon]")
@click.option("-g", "--grammar", metavar="FILE", help="The grammar.  [default: ./grammar.npz]")
@click.option("-t", "--templates", metavar="FILE", help="The templates of --score article.  [default: ./templates.tsv]")
@click.option(
    "--score",
    type=click.Choice(("default", "article")),
    default="default",
    show_default=True,
    help="Spans by a grammar, or templates by their probability.",
)
@output_option("-", "Where the trees go.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("tree", "brackets", "json", "svg")),
    default="tree",
    show_default=True,
    help="A drawing in text; one line with brackets; a JSON object a line; one picture of all trees.",
)
@click.option("--pretokenized", is_flag=True, help="Lines have their words, and their marks, separated by spaces.")
@click.option("--nbest", type=click.IntRange(min=1), metavar="K", help="The K best trees: line number, score, tree.")
@click.option("--scores", is_flag=True, help="Show the score of every span; not with brackets.")
@run_options
def command(
    corpus: tuple[str, ...],
    field: str | None,
    encoding: str,
    errors: Errors,
    lexicon: str | None,
    grammar: str | None,
    templates: str | None,
    score: Score,
    output: str,
    form: Form,
    pretokenized: bool,
    nbest: int | None,
    scores: bool,
    jobs: int,
    temp_dir: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Parse lines into nested spans, by a grammar that was learned from raw text.

    Each line gives one tree: each of its spans is a main template, whose slots hold words or spans again.

    \b
    Example:  echo 雪梨和苹果的颜色是什么 | minent parse -g grammar.npz
    """
    if scores and form == "brackets":
        raise click.UsageError("--format brackets has no room for --scores; try --format json")
    if nbest is not None and form == "svg":
        raise click.UsageError("--format svg has no room for --nbest; try --format tree")
    if score == "article" and nbest is not None:
        raise click.UsageError("--nbest needs the default score")
    option, maker = ("-g", "grammar") if score == "default" else ("-t", "templates")
    model = (grammar if score == "default" else templates) or NEAREST[score]
    if model == NEAREST[score] and not os.path.isfile(model):
        raise click.UsageError(f"there is no ./{model}: name one with {option}, or make it with minent {maker}")
    from minent.cli.notices import announce_compilation, tell_corpus

    announce_compilation(*(("dmv", "chart") if score == "default" else ("template_chart",)), quiet=quiet)
    from minent.cli.lexicons import NEAREST as NEAREST_LEXICON
    from minent.corpus.sources import Corpus
    from minent.engines.processes import map_in_processes
    from minent.files import atomic_open, refuse_overwrite
    from minent.parsing.svg import trees_svg
    from minent.segmentation.stream import Watch, lines

    with Corpus(corpus, encoding=encoding, errors=errors, field=field, temp_dir=temp_dir) as source:
        refuse_overwrite(output, [*source.files, model, lexicon or NEAREST_LEXICON])
        task = _Task(model, score, lexicon, pretokenized, form, nbest, scores)
        parse = task.parser(quiet)
        watch = Watch(source)

        def texts() -> Iterator[str]:
            for line in lines(source, once=True):
                yield watch.decode(line.data.tobytes(), line.path, line.offset)

        with atomic_open(output, "wb") as file:
            if form == "svg":
                file.write(trees_svg(tree for text in texts() for _, tree in parse(text)).encode("utf-8", "replace"))
            else:
                written = map_in_processes(task.writer(parse), task.writer, _batches(texts()), jobs, ALONE)
                with closing(written):
                    file.writelines(written)
        invalid = watch.report()
    tell_corpus(source, invalid, quiet)


@dataclass(frozen=True)
class _Task:
    """What every worker does with lines; can be pickled. Fields: the options of the command."""

    model: str
    score: Score
    lexicon: str | None
    pretokenized: bool
    form: Form
    nbest: int | None
    scores: bool

    def parser(self, quiet: bool = True) -> Callable[[str], list[tuple[float, ParseTree]]]:
        """Read grammar and lexicon; gives a function from a line to its trees with their totals."""
        from minent.cli.lexicons import find_lexicon
        from minent.grammar import load_grammar
        from minent.parsing import Parser
        from minent.segmentation import Segmenter
        from minent.templates import load_templates

        segmenter = None if self.pretokenized else Segmenter(find_lexicon(self.lexicon, quiet))
        model = load_grammar(self.model) if self.score == "default" else load_templates(self.model)
        parser = Parser(model, segmenter)

        def parse(text: str) -> list[tuple[float, ParseTree]]:
            given = text.split() if self.pretokenized else text
            return parser.nbest(given, self.nbest) if self.nbest else [(0.0, parser.parse(given))]

        return parse

    def writer(self, parse: Callable[[str], list[tuple[float, ParseTree]]] | None = None) -> Callable[[Batch], bytes]:
        """A function from lines to what is written of them; it has its own parser if none is given."""
        from minent.segmentation.stream import INVALID

        parse = parse or self.parser()

        def write(batch: Batch) -> bytes:
            first, texts = batch
            parts = []
            for number, text in enumerate(texts, first):
                for total, tree in parse(text):
                    found = _written(tree, self.form, self.scores, (number, total) if self.nbest else None)
                    if self.form == "json":
                        found = INVALID.sub("\ufffd", found)
                    parts.append((found + "\n").encode("utf-8", "surrogateescape"))
            return b"".join(parts)

        return write


def _batches(texts: Iterator[str]) -> Iterator[Batch]:
    first, size, batch = 1, 0, []
    for number, text in enumerate(texts, 1):
        batch.append(text)
        size += len(text) + 1
        if size >= BATCH:
            yield first, batch
            first, size, batch = number + 1, 0, []
    if batch:
        yield first, batch


def _written(tree: ParseTree, form: Form, scores: bool, rank: tuple[int, float] | None) -> str:
    """One tree; `rank` is the number of its line and its score, if they are asked for."""
    if form == "json":
        found = tree.to_json(scores)
        return json.dumps({"line": rank[0], "total": round(rank[1], 4), **found} if rank else found, ensure_ascii=False)
    head = f"{rank[0]}\t{rank[1]:.4f}\t" if rank else ""
    if form == "brackets":
        return head + tree.brackets()
    return (head.rstrip("\t") + "\n" if head else "") + tree.drawing(scores) + "\n"
