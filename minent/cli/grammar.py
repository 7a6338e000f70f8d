"""`minent grammar`: raw text in, grammar.npz out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from minent.cli.options import corpus_options, output_option, run_options

if TYPE_CHECKING:
    from minent.corpus.encodings import Errors
    from minent.grammar import Piece
    from minent.segmentation import Segmenter
    from minent.segmentation.stream import Watch


@click.command()
@corpus_options
@click.option("-l", "--lexicon", metavar="FILE", help="The words.  [default: ./lexicon.tsv, else the built-in lexicon]")
@output_option("grammar.npz", "Where the grammar goes.")
@click.option("--pretokenized", is_flag=True, help="The text has its words, and its marks, separated by spaces.")
@click.option("--models", type=click.IntRange(min=1), metavar="N", help="Dependency models.  [default: all]")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@run_options
def command(
    corpus: tuple[str, ...],
    field: str | None,
    encoding: str,
    errors: Errors,
    lexicon: str | None,
    output: str,
    pretokenized: bool,
    models: int | None,
    seed: int,
    jobs: int,
    temp_dir: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Learn which words belong together in a clause, from raw text.

    The text is cut into words by a lexicon. The grammar is what `minent parse` needs; some ten million words of the
    kind of text that is to be parsed are enough.

    \b
    Example:  minent grammar news.txt -l lexicon.tsv -o grammar.npz
    """
    from minent.cli.notices import announce_compilation, say, tell_corpus

    announce_compilation("dmv", "ccm", "classes", quiet=quiet)
    import dataclasses
    import time

    from minent.cli.lexicons import NEAREST, find_lexicon
    from minent.corpus.sources import Corpus
    from minent.files import refuse_overwrite
    from minent.grammar import GrammarSettings, Progress, save_grammar, train_grammar
    from minent.progress import status_line
    from minent.segmentation import Segmenter
    from minent.segmentation.stream import Watch

    settings = GrammarSettings(seed=seed)
    settings = dataclasses.replace(settings, models=settings.models[:models])
    began = time.monotonic()
    with Corpus(corpus, encoding=encoding, errors=errors, field=field, temp_dir=temp_dir) as source:
        refuse_overwrite(output, [*source.files, lexicon or NEAREST])
        segmenter = None if pretokenized else Segmenter(find_lexicon(lexicon, quiet))
        with status_line(not quiet) as show:

            def report(progress: Progress) -> None:
                figure = f", {progress.value:.4f} nats a word" if progress.value is not None else ""
                line = f"{progress.stage} {progress.step} of {progress.steps}{figure}"
                show(line)
                if verbose:
                    say(f"{line}  {time.monotonic() - began:.1f} s")

            watch = Watch(source)
            grammar = train_grammar(_segmented(watch, segmenter), settings, jobs, report)
    save_grammar(grammar, output)
    say(f"{grammar.about['words']:,} words of text, {len(grammar.words):,} known", quiet)
    say(f"{len(grammar.dmvs)} dependency models in {output}, {time.monotonic() - began:.0f} s", quiet)
    tell_corpus(source, watch.report(), quiet)


def _segmented(watch: Watch, segmenter: Segmenter | None) -> Iterator[Piece]:
    """The text with spaces between its words, some lines at a time; bytes that are no text are marks."""
    from minent.grammar import Piece

    for shard in watch.corpus.shards():
        text = watch.decode(shard.data.tobytes(), shard.path, shard.offset, "\ufffd")
        if segmenter is not None:
            text = segmenter.cutter.cut(shard.data, b" ").data.tobytes().decode("utf-8", "replace")
        yield Piece(text, shard.path)
