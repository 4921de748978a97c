"""What a requirements file of `uv export` installs for a target.

Reads a JSON array of {"text", "python", "machine"} from the file named first, and prints
an array of sorted [name, version or location] pairs for each.
"""

import json
import re
import sys

from pip._vendor.packaging.markers import Marker
from pip._vendor.packaging.utils import canonicalize_name


def environment(python, machine):
    return {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "sys_platform": "linux",
        "extra": "",
    }


def requirement(line):
    """The name and what is installed of it: a version, or where it lies."""
    if line.startswith("-e "):
        return ["", line[3:]]
    if " @ " in line:
        name, location = line.split(" @ ", 1)
        return [canonicalize_name(name.split("[")[0]), location.strip()]
    if "==" in line:
        name, version = line.split("==", 1)
        return [canonicalize_name(name.split("[")[0]), version.strip()]
    return ["", line]


def installed(text, python, machine):
    found = []
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith(("#", "--")):
            continue
        line, _, marker = line.partition(" ; ")
        if marker and not Marker(marker).evaluate(environment(python, machine)):
            continue
        found.append(requirement(line.strip()))
    return sorted(found)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        jobs = json.load(file)
    print(json.dumps([installed(**job) for job in jobs]))


if __name__ == "__main__":
    main()
