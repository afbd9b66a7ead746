"""Prefect servers: embedded in a command, or long-running."""
