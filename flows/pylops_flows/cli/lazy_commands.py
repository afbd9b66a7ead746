"""Commands that are imported when they are called: ``pld --help`` imports none of them."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from pylops_flows.cli.console import report_errors


class CommandEntry(NamedTuple):
    """One line of the table of commands.

    Attributes
    ----------
    location : str
        ``"module:function"`` below ``pylops_flows.cli.commands``.
    panel : str
        Heading in ``pld --help``.
    help : str
        First line of the function's docstring.
    """

    location: str
    panel: str
    help: str

    def load(self) -> Callable[..., None]:
        """Import the function of the command."""
        module, _, function = self.location.partition(":")
        command: Callable[..., None] = getattr(import_module(f"pylops_flows.cli.commands.{module}"), function)
        return command


class LazyCommand(TyperCommand):
    """A command that shows its help in the list of commands, and imports its function when it is called.

    Parameters
    ----------
    name : str
        Name of the command.
    entry : CommandEntry
        Its line in the table.
    """

    def __init__(self, name: str, entry: CommandEntry) -> None:
        super().__init__(name, help=entry.help, rich_help_panel=entry.panel, rich_markup_mode="rich")
        self.entry = entry

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Parse the arguments of the function itself."""
        one = typer.Typer(add_completion=False, rich_markup_mode="rich")
        one.command(self.name)(report_errors(self.entry.load()))
        return typer.main.get_command(one).make_context(info_name, args, parent, **extra)


def lazy_group(table: dict[str, CommandEntry]) -> type[TyperGroup]:
    """Return the class of a group whose commands are those of a table, in its order."""

    class LazyGroup(TyperGroup):
        """Commands of the table."""

        def __init__(self, **options: Any) -> None:
            super().__init__(**options | {"commands": {n: LazyCommand(n, e) for n, e in table.items()}})

        def list_commands(self, ctx: object) -> list[str]:
            """Return the names of the commands, in the order of the table."""
            return list(self.commands)

    return LazyGroup
