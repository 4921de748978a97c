"""Writes markers as Poetry writes them into a lock: a JSON list of texts in a file to a
list of texts; null for one that always or never holds, which no lock has."""

import json
import sys

from poetry.core.version.markers import parse_marker


def canonical(text):
    marker = parse_marker(text)
    return None if marker.is_any() or marker.is_empty() else str(marker)


with open(sys.argv[1], encoding="utf-8") as file:
    json.dump([canonical(text) for text in json.load(file)], sys.stdout)
