"""The locks of a project: what a cache of its packages is kept by, and where a package stands."""

from __future__ import annotations

import hashlib
import os
import re
from typing import Iterator, List, Optional, Tuple

#: The locks that layerlock reads, by the pattern of their names, in the order in which it looks
#: for them; and the pattern of the line that names a package.
_NAME_OF_TOML = re.compile(r'^name = "([^"]+)"\s*$')
_KINDS = (
    (re.compile(r"poetry\.lock"), _NAME_OF_TOML),
    (re.compile(r"uv\.lock"), _NAME_OF_TOML),
    (re.compile(r"pylock\.(?:[^.]+\.)?toml"), _NAME_OF_TOML),
    (
        re.compile(r".*requirements.*\.txt"),
        re.compile(r"^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?:===?|@\s)"),
    ),
    (
        re.compile(r"package-lock\.json|npm-shrinkwrap\.json"),
        re.compile(r'^\s*"(?:[^"]*/)?node_modules/((?:@[^"/]+/)?[^"/]+)": \{\s*$'),
    ),
    # Maven's, where a jar has no line of its own.
    (re.compile(r"lockfile\.json"), None),
)

#: Directories with what others made: environments, packages, builds.
_MADE = {"node_modules", "__pycache__", "dist", "build", "target", "lambda_dependencies", "cdk.out"}


def directory_of(project: str) -> str:
    """Return the directory of a project, which may be named by a file in it."""
    return os.path.dirname(project) or "." if os.path.isfile(project) else project


def normalized(name: str) -> str:
    """Return a package's name as all locks are taken to write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def digest(project: str, root: str) -> Optional[str]:
    """Return a hash of all locks that a build of the project may read; None without any.

    Those are the ones in the project's directory and below it, and those of a workspace that it
    is a member of, which are in a directory above it, up to `root`.
    """
    base = os.path.realpath(directory_of(project))
    hashed = hashlib.sha256()
    found = False
    for path in (*_above(base, root), *_below(base)):
        try:
            with open(path, "rb") as file:
                content = hashlib.sha256(file.read()).hexdigest()
        except OSError:
            # The build says what is wrong.
            continue
        found = True
        # Where it is counts from the project: two members of a workspace have one lock, other
        # packages, and so a cache each.
        hashed.update(f"{content} {_from(base, path)}\n".encode("utf-8", "surrogateescape"))
    hashed.update(_from(root, base).encode("utf-8", "surrogateescape"))
    return hashed.hexdigest() if found else None


def places(project: str, root: str) -> Iterator[Tuple[str, str, int]]:
    """Give each package's normalized name, its lock and its line there, the first lock first."""
    base = os.path.realpath(directory_of(project))
    own = (os.path.join(base, name) for name in _locks(_names(base)))
    for path in (*own, *_above(base, root)):
        pattern = _line_of(os.path.basename(path))
        try:
            with open(path, encoding="utf-8") as lock:
                for number, line in enumerate(lock, start=1):
                    name = pattern.match(line) if pattern else None
                    if name:
                        yield normalized(name.group(1)), path, number
        except (OSError, UnicodeDecodeError):
            continue


def _from(directory: str, path: str) -> str:
    try:
        path = os.path.relpath(path, directory)
    except ValueError:
        # Two drives of Windows.
        pass
    return path.replace(os.sep, "/")


def _line_of(name: str) -> Optional["re.Pattern[str]"]:
    lines = (line for pattern, line in _KINDS if pattern.fullmatch(name))
    return next(lines, None)


def _locks(names: List[str]) -> List[str]:
    """Return those of the names that are a lock's, in the order of the kinds."""
    return [name for pattern, _ in _KINDS for name in sorted(names) if pattern.fullmatch(name)]


def _names(directory: str) -> List[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _above(base: str, root: str) -> Iterator[str]:
    """Give the locks in the directories above one, the nearest first, up to the root."""
    directory, root = base, os.path.realpath(root)
    while directory != root and directory.startswith(os.path.join(root, "")):
        directory = os.path.dirname(directory)
        yield from (os.path.join(directory, name) for name in _locks(_names(directory)))


def _below(base: str) -> Iterator[str]:
    """Give the locks in a directory and below it."""
    for directory, directories, names in os.walk(base):
        directories[:] = sorted(
            name
            for name in directories
            if not (name in _MADE or name.startswith("."))
            and not os.path.exists(os.path.join(directory, name, "pyvenv.cfg"))
        )
        yield from (os.path.join(directory, name) for name in _locks(names))
