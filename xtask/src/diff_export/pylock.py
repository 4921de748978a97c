"""Compares pylock.toml of `layerlock export` with that of the real plugin.

Takes a JSON file, {"layerlock": binary, "work": directory, "jobs": [{"directory": ...,
"arguments": [...]}, ...]}, and prints a verdict for each job, [{"verdict": ..., "lines":
[...]}, ...]: "bytes" where both give the same, "meaning" where they differ in how markers
are written, "refused" where neither gives any, else "differs".

The URLs of files come from an index, and so that none but this machine is asked, it
is one on 127.0.0.1 that is made up from the lock: each file that the lock names is listed,
with a size and an upload time that follow from its name. Half of the projects have a page
in HTML, which knows neither. Each project is copied to `work`, and the URLs of its
sources replaced by this index's; the default index is this one for both as well.

What is told of itself differs always, and is made the same before the comparison: the name
behind `created-by`, and the default index, for which the plugin has a URL of its own.
"""

import difflib
import hashlib
import html
import http.server
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib

from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr
from pathlib import Path
from urllib.parse import quote, unquote

from cleo.io.inputs.argv_input import ArgvInput
from cleo.io.outputs.buffered_output import BufferedOutput
from packaging.markers import Marker
from poetry.console.application import Application
from poetry.factory import Factory
from poetry.repositories import pypi_repository
from poetry.repositories.legacy_repository import LegacyRepository
from poetry.repositories.repository_pool import RepositoryPool


JSON = "application/vnd.pypi.simple.v1+json"


class Index(http.server.BaseHTTPRequestHandler):
    # Files by project and then by name, with their hashes.
    files = {}
    # Where this process has its own.
    base_url = None
    # Head and body in one piece: in two, each answer waits 40 ms for the first to be
    # acknowledged.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path.endswith(".metadata"):
            return self.answer("text/plain", "Metadata-Version: 2.1\nName: x\nVersion: 1\n")
        if "/simple/" not in self.path:
            return self.send_error(404)
        name = unquote(self.path.rstrip("/").rsplit("/", 1)[1])
        files = self.files.get(name)
        if files is None:
            return self.send_error(404)
        entries = [entry(name, file, hash) for file, hash in sorted(files.items())]
        if digest(name) % 2:
            self.answer("text/html", "".join(map(anchor, entries)))
        else:
            page = {"meta": {"api-version": "1.1"}, "name": name, "files": entries}
            self.answer(JSON, json.dumps(page))

    def answer(self, kind, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    # layerlock asks for many pages at once. Of more connections than wait here some are
    # dropped, and tried again after a second and more.
    request_queue_size = 128

    def handle_error(self, *_):
        # A client that has failed does not wait for the rest.
        pass


def digest(text):
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)


