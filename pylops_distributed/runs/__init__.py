"""Runs as people look at them: open, list, compare, plot, report, export, verify, prune."""
