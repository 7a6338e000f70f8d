"""`minent neural cluster`: parts pictures or words into classes without labels, in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from minent.cli.neural.image_options import PICTURE_OPTIONS, image_options, refuse_pictures, take_pictures
from minent.cli.neural.options import (
    device_option,
    key_of,
    needs,
    quiet_option,
    seed_option,
    share_pairs,
    tell_result,
    threads_option,
    training_options,
    training_settings,
    use_threads,
)
from minent.cli.options import FloatRange, is_given, reading_options
from minent.neural.cluster.settings import (
    CHANGES_OF_PICTURES,
    CHANGES_OF_WORDS,
    ENCODERS,
    RECIPE,
    RECIPES,
    TRAINING,
    ClusterSettings,
)
from minent.neural.settings import TrainingSettings, with_pairs
from minent.neural.words.settings import WordSettings

if TYPE_CHECKING:
    from minent.neural.words.vectors import WordVectors

WORD_CLASSES = 50
HEADS = 2  # further classifiers, of finer classes
SHOWN = 2000  # pictures of which some are shown by class when a training ends
folder_argument = click.argument("folder", metavar="DIR", type=click.Path())


@click.group()
def command() -> None:
    """One-step clustering: a VAE whose prior has a mean for each class (kexue.fm/archives/5887).

    \b
    Examples:  minent neural cluster train --idx mnist -o digits
               minent neural cluster train news.txt --words lexicon.tsv -o classes
    """


@command.command()
@image_options("train")
@click.option(
    "--words", "lexicon", metavar="LEXICON", help="Part words; DATA is text, to which the words of LEXICON belong."
)
@reading_options
@click.option("--classes", type=click.IntRange(1, 1 << 16), metavar="N", help="[default: 10; of words 50]")
@click.option(
    "--recipe",
    type=click.Choice(RECIPES),
    default=RECIPES[0],
    show_default=True,
    help="article: its loss alone, 50 epochs; default: also that other views of an example have its class.",
)
@click.option(
    "--augment/--no-augment",
    default=None,
    help="Change examples a little as they are learned from.  [default: augment; article: not]",
)
@click.option("--network", type=click.Choice(ENCODERS), help="[default: batchnorm; article: conv; of words mlp]")
@training_options("PIL", "matplotlib")
def train(
    lexicon: str | None,
    field: str | None,
    encoding: str,
    errors: str,
    classes: int | None,
    recipe: str,
    augment: bool | None,
    network: str | None,
    output: str,
    resume: bool,
    quiet: bool,
    pairs: tuple[str, ...],
    **options: Any,
) -> None:
    """Learn classes of pictures, or of words. DIR also gets samples.png and members.png, a row a class, and loss.png.

    --set also takes the weights of the loss (reconstruction, warmup_steps, information, evenness, finer, ownership;
    starts), what other views are (nearest, nearest_share, turn, slant, shift, stretch, flip, noise), the model (latent,
    hidden, judge, decoder, heads, fine), and word vectors (words, dim, window).

    \b
    Examples:  minent neural cluster train --idx mnist -o digits
               minent neural cluster train news.txt --words lexicon.tsv -o classes
    """
    from minent.cli.notices import say
    from minent.neural.cluster.model import ClusterConfig
    from minent.neural.cluster.task import FIXED, train_clusters

    kinds = (TrainingSettings, ClusterSettings, WordSettings, ClusterConfig)
    of_training, of_loss, of_vectors, sizes = share_pairs(pairs, *kinds, fixed=FIXED)
    of_words = lexicon is not None
    chosen = "words" if of_words and recipe == "default" else recipe
    for pair in of_loss:
        if key_of(pair) in (CHANGES_OF_PICTURES if of_words else CHANGES_OF_WORDS):
            raise click.UsageError(f"--set {pair} is of {'pictures, not of words' if of_words else 'words alone'}")
    examples: Any
    try:
        choices = RECIPE[chosen] if augment is None else RECIPE[chosen].augmented(augment)
        choices = with_pairs(choices, of_loss)
        vectors = with_pairs(WordSettings(), of_vectors)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    pictures = {name: options.pop(name) for name in PICTURE_OPTIONS}
    settings = training_settings(TRAINING[chosen], of_training, **options)
    reading = {"field": field, "encoding": encoding, "errors": errors}
    if lexicon is not None:
        for name in PICTURE_OPTIONS[1:]:
            if is_given(name):
                raise click.UsageError("options of pictures do not go with --words")
        if network not in (None, "mlp"):
            raise click.UsageError(f"--network {network}: word vectors are no pictures; mlp is for them")
        examples = _vectors(pictures["data"], lexicon, vectors, settings.seed, quiet, reading)
    else:
        for name in reading:
            if is_given(name):
                raise click.UsageError(f"--{name} is of text: it goes with --words")
        if of_vectors:
            raise click.UsageError(f"--set {of_vectors[0]} is of word vectors: it goes with --words")
        examples = take_pictures(pictures, quiet)
    fields = {
        "classes": classes or (WORD_CLASSES if of_words else 10),
        "network": network or ("mlp" if of_words else "conv" if recipe == "article" else "batchnorm"),
        "decoder": "conv" if recipe == "article" and not of_words else "mlp",
        "output": "linear" if of_words else "sigmoid",
        "heads": 0 if recipe == "article" else HEADS,
    }
    try:
        model, result = train_clusters(
            examples,
            output,
            settings,
            choices,
            sizes,
            fields,
            examples.extras() if of_words else None,
            resume=resume,
            report=lambda message: say(message, quiet),
            progress=not quiet,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if not of_words:
        _draw(model, examples, output, settings.seed)
    tell_result(result, output, quiet)


@command.command()
@folder_argument
@image_options("test")
@click.option(
    "--gold", metavar="FILE", help="Of words: a treebank (CoNLL-U), whose parts of speech are the true classes."
)
@click.option(
    "--compare", multiple=True, metavar="TABLE", help="Of words: other classes to judge likewise, `word TAB class`."
)
@click.option("--kmeans", is_flag=True, help="Also the classes of k-means on the pixels, or on the word vectors.")
@seed_option
@device_option
@threads_option
@quiet_option
@needs("PIL")
def evaluate(
    folder: str,
    gold: str | None,
    compare: tuple[str, ...],
    kmeans: bool,
    seed: int,
    device: str,
    threads: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Agreement of the classes with labels, as JSON: majority label, one to one, NMI.

    Shares are of all pictures, or of the words that the treebank has. For majority, each class is called by the label
    that most of it has; for one_to_one no two classes have the same name.

    \b
    Examples:  minent neural cluster evaluate digits --idx mnist --kmeans
               minent neural cluster evaluate classes --gold zh_gsdsimp-ud-dev.conllu
    """
    import json

    from minent.files import atomic_open
    from minent.neural.cluster import load, load_with_words
    from minent.neural.cluster.evaluation import evaluate_pictures, evaluate_words, judge_table
    from minent.neural.device import choose_device
    from minent.neural.words.gold import read_tags

    use_threads(threads)
    if compare and gold is None:
        raise click.UsageError("--compare needs --gold")
    if gold is not None:
        refuse_pictures("--gold judges words")
        tags = read_tags(gold)
        model, vectors = load_with_words(folder, choose_device(device))
        figures = evaluate_words(model, vectors, tags, kmeans, seed)
        for table in compare:
            figures.setdefault("compare", {})[table] = judge_table(table, vectors.words, tags)
    else:
        model = load(folder, choose_device(device))
        if model.config.output == "linear":
            raise click.UsageError(f"{folder} parts words; --gold FILE judges its classes")
        images = take_pictures(options, quiet, model.shape)
        figures = evaluate_pictures(model, images, kmeans, seed)
    with atomic_open("-", "w") as stream:
        stream.write(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")


@command.command()
@folder_argument
@image_options("test")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False), metavar="FILE", help="A PNG file.")
@click.option("--members", is_flag=True, help="Pictures of DATA that are in each class, in the place of drawn ones.")
@click.option("-n", "--count", type=click.IntRange(1, 100), default=10, show_default=True, help="Pictures of a class.")
@click.option(
    "--deviation",
    type=FloatRange(0, 10),
    default=1.0,
    show_default=True,
    help="Of z about the mean of its class; 0 draws the mean.",
)
@seed_option
@device_option
@threads_option
@quiet_option
@needs("PIL")
def sample(
    folder: str,
    output: str,
    members: bool,
    count: int,
    deviation: float,
    seed: int,
    device: str,
    threads: int | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Draw pictures of each class, or show those of DATA that are in it: a row a class.

    \b
    Example:  minent neural cluster sample digits -o drawn.png
    """
    from minent.neural.cluster import load, pictures
    from minent.neural.cluster.task import classify
    from minent.neural.device import choose_device
    from minent.neural.images.grid import save_grid

    if members and is_given("deviation"):
        raise click.UsageError(f"--deviation {deviation:g}: is of drawn pictures, not of --members")
    if not members:
        refuse_pictures("they are read with --members alone")
    use_threads(threads)
    model = load(folder, choose_device(device))
    if model.config.output == "linear":
        raise click.UsageError(f"{folder} parts words; its classes are told by minent neural cluster classes")
    if members:
        images = take_pictures(options, quiet, model.shape)
        save_grid(output, pictures.members(classify(model, images).argmax(1), images, count, seed), count)
    else:
        save_grid(output, pictures.conditional_samples(model, count, seed, deviation), count)


@command.command()
@folder_argument
@click.option("-o", "--output", default="-", show_default=True, type=click.Path(dir_okay=False), metavar="FILE")
@click.option(
    "--least",
    type=FloatRange(0, 1),
    default=0.0,
    show_default=True,
    metavar="P",
    help="Only words that have their class with this probability.",
)
@device_option
@threads_option
@needs()
def classes(folder: str, output: str, least: float, device: str, threads: int | None) -> None:
    """Write the classes of words: `word TAB class` lines, as `minent templates --classes FILE` takes them.

    \b
    Example:  minent neural cluster classes classes -o classes.tsv && minent templates news.txt --classes classes.tsv
    """
    from minent.files import atomic_open
    from minent.neural.cluster import load_with_words
    from minent.neural.cluster.task import classify
    from minent.neural.device import choose_device

    use_threads(threads)
    model, vectors = load_with_words(folder, choose_device(device))
    probs = classify(model, vectors)
    kinds = probs.argmax(1)
    order = sorted(range(len(vectors)), key=lambda place: (kinds[place], place))
    with atomic_open(output, "w") as stream:
        for place in order:
            if probs[place].max() >= least:
                stream.write(f"{vectors.words[place]}\t{kinds[place]}\n")


def _vectors(
    text: tuple[str, ...], lexicon: str, settings: WordSettings, seed: int, quiet: bool, reading: dict[str, Any]
) -> WordVectors:
    """Vectors of the words of a text. UsageError: no text."""
    from minent.cli.lexicons import find_lexicon
    from minent.cli.notices import announce_compilation, say, tell_corpus
    from minent.cli.options import available_cores
    from minent.corpus.sources import Corpus
    from minent.neural.words.vectors import find_vectors
    from minent.segmentation import Segmenter

    if not text:
        raise click.UsageError("--words needs text: name one or more DATA, - for stdin")
    announce_compilation("viterbi", "skipgram", quiet=quiet)
    with Corpus(text, **reading) as corpus:
        found = find_vectors(
            corpus,
            Segmenter(find_lexicon(lexicon, quiet)),
            settings,
            seed=seed,
            jobs=available_cores(),
            progress=not quiet,
        )
    tell_corpus(corpus, found.invalid, quiet)
    say(f"vectors of {len(found):,} words, {settings.dim} numbers each", quiet)
    return found


def _draw(model: Any, images: Any, output: str, seed: int) -> None:
    from pathlib import Path

    from minent.neural.cluster import pictures
    from minent.neural.cluster.task import classify
    from minent.neural.images.grid import save_grid

    save_grid(Path(output) / "samples.png", pictures.conditional_samples(model, 10, seed), 10)
    shown = images.take(range(min(SHOWN, len(images))))
    found = classify(model, shown).argmax(1)
    save_grid(Path(output) / "members.png", pictures.members(found, shown, 10, seed), 10)