def entry(project, file, hash):
    """A file as the JSON of an index lists it: some without a size or a time, the times
    in the ways that indexes write them."""
    algorithm, value = hash.split(":") if ":" in hash else ("sha256", hash)
    number = digest(file)
    listed = {
        "filename": file,
        # One in three is relative to the page.
        "url": ("../.." if number % 3 == 0 else "") + f"/files/{project}/{quote(file)}",
        "hashes": {algorithm: value},
        "core-metadata": True,
        "requires-python": ">=3.8",
    }
    if number % 5:
        listed["size"] = number % 100_000_000
    second = f"20{number % 20 + 10}-0{number % 9 + 1}-{number % 18 + 10}T0{number % 10}:41:07"
    fraction = ["", ".000000", ".120000", ".123456", ".5"][number // 7 % 5]
    zone = ["Z", "+00:00", "Z", "+02:00", ""][number // 11 % 5]
    if number % 7:
        listed["upload-time"] = second + fraction + zone
    elif number % 2:
        listed["upload-time"] = "yesterday"
    return listed


def anchor(listed):
    ((algorithm, value),) = listed["hashes"].items()
    link = html.escape(f"{listed['url']}#{algorithm}={value}")
    return f'<a href="{link}" data-core-metadata="true">{listed["filename"]}</a><br>\n'


def with_files(lock):
    """The lock with as many files as Poetry gives each kind of package: random projects
    have any number, and the plugin exports none of those."""
    head, *packages = lock.split("[[package]]\n")
    for number, package in enumerate(packages):
        name = re.search('(?m)^name = "(.*)"', package)[1]
        version = re.search('(?m)^version = "(.*)"', package)[1]
        kind = re.search('(?m)^type = "(.*)"', package)
        kind = kind[1] if kind else "legacy"
        empty = "\nfiles = []\n"
        if kind in ("url", "file"):
            package = re.sub("\nfiles = \\[[^\n]+\\]\n", empty, package)
        elif kind != "legacy":
            continue
        file = f"{name}-{version}.tar.gz"
        sha256 = hashlib.sha256(file.encode()).hexdigest()
        files = f'files = [{{file = "{file}", hash = "sha256:{sha256}"}}]'
        packages[number] = package.replace(empty, f"\n{files}\n")
    return "[[package]]\n".join([head, *packages])


def local(directory, work, base_url):
    """A copy of the project whose sources are this index; and the files of its lock."""
    copy = Path(work) / hashlib.sha256(directory.encode()).hexdigest()[:12] / Path(directory).name
    if copy.exists():
        return copy
    shutil.copytree(directory, copy)
    lock = copy / "poetry.lock"
    lock.write_text(with_files(lock.read_text(encoding="utf-8")), encoding="utf-8")
    data = tomllib.loads(lock.read_text(encoding="utf-8"))
    names = set()
    for package in data.get("package", []):
        source = package.get("source", {})
        if source.get("type", "legacy") == "legacy":
            if "url" in source:
                names.add(source["url"])
            files = Index.files.setdefault(re.sub("[-_.]+", "-", package["name"]).lower(), {})
            files.update({file["file"]: file["hash"] for file in package.get("files", [])})
    pyproject = copy / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    locked = lock.read_text(encoding="utf-8")
    for number, name in enumerate(sorted(names, key=len, reverse=True)):
        text = text.replace(name, f"{base_url}/{number}/simple")
        locked = locked.replace(name, f"{base_url}/{number}/simple")
    # Older locks are refused by both before anything is looked up.
    if names and data["metadata"].get("lock-version") == "2.1":
        pyproject.write_text(text, encoding="utf-8")
        hash = Factory().create_poetry(copy).locker._get_content_hash()
        locked = re.sub('content-hash = "[^"]*"', f'content-hash = "{hash}"', locked)
        lock.write_text(locked, encoding="utf-8")
    return copy


def theirs(arguments, default):
    stdout, stderr = BufferedOutput(), BufferedOutput()
    application = Application()
    application.auto_exits(False)
    with redirect_stderr(io.StringIO()):
        code = application.run(ArgvInput(["poetry", *arguments]), stdout, stderr)
    text = stdout.fetch()
    text = text.replace('created-by = "poetry-plugin-export"', 'created-by = "layerlock"')
    # All other indexes are plain HTTP.
    text = re.sub('(?m)^index = "https://.*"$', f'index = "{default}"', text)
    return code, text, stderr.fetch()


def ours(binary, arguments):
    ended = subprocess.run(
        [binary, *arguments], stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8"
    )
    return ended.returncode, ended.stdout, ended.stderr


def verdict(ours, theirs):
    (our_code, our_text, our_error), (their_code, their_text, their_error) = ours, theirs
    if our_code == 0 and their_code == 0:
        lines = difflib.unified_diff(
            their_text.splitlines(), our_text.splitlines(), "plugin", "layerlock", "", "", 0, ""
        )
        if our_text == their_text:
            return "bytes", []
        return "meaning" if same_meaning(our_text, their_text) else "differs", list(lines)
    if their_code != 0 and our_code in range(1, 8):
        return "refused", []
    return "differs", [f"layerlock ends with {our_code}, Poetry with {their_code}:"] + (
        our_error.splitlines()[:4] if our_code else their_error.strip().splitlines()[-4:]
    )


ENVIRONMENTS = [
    {
        "python_version": f"3.{minor}",
        "python_full_version": f"3.{minor}.{patch}",
        "implementation_name": implementation.lower(),
        "platform_python_implementation": implementation,
        "platform_machine": machine,
        **platform,
    }
    for minor, patch, implementation, machine, platform in itertools.product(
        range(8, 16),
        (0, 1, 5),
        ("CPython", "PyPy"),
        ("x86_64", "aarch64", "arm64"),
        (
            {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"},
            {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin"},
            {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"},
        ),
    )
]


def same_meaning(ours, theirs):
    """Whether nothing differs but the texts of markers that hold in the same places."""
    ours, theirs = tomllib.loads(ours), tomllib.loads(theirs)
    for mine, other in zip(ours["packages"], theirs["packages"]):
        markers = [package.pop("marker", "") for package in (mine, other)]
        if markers[0] == markers[1]:
            continue
        if "" in markers:
            return False
        mine, other = map(Marker, markers)
        if any(mine.evaluate(one) != other.evaluate(one) for one in ENVIRONMENTS):
            return False
    return ours == theirs


def start():
    """Gives a process its index, and makes it the default one for both."""
    server = Server(("127.0.0.1", 0), Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Index.base_url = f"http://127.0.0.1:{server.server_port}"

    class Default(LegacyRepository):
        def __init__(self, **options):
            super().__init__("PyPI", f"{Index.base_url}/simple", **options)

    pypi_repository.PyPiRepository = Default
    find = RepositoryPool.repository

    def repository(pool, name):
        # A random project may have no default index and yet packages from there.
        known = pool.has_repository(name)
        return find(pool, name) if known or name.lower() != "pypi" else Default()

    RepositoryPool.repository = repository
    os.environ["PIP_INDEX_URL"] = f"{Index.base_url}/simple/"


def verdicts(jobs):
    """The verdicts on the jobs of one project."""
    return [verdict_of(job) for job in jobs]


def verdict_of(job):
    copy = local(job["directory"], job["work"], Index.base_url)
    os.chdir(copy)
    # Poetry remembers packages by name and version, and random projects have the
    # same ones with other files.
    os.environ["POETRY_CACHE_DIR"] = str(copy.parent / "poetry-cache")
    word, lines = verdict(
        ours(job["layerlock"], job["arguments"]),
        theirs(job["arguments"], f"{Index.base_url}/simple"),
    )
    return {"verdict": word, "lines": lines}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        task = json.load(file)
    # A project's copy and cache are used by one process alone.
    projects = {}
    for number, job in enumerate(task.pop("jobs")):
        projects.setdefault(job["directory"], {})[number] = {**task, **job}
    found = {}
    with ProcessPoolExecutor(os.cpu_count(), initializer=start) as pool:
        answers = pool.map(verdicts, [list(jobs.values()) for jobs in projects.values()])
        for numbers, answer in zip(projects.values(), answers):
            found.update(zip(numbers, answer))
    json.dump([found[number] for number in sorted(found)], sys.stdout)


if __name__ == "__main__":
    main()
