"""`minent neural couplet`: learns from couplets, answers upper lines with lower ones, and measures how well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from minent.cli.evaluate import encoding_option
from minent.cli.neural.options import (
    given_lines,
    model_options,
    needs,
    seed_option,
    share_pairs,
    tell_result,
    training_options,
    training_settings,
    use_threads,
)
from minent.cli.options import FloatRange
from minent.neural.couplet.settings import MODELS, RULES, TRAINING, DataSettings, DecodingSettings
from minent.neural.settings import TrainingSettings, with_pairs

if TYPE_CHECKING:
    from minent.neural.couplet.pairs import Pairs

DEFAULTS = DecodingSettings()

data_argument = click.argument("data", nargs=-1, required=True, metavar="DATA...")
lower_option = click.option(
    "--lower",
    "lower",
    multiple=True,
    metavar="FILE",
    help="Lower lines of a DATA that has only upper ones; repeatable.",
)
skip_option = click.option("--skip-wrong", is_flag=True, help="Leave out lines that are no pair, and count them.")
beam_option = click.option(
    "--beam",
    type=click.IntRange(1, 1024),
    default=DEFAULTS.beam,
    show_default=True,
    help="Beginnings kept at each place.",
)
without_option = click.option(
    "--without",
    "without",
    type=click.Choice((*RULES, "all")),
    multiple=True,
    help="Drop a rule of couplets, or all of them; repeatable.  [default: all rules hold]",
)


@click.group()
def command() -> None:
    """Couplets: learns to answer an upper line with a lower one, character by character.

    The rules, each dropped by --without: position (no character of the upper line at its own place), upper (nor at any
    place), repeats (equal characters answer equal ones), marks (punctuation as in the upper line), tones (level answers
    oblique at the ends).

    \b
    Examples:  minent neural couplet train pairs.tsv -o couplets
               minent neural couplet generate couplets 晚风摇树树还挺
    """


@command.command()
@data_argument
@lower_option
@click.option("--exclude", multiple=True, metavar="FILE", help="Learn no pair with a line of this file; repeatable.")
@skip_option
@encoding_option
@click.option(
    "--model", type=click.Choice(MODELS), default=MODELS[0], show_default=True, help="gated-cnn: the article's."
)
@training_options("matplotlib")
def train(
    data: tuple[str, ...],
    lower: tuple[str, ...],
    exclude: tuple[str, ...],
    skip_wrong: bool,
    encoding: str,
    model: str,
    output: str,
    resume: bool,
    quiet: bool,
    pairs: tuple[str, ...],
    **options: Any,
) -> None:
    """Learn from files of lines `upper TAB lower`, or from files of upper lines and, with --lower, of lower ones.

    DIR also gets loss.png. --set also takes the sizes of the model (dim, dropout, …), longest, min_count and held_out.

    \b
    Example:  minent neural couplet train pairs.tsv -o couplets
    """
    from minent.cli.notices import say
    from minent.neural.couplet.learning import FIXED, split_pairs, train_couplets
    from minent.neural.couplet.models import KINDS
    from minent.neural.couplet.pairs import without_lines
    from minent.neural.plot import plot_losses

    config = KINDS[f"couplet-{model}"][0]
    of_training, of_data, sizes = share_pairs(pairs, TrainingSettings, DataSettings, config, fixed=FIXED)
    settings = training_settings(TRAINING[model], of_training, **options)
    try:
        chosen = with_pairs(DataSettings(), of_data)
        found = _read(data, lower, skip_wrong, encoding, quiet)
        used = without_lines(found, exclude, encoding)
        split = split_pairs(used, chosen, settings.seed)
        say(
            f"{len(split.learned):,} pairs to learn from, {len(split.held_out):,} held out, {len(found) - len(used):,} "
            f"excluded, {len(used) - len(split.learned) - len(split.held_out):,} too long",
            quiet,
        )
        result = train_couplets(
            model,
            split,
            output,
            settings,
            chosen,
            sizes,
            resume=resume,
            report=lambda message: say(message, quiet),
            progress=not quiet,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    plot_losses(output)
    tell_result(result, output, quiet)


@command.command()
@model_options
@click.argument("text", nargs=-1, metavar="[TEXT]...")
@click.option(
    "-n", "--nbest", "answers", type=click.IntRange(1, 1024), default=1, show_default=True, help="Lower lines."
)
@beam_option
@click.option(
    "--temperature",
    type=FloatRange(0, 100),
    default=0.0,
    show_default=True,
    help="0: the most probable lines; above: lines drawn at random, 1 as the model has it.",
)
@without_option
@click.option("--scores", is_flag=True, help="A third column: nats of the line under the model.")
@seed_option
@needs("pypinyin")
def generate(
    folder: str,
    text: tuple[str, ...],
    answers: int,
    beam: int,
    temperature: float,
    without: tuple[str, ...],
    scores: bool,
    seed: int,
    device: str,
    threads: int | None,
    quiet: bool,
) -> None:
    """Write lower lines for upper lines, given as arguments or, one a line, on stdin: `upper TAB lower`.

    \b
    Example:  minent neural couplet generate couplets 晚风摇树树还挺 -n 5
    """
    from minent.cli.notices import say
    from minent.errors import CorpusError
    from minent.files import atomic_open
    from minent.neural.couplet import load
    from minent.neural.couplet.decoding import answer_lines
    from minent.neural.couplet.pairs import clean_line
    from minent.neural.device import choose_device

    use_threads(threads)
    settings = _decoding(without, answers=answers, beam=beam, temperature=temperature, seed=seed)
    uppers = []
    for place, line in given_lines(text):
        try:
            uppers.append(clean_line(line))
        except ValueError as error:
            raise CorpusError(place, str(error)) from error
    uppers = [upper for upper in uppers if upper]
    found = answer_lines(load(folder, choose_device(device)), uppers, settings)
    with atomic_open("-", "w") as stream:
        for upper, lowers in zip(uppers, found, strict=True):
            for answer in lowers:
                stream.write(f"{upper}\t{answer.lower}" + (f"\t{answer.log_prob:.4f}" if scores else "") + "\n")
            if not lowers:
                say(f"{upper}: no lower line keeps the rules; --without drops one", quiet)


@command.command()
@model_options
@data_argument
@lower_option
@skip_option
@encoding_option
@beam_option
@without_option
@needs("pypinyin")
def evaluate(
    folder: str,
    data: tuple[str, ...],
    lower: tuple[str, ...],
    skip_wrong: bool,
    encoding: str,
    beam: int,
    without: tuple[str, ...],
    device: str,
    threads: int | None,
    quiet: bool,
) -> None:
    """Perplexity, agreement with the true lower lines, and the share that keeps each rule, as JSON.

    \b
    Example:  minent neural couplet evaluate couplets test_in.txt --lower test_out.txt
    """
    import json

    from minent.files import atomic_open
    from minent.neural.couplet import load
    from minent.neural.couplet.evaluation import evaluate_model
    from minent.neural.device import choose_device
    from minent.progress import progress_bar

    use_threads(threads)
    settings = _decoding(without, beam=beam)
    pairs = _read(data, lower, skip_wrong, encoding, quiet)
    model = load(folder, choose_device(device))
    with progress_bar(2 * len(pairs), "line", "answers", enabled=not quiet) as advance:
        figures = evaluate_model(model, pairs, settings, advance)
    with atomic_open("-", "w") as stream:
        stream.write(json.dumps(figures, indent=2) + "\n")


def _read(data: tuple[str, ...], lower: tuple[str, ...], skip_wrong: bool, encoding: str, quiet: bool) -> Pairs:
    from minent.cli.notices import say
    from minent.neural.couplet.pairs import read_pairs

    try:
        pairs = read_pairs(data, lower, skip_wrong, encoding)
    except ValueError as error:
        raise click.UsageError(f"{error}: --lower as often as DATA, or not at all") from error
    if pairs.wrong.count:
        say(f"{pairs.wrong.count:,} lines left out, the first: {pairs.wrong.first}", quiet)
    return pairs


def _decoding(without: tuple[str, ...], **choices: Any) -> DecodingSettings:
    try:
        rules = tuple(rule for rule in RULES if rule not in without and "all" not in without)
        return DecodingSettings(rules=rules, **choices)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
