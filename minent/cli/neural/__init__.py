"""`minent neural`: models in PyTorch; the group imports a model's commands when they are named, and no PyTorch."""

from __future__ import annotations

from importlib import import_module

import click

MODELS = {  # name: where its commands are, and what `minent neural --help` says of it
    "segment": ("minent.cli.neural.segment:command", "A segmenter that learns from raw text and a lexicon."),
    "couplet": ("minent.cli.neural.couplet:command", "Couplets: a lower line for an upper one."),
    "gpt2": ("minent.cli.neural.gpt2:command", "Chinese GPT-2: convert, train, generate, score text."),
    "vae": ("minent.cli.neural.vae:command", "Variational autoencoders of pictures, under four objectives."),
    "fvae": ("minent.cli.neural.fvae:command", "f-VAE: encoder, decoder and flow in one, or alone, on pictures."),
    "gan": ("minent.cli.neural.gan:command", "GANs of pictures: ten papers as switches of one trainer."),
    "cluster": ("minent.cli.neural.cluster:command", "Classes of pictures or words, without labels."),
}


class LazyModels(click.Group):
    """A group that imports the commands of a model when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(MODELS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in MODELS:
            return None
        module, _, attribute = MODELS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Models"):
            formatter.write_dl([(name, text) for name, (_, text) in MODELS.items()])


@click.command(cls=LazyModels, name="neural", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Neural models in PyTorch: pip install 'minent[neural]'.

    `minent neural MODEL --help` tells what a model can do.

    \b
    Example:  minent neural couplet train pairs.tsv -o couplets
    """
