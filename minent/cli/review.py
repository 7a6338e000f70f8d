"""`minent review`: a lexicon in, a page on this machine where somebody judges its words, decisions out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from minent.cli.options import reading_options, run_options

if TYPE_CHECKING:
    from minent.corpus.encodings import Errors
    from minent.corpus.sources import Corpus
    from minent.lexicon import Lexicon
    from minent.review import Contexts

NEAREST = "decisions.tsv"


@click.command()
@click.argument("lexicon", required=False)
@click.argument("corpus", nargs=-1, metavar="[CORPUS]...")
@reading_options
@click.option("-g", "--grammar", metavar="FILE", help="Parse the sentence that is tried by this grammar.")
@click.option(
    "--decisions",
    multiple=True,
    metavar="FILE",
    help="Where decisions are, and go; of several, the last one is written.  [default: ./decisions.tsv]",
)
@click.option("--by", metavar="NAME", help="Who decides.  [default: the name of your account]")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default="any", help="Of 127.0.0.1.")
@click.option("--no-browser", is_flag=True, help="Print the address only.")
@run_options
def command(
    lexicon: str | None,
    corpus: tuple[str, ...],
    field: str | None,
    encoding: str,
    errors: Errors,
    grammar: str | None,
    decisions: tuple[str, ...],
    by: str | None,
    port: int,
    no_browser: bool,
    jobs: int,
    temp_dir: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Go through the words of a lexicon in a browser: keep, drop, or fix the boundaries of each, by keyboard.

    LEXICON is ./lexicon.tsv if not given, or the built-in one. CORPUS is the text to show words in, best the one that
    the lexicon is from. Every decision is saved at once; `minent build-lexicon --decisions FILE` obeys them. The
    address that is printed holds a key and can be opened on this machine only. Ctrl-C ends the review.

    \b
    Example:  minent review lexicon.tsv novel.txt -g grammar.npz
    """
    from minent.review import Contexts, DecisionFile, Review, require_libraries, serve

    require_libraries()
    from contextlib import ExitStack

    from minent.cli.lexicons import find_lexicon
    from minent.cli.notices import announce_compilation, say, tell_conflicts, tell_corpus
    from minent.corpus.sources import Corpus
    from minent.decisions import lexicon_fingerprint
    from minent.files import display_path, refuse_overwrite
    from minent.grammar import load_grammar

    if grammar:
        announce_compilation("dmv", "chart", quiet=quiet)
    words = find_lexicon(lexicon, quiet, with_model=False)
    *others, target = decisions or (NEAREST,)
    with ExitStack() as stack:
        source = None
        if corpus:
            reading = {"encoding": encoding, "errors": errors, "field": field, "temp_dir": temp_dir}
            source = stack.enter_context(Corpus(corpus, **reading))  # type: ignore[arg-type]
        named = [name for name in (lexicon, grammar) if name]
        refuse_overwrite(target, [*named, *others, *(source.files if source else [])])
        fingerprint = lexicon_fingerprint(words)
        file = DecisionFile(target, others, fingerprint)
        tell_conflicts(file.decisions.conflicts, quiet)
        if file.strange:
            say("some decisions were made for another lexicon; they hold for the words of this one too", quiet)
        contexts = None
        if source is not None:
            whole_runs = words.settings.get("units", "run") == "run"
            contexts = Contexts(source, whole_runs=whole_runs, progress=not quiet)
            tell_corpus(source, contexts.watch.report(), quiet)
        review = Review(
            words,
            file,
            by=_account() if by is None else by,
            contexts=contexts,
            grammar=load_grammar(grammar) if grammar else None,
            explain=_explainer(words, source, jobs) if source is not None else None,
        )
        about = {
            "title": display_path(lexicon) if lexicon else "lexicon",
            "lexicon": f"{len(words):,} words",
            "decisions": display_path(target),
            "by": review.by,
            "text": _described(contexts),
        }

        def ready(address: str, once: str) -> None:
            click.echo(address)
            say(f"decisions in {display_path(target)}: {len(file.decisions):,}; Ctrl-C ends the review", quiet)
            if not no_browser:
                _open(once)

        try:
            serve(review, about, port, ready)
        except KeyboardInterrupt:  # the way to end it
            pass
    say(f"decisions in {display_path(target)}: {len(file.decisions):,}", quiet)


def _explainer(lexicon: Lexicon, corpus: Corpus, jobs: int) -> Callable[[str], str]:
    """A function that explains a word."""

    def explained(word: str) -> str:
        from minent.explanation import explain, rendered

        (found,) = explain(word, lexicon, corpus, contexts=0, jobs=jobs)
        return rendered(found)

    return explained


def _described(contexts: Contexts | None) -> str:
    """What the page says of the text."""
    if contexts is None:
        return "without a corpus: no contexts and no explanations"
    whole = "of text" if contexts.is_whole else "are where contexts come from, the first of the text"
    return f"{contexts.characters:,} characters {whole}"


def _account() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        return ""


def _open(address: str) -> None:
    """Show an address in the browser, which may take as long as it likes."""
    import threading
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
