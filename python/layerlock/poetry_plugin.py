"""The Poetry plugin: `poetry layer COMMAND` is `layerlock COMMAND`, with the same arguments.

Poetry imports this module each time it starts, so it imports only what Poetry has loaded.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

try:
    from poetry.console.commands.command import Command
    from poetry.plugins.application_plugin import ApplicationPlugin
except ImportError as error:
    raise ImportError(
        "layerlock.poetry_plugin is a plugin of Poetry 1.8 or newer, and has to be in"
        " Poetry's own environment: run `poetry self add layerlock`"
    ) from error

if TYPE_CHECKING:
    from typing import Sequence

    from poetry.console.application import Application

#: The word after `poetry`.
NAME = "layer"

#: Poetry's options that have a value, by each of their names.
_VALUES = {"-C": "-C", "--directory": "-C", "-P": "-P", "--project": "-P"}

#: What Poetry's flags before `layer` are called here. Of the others layerlock needs none:
#: it never asks anything.
_FLAGS = {
    "-q": "--quiet",
    "--quiet": "--quiet",
    "-v": "--verbose",
    "-vv": "--verbose",
    "-vvv": "--verbose",
    "--verbose": "--verbose",
    "--ansi": "--color=always",
    "--no-ansi": "--color=never",
    "--no-cache": "--no-cache",
}

#: The commands that do not have `--no-cache`.
_WITHOUT_CACHE = ("cache", "completions", "help", "init")


class LayerCommand(Command):
    """`poetry layer`, as `poetry list` and `poetry help` show it.

    A Poetry that was started on a command line runs none of this, see `LayerlockPlugin`.
    """

    name = NAME
    description = "Builds and publishes serverless layers from the lock (layerlock)."
    help = (
        "<info>poetry layer</info> takes the commands and arguments of layerlock, for example"
        " <info>poetry layer build --layer web</info>."
        " <info>poetry layer --help</info> lists them."
    )

    def configure(self) -> None:
        """Leave all arguments to layerlock."""
        self.ignore_validation_errors()
        super().configure()

    def handle(self) -> int:
        """Run layerlock for a program that runs Poetry's application by itself."""
        import subprocess

        tokens = list(getattr(self.io.input, "_tokens", []))
        arguments = translate(tokens, changed_directory=_changes_directory(self.application))
        return subprocess.call([_binary(), *(arguments or [])])


class LayerlockPlugin(ApplicationPlugin):
    """What Poetry loads."""

    def activate(self, application: Application) -> None:
        """Add the command; become layerlock if it is the one that was typed.

        By the time a command of Poetry runs, Poetry has taken `-h`, `-V` and `-q` for its
        own, wherever they stand, and refused all options that it does not know.
        """
        application.command_loader.register_factory(NAME, LayerCommand)
        typed = sys.argv[1:]
        parsed = getattr(getattr(application, "_io", None), "input", None)
        if NAME not in getattr(parsed, "_tokens", ()):
            return
        arguments = translate(typed, changed_directory=_changes_directory(application))
        if arguments is not None:
            from layerlock._become import become

            become([_binary(), *arguments])


def translate(typed: Sequence[str], *, changed_directory: bool) -> list[str] | None:
    """Return the arguments of layerlock; None if this is another command of Poetry.

    `typed` is what follows `poetry`. `changed_directory` says that Poetry itself went to the
    directory of `-C`, wherever that stands.
    """
    own, rest = _until_command(typed)
    if rest[:2] == ["help", NAME]:
        rest = [NAME, *rest[2:], "--help"]
    if rest[:1] != [NAME]:
        return None
    rest = rest[1:]
    if changed_directory:
        rest = _without(rest, "-C")

    first: list[str] = []
    last: list[str] = []
    for option, value in own:
        if value is None:
            flag = _FLAGS.get(option)
            if flag == "--no-cache":
                command, _ = _command(rest)
                if command and command not in _WITHOUT_CACHE and flag not in rest:
                    last = [flag]
            elif flag and flag not in first:
                first.append(flag)
        elif not (option == "-C" and changed_directory) and not _has(rest, option):
            # Of several, Poetry takes the last.
            first = [*_without(first, option), option, value]
    return [*first, *rest, *last]


def _until_command(typed: Sequence[str]) -> tuple[list[tuple[str, str | None]], list[str]]:
    """Split into Poetry's own options, with their values, and what begins with a command."""
    own: list[tuple[str, str | None]] = []
    rest = list(typed)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        if word == "--":
            break
        option, value = _split(word)
        if option is None:
            own.extend((flag, None) for flag in _separate(word))
            continue
        if value is None:
            if not rest:
                break
            value = rest.pop(0)
        own.append((option, value))
    return own, rest


def _split(word: str) -> tuple[str | None, str | None]:
    """Return the option that the word is, and the value in the same word."""
    if word in _VALUES:
        return _VALUES[word], None
    name, equals, value = word.partition("=")
    if equals and name.startswith("--") and name in _VALUES:
        return _VALUES[name], value
    if word[:2] in _VALUES and not word.startswith("--"):
        return _VALUES[word[:2]], word[2:]
    return None, None


def _separate(word: str) -> list[str]:
    """Separate flags that are typed as one word: `-nq` is `-n -q`."""
    if word.startswith("--") or word in _FLAGS:
        return [word]
    return ["-" + letter for letter in word[1:]]


def _without(words: Sequence[str], option: str) -> list[str]:
    """Return the words without an option and its value."""
    kept: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*kept, word, *rest]
        found, value = _split(word)
        if found != option:
            kept.append(word)
        elif value is None and rest:
            rest.pop(0)
    return kept


def _has(words: Sequence[str], option: str) -> bool:
    return len(_without(words, option)) != len(words)


def _command(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """Return the command of layerlock, and what follows it."""
    _, rest = _until_command(words)
    return (rest[0], rest[1:]) if rest else (None, [])


def _changes_directory(application: object) -> bool:
    """Whether this Poetry changes to the directory of `-C`: 1.8 only looks for the project there."""
    major = str(getattr(application, "version", "")).partition(".")[0]
    return major.isdigit() and int(major) >= 2


def _binary() -> str:
    import shutil

    from layerlock import find_layerlock_bin

    try:
        return find_layerlock_bin()
    except FileNotFoundError as error:
        found = shutil.which("layerlock")
        if found is None:
            sys.exit(
                f"error: {error}\nhint: install it again with `poetry self add layerlock`, or put"
                " layerlock on PATH"
            )
        return found
