"""``pld hello``: a greeting."""

from __future__ import annotations

import typer


def hello_command(name: str) -> None:
    """Say hello."""
    typer.echo(f"hello {name}")
