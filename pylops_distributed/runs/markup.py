"""Text of strangers in Markdown: names of runs and variables are shown as they are, and are never markup."""

from __future__ import annotations

import html
import json
import re

_MARKS = re.compile(r"[\\`*_{}\[\]()#+!|~<>&]")
_PLAIN = re.compile(r"[^<>&`|\n]*")


def text(value: object) -> str:
    """A value as text of one line, in a table too."""
    line = " ".join(str(value).split())
    return _MARKS.sub(lambda mark: f"&#{ord(mark[0])};", line) if re.search(r"[<>&`|\[\]\\]", line) else line


def code(value: str) -> str:
    """A value as code, to be copied."""
    if _PLAIN.fullmatch(value):
        return f"`{value}`"
    return f"<code>{_MARKS.sub(lambda mark: f'&#{ord(mark[0])};', ' '.join(value.split()))}</code>"


def opening(place: str) -> str:
    """Lines of Python that open a run, to be pasted."""
    lines = f"import pylops_distributed\nrun = pylops_distributed.open_run({json.dumps(place, ensure_ascii=False)})"
    if _PLAIN.fullmatch(place):
        return f"```python\n{lines}\n```\n"
    return f"<pre><code>{html.escape(lines)}</code></pre>\n"
