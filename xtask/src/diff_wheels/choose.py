"""What pip would take of each release for each target, and all wheels of the release.

Reads a JSON file, {"releases": ["name==version", ...], "targets": [{"python": "3.12",
"platforms": [...]}, ...]}, and prints, for each release, {"files": [{"file", "sha256"},
...], "choices": [file or null for each target]}. The choices are those of pip's own
finder, with the index and the settings that pip finds on this machine.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

from pip._internal.commands import create_command
from pip._internal.index.collector import LinkCollector, parse_links
from pip._internal.index.package_finder import PackageFinder
from pip._internal.models.format_control import FormatControl
from pip._internal.models.link import Link
from pip._internal.models.selection_prefs import SelectionPreferences
from pip._internal.models.target_python import TargetPython
from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import InvalidWheelFilename, parse_wheel_filename

WHEELS_ALONE = FormatControl(no_binary=set(), only_binary={":all:"})


class Pages(LinkCollector):
    """Every page is fetched once."""

    def fetch_response(self, location):
        pages = self.__dict__.setdefault("pages", {})
        if location.url not in pages:
            pages[location.url] = super().fetch_response(location)
        return pages[location.url]


def finder(pages, target_python):
    preferences = SelectionPreferences(allow_yanked=True, format_control=WHEELS_ALONE)
    return PackageFinder.create(pages, preferences, target_python=target_python)


def is_wheel_of(link, requirement):
    try:
        _, version, _, _ = parse_wheel_filename(link.filename)
    except InvalidWheelFilename:
        return False
    return requirement.specifier.contains(version, prereleases=True)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        asked = json.load(file)
    command = create_command("download")
    options, _ = command.parse_args(["nothing"])
    session = command._build_session(options)
    pages = Pages.create(session, options=options)

    finders = []
    for target in asked["targets"]:
        version = tuple(int(part) for part in target["python"].split("."))
        # As `--python-version 3.12 --implementation cp --platform ...` sets it up.
        python = TargetPython(
            platforms=target["platforms"], py_version_info=version, implementation="cp"
        )
        finders.append(finder(pages, python))

    def answer(release):
        requirement = Requirement(release)
        files = []
        for url in pages.search_scope.get_index_urls_locations(requirement.name):
            for link in parse_links(pages.fetch_response(Link(url))):
                if is_wheel_of(link, requirement):
                    sha256 = link.hash if link.hash_name == "sha256" else None
                    files.append({"file": link.filename, "sha256": sha256})
        choices = []
        for one in finders:
            best = one.find_best_candidate(requirement.name, requirement.specifier).best_candidate
            choices.append(best and best.link.filename)
        return {"files": files, "choices": choices}

    with ThreadPoolExecutor(8) as pool:
        json.dump(list(pool.map(answer, asked["releases"])), sys.stdout)


main()
