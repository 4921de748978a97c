"""Compares pairs of requirements files by what they mean.

Reads a JSON file, [{"ours": ..., "theirs": ..., "python": ...}, ...], and prints
[{"differences": [...], "changes": [...]}, ...]. A difference is one of meaning:
a requirement, a hash, an option or a marker. A change is a line of the diff.

Markers are evaluated, by `packaging`, over Python 3.8 to 3.14 x linux, darwin, win32 x
architectures x CPython, PyPy. `python`, for exports of Poetry 1.1, limits the environments
to the project's constraint, which that Poetry does not print; null takes them all.
"""

import difflib
import functools
import itertools
import json
import re
import sys

from packaging.markers import Marker
from poetry.core.constraints.version import Version, parse_constraint

MINORS = range(8, 15)
PLATFORMS = {
    "linux": ("posix", "Linux"),
    "darwin": ("posix", "Darwin"),
    "win32": ("nt", "Windows"),
}
# The names that Windows and macOS have for the two architectures are there as well.
MACHINES = ("x86_64", "aarch64", "AMD64", "arm64")
IMPLEMENTATIONS = {"CPython": "cpython", "PyPy": "pypy"}


@functools.cache
def pythons(named):
    """The full versions to try: of each minor one the first, a late one, and those named
    in the markers with their neighbours."""
    versions = {(minor, patch) for minor in MINORS for patch in (0, 30)}
    for minor, patch in named:
        versions |= {(minor, p) for p in (patch - 1, patch, patch + 1) if p >= 0}
    return sorted(v for v in versions if v[0] in MINORS)


@functools.cache
def environments(versions, constraint):
    allowed = parse_constraint(constraint) if constraint else None
    found = []
    for (minor, patch), platform, machine, implementation in itertools.product(
        versions, PLATFORMS, MACHINES, IMPLEMENTATIONS
    ):
        full = f"3.{minor}.{patch}"
        if allowed is not None and not allowed.allows(Version.parse(full)):
            continue
        os_name, system = PLATFORMS[platform]
        found.append(
            {
                "python_version": f"3.{minor}",
                "python_full_version": full,
                "sys_platform": platform,
                "os_name": os_name,
                "platform_system": system,
                "platform_machine": machine,
                "platform_python_implementation": implementation,
                "implementation_name": IMPLEMENTATIONS[implementation],
                "implementation_version": full,
                "platform_release": "5.10.0",
                "platform_version": "1",
                "extra": "",
            }
        )
    return found


@functools.cache
def truths(marker, versions, constraint):
    """In which environments a marker holds, as the bits of a number."""
    if not marker:
        return (1 << len(environments(versions, constraint))) - 1
    marker = Marker(marker)
    bits = 0
    for index, environment in enumerate(environments(versions, constraint)):
        bits |= marker.evaluate(environment) << index
    return bits


def named_alike(requirement, with_extras):
    """The requirement with its name as PEP 503 writes it."""
    name, extras, rest = re.fullmatch(r"([\w.-]*)(\[[^]]*\])?(.*)", requirement).groups()
    return re.sub(r"[-_.]+", "-", name).lower() + (with_extras and extras or "") + rest


def read(text, with_extras):
    """The options of a requirements file, and its requirements: {(requirement, hashes): markers}."""
    options, requirements = [], {}
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("--"):
            options.append(line)
            continue
        requirement, *hashes = re.split(r"\s+--hash=", line.strip())
        requirement, _, marker = (part.strip() for part in re.split(r"(\s;\s|;\s|$)", requirement, maxsplit=1))
        if not requirement.startswith("-e "):
            requirement = named_alike(requirement, with_extras)
        key = (requirement, tuple(sorted(set(hashes))))
        requirements.setdefault(key, []).append(marker)
    return options, requirements


def differences(ours, theirs, constraint):
    named = re.findall(r"\b3\.(\d+)\.(\d+)\b", "\n".join(re.findall(r";.*", ours + "\n" + theirs)))
    versions = tuple(pythons(frozenset((int(minor), int(patch)) for minor, patch in named)))
    # Poetry 1.1 prints no extras: the packages that they bring are there all the same.
    our_options, our_lines = read(ours, with_extras=not constraint)
    their_options, their_lines = read(theirs, with_extras=not constraint)
    if our_options != their_options:
        yield f"options: ours are {our_options}, Poetry's are {their_options}"
    for key in their_lines.keys() - our_lines.keys():
        yield f"missing: {describe(key, their_lines[key])}"
    for key in our_lines.keys() - their_lines.keys():
        yield f"too much: {describe(key, our_lines[key])}"
    for key in our_lines.keys() & their_lines.keys():
        our, their = (
            functools.reduce(int.__or__, (truths(m, versions, constraint) for m in lines[key]))
            for lines in (our_lines, their_lines)
        )
        if our != their:
            where = environments(versions, constraint)
            wrong = (our ^ their).bit_length() - 1
            facts = ("python_full_version", "sys_platform", "platform_machine", "platform_python_implementation")
            place = " ".join(where[wrong][fact] for fact in facts)
            holds = "ours holds" if our >> wrong & 1 else "Poetry's holds"
            yield (
                f"marker of {key[0]}: ours is {our_lines[key]}, Poetry's is "
                f"{their_lines[key]}; on {place} only {holds}"
            )


def describe(key, markers):
    requirement, hashes = key
    return f"{requirement} ; {' | '.join(markers)} ({len(hashes)} hashes)"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        pairs = json.load(file)
    answers = []
    for pair in pairs:
        ours, theirs = pair["ours"], pair["theirs"]
        lines = difflib.unified_diff(theirs.splitlines(), ours.splitlines(), lineterm="", n=0)
        changes = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
        found = sorted(differences(ours, theirs, pair["python"]))
        answers.append({"differences": found, "changes": changes})
    json.dump(answers, sys.stdout)


main()
