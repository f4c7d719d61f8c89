"""Prometheus's text format, read simply: the check's own reader, so that it does not trust the product's."""

import re

_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def samples(text: str) -> dict[tuple[str, frozenset], float]:
    """Value by (name, labels)."""
    found = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        series, value = line.rsplit(" ", 1)
        name, _, rest = series.partition("{")
        labels = frozenset(
            (key, re.sub(r'\\[\\"n]', lambda match: _ESCAPES[match.group()], text)) for key, text in _LABEL.findall(rest))
        found[name, labels] = float(value)
    return found
