"""Which file of each package pip takes from a pylock.toml for a target.

Reads a JSON array of {"pylock", "python", "machine", "platforms"} from the file named
first, and prints an array of {"files": {name: file or null}} or {"error": text}. It is
pip's own selection from a lock, with the tags that its own `--platform` gives.
"""

import json
import sys
import tomllib
from urllib.parse import unquote, urlsplit

from evaluate import environment
from pip._internal.models.target_python import TargetPython
from pip._vendor.packaging.pylock import Pylock, PylockSelectError


def tags(python, platforms):
    version = tuple(int(part) for part in python.split("."))
    target = TargetPython(platforms=platforms, py_version_info=version, implementation="cp")
    return target.get_sorted_tags()


def file_name(source):
    """The name of its file as its URL has it: uv writes another spelling beside that."""
    if not hasattr(source, "filename"):
        # A directory and a repository are no file, and an archive is the only one there is.
        return None
    location = source.url or source.path
    return unquote(urlsplit(location).path.rsplit("/", 1)[-1])


def files(lock, python, machine, platforms):
    lock = Pylock.from_dict(lock)
    chosen = {}
    try:
        for package, source in lock.select(
            environment=environment(f"{python}.99", machine), tags=tags(python, platforms)
        ):
            chosen[package.name] = file_name(source)
    except PylockSelectError as error:
        return {"error": str(error)}
    return {"files": chosen}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        asked = json.load(file)
    lock = tomllib.loads(asked["pylock"])
    print(json.dumps([files(lock, **target) for target in asked["targets"]]))


if __name__ == "__main__":
    main()
