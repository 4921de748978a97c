"""What action.yml runs: `python -m layerlock.github prepare|run|prune`, configured by variables.

    LAYERLOCK_ACTION_PROJECT            the directory of the project
    LAYERLOCK_ACTION_ARGUMENTS          arguments of `layerlock build` and `layerlock publish`
    LAYERLOCK_ACTION_PUBLISH            `true`: publish as well
    LAYERLOCK_ACTION_PUBLISH_ARGUMENTS  arguments of `layerlock publish` alone

Errors and findings become annotations, the sizes a table in the job's summary, and ARNs and
paths outputs of the step.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple

from . import _locks
from ._find import find_layerlock_bin
from ._report import LayerlockError, run

#: GitHub's words for severities.
_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def main(arguments: Sequence[str]) -> int:
    """Run one step of the action and return its exit code."""
    steps = {"prepare": _prepare, "run": _run, "prune": _prune}
    if len(arguments) != 1 or arguments[0] not in steps:
        print(f"usage: python -m layerlock.github {'|'.join(steps)}", file=sys.stderr)
        return 2
    try:
        return steps[arguments[0]]()
    except OSError as error:
        _annotate("error", f"failed to run layerlock: {error}", title="layerlock")
        return 8


def _prepare() -> int:
    """Say where the cache is, and by which key a cache for these locks is saved."""
    command = [find_layerlock_bin(), "cache", "dir"]
    directory = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if directory.returncode:
        return directory.returncode
    # Without a lock the build says what is wrong.
    digest = _locks.digest(_project(), _workspace()) or "none"
    # Packages are in the cache by their hashes, so that any older one does for a start.
    prefix = f"layerlock-{os.environ.get('RUNNER_OS', sys.platform)}-"
    _output("cache-directory", os.fsdecode(directory.stdout).rstrip("\r\n"))
    _output("cache-key", prefix + digest)
    _output("cache-restore-key", prefix)
    return 0


def _run() -> int:
    """Build, and publish if that is wanted."""
    project = _project()
    publishes = _variable("PUBLISH").strip().lower() == "true"
    try:
        arguments = [f"--project={project}", *_words("ARGUMENTS")]
        # A fault in them is told before anything is built.
        of_publish = _words("PUBLISH_ARGUMENTS") if publishes else []
        # Progress and the text of errors go to standard error, and so to the log.
        report = run(["build", *arguments])
    except LayerlockError as error:
        _annotate_error(error, project)
        _summarize(f"### layerlock\n\n**{_markdown(error.message)}**\n")
        return error.code
    layers = report["layers"]
    findings = _findings([*layers, *_checked(project)])
    locked = _locked(project) if findings else {}
    for finding in findings:
        place = locked.get(_locks.normalized(finding.get("package") or ""))
        text = _with_hint(finding["message"], finding.get("hint"))
        title = f"layerlock: {finding['code']}"
        _annotate(_LEVELS.get(finding["severity"], "notice"), text, title=title, place=place)
    for layer in layers:
        print(_line(layer))
    _output("zips", "\n".join(layer["zip"]["absolute_path"] for layer in layers))
    _summarize(_summary(layers, findings))
    if any(finding["severity"] == "error" for finding in findings):
        return 1
    return _publish([*arguments, *of_publish]) if publishes else 0


def _checked(project: str) -> List[Mapping[str, Any]]:
    """Return what `layerlock check` tells of layers and functions, if that is wanted."""
    if _variable("CHECK").strip().lower() != "true":
        return []
    arguments = [f"--project={project}"]
    try:
        try:
            report = run(["check", *arguments, *_words("ARGUMENTS")])
        except LayerlockError as error:
            if error.kind != "usage":
                raise
            # Of the arguments of a build some say nothing to a check.
            report = run(["check", *arguments])
    except LayerlockError as error:
        _annotate("warning", f"the layers are not checked: {error}", title="layerlock check")
        return []
    return [*report["layers"], *report["functions"]]


def _publish(arguments: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory() as directory:
        arns, report = (os.path.join(directory, name) for name in ("arns.json", "report.json"))
        command = [find_layerlock_bin(), "publish", *arguments]
        # Of the forms to hand over, it is one object of ARNs by their keys.
        command += ["--output-format=terraform", f"--output-file={arns}", f"--report={report}"]
        code = subprocess.run(command, check=False).returncode
        published = _read(report).get("published", [])
        if code:
            failed = [entry for entry in published if entry.get("error")]
            for entry in failed:
                where = " in ".join(filter(None, (entry.get("layer"), entry.get("region"))))
                text = _with_hint(entry["error"]["message"], entry["error"].get("hint"))
                _annotate("error", f"{where}: {text}", title="layerlock publish")
            if not failed:
                text = f"layerlock publish ended with exit code {code}: its log says why"
                _annotate("error", text, title="layerlock publish")
        else:
            _output("arns", json.dumps(_read(arns).get("layer_arns", {}), sort_keys=True))
        _summarize(_published_table(published))
        return code


def _prune() -> int:
    """Keep the cache small: it is saved as a whole."""
    command = [find_layerlock_bin(), "cache", "prune", "--older-than", "30", "--quiet"]
    return subprocess.run(command, check=False).returncode


def _project() -> str:
    return _variable("PROJECT") or "."


def _variable(name: str) -> str:
    return os.environ.get(f"LAYERLOCK_ACTION_{name}", "")


def _words(name: str) -> List[str]:
    """Split an input as a shell does."""
    try:
        return shlex.split(_variable(name))
    except ValueError as error:
        of_action = name.lower().replace("_", "-")
        raise LayerlockError(
            {
                "code": 2,
                "kind": "usage",
                "message": f"the input `{of_action}` cannot be split into arguments: {error}",
                "hint": "write it as a shell takes it, with a mark at both ends of a quotation",
            }
        ) from None


def _read(path: str) -> Dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def _findings(layers: Iterable[Mapping[str, Any]]) -> List[Mapping[str, Any]]:
    """Return the findings of all layers: one that several have, once."""
    found: Dict[Tuple[Any, ...], Mapping[str, Any]] = {}
    for layer in layers:
        for finding in layer["findings"]:
            key = tuple(finding.get(name) for name in ("severity", "code", "package", "message"))
            found.setdefault(key, finding)
    return list(found.values())


# Annotations


def _annotate_error(error: LayerlockError, project: str) -> None:
    place = error.place
    if place and place.get("file"):
        place = {**place, "file": _in_workspace(place["file"], project)}
    elif error.package:
        place = _locked(project).get(_locks.normalized(error.package))
    _annotate("error", _with_hint(error.message, error.hint), title="layerlock", place=place)


def _locked(project: str) -> Dict[str, Dict[str, Any]]:
    """Return the places of the packages in the project's locks, by their normalized names."""
    places: Dict[str, Dict[str, Any]] = {}
    for name, path, line in _locks.places(project, _workspace()):
        places.setdefault(name, {"file": _in_workspace(path, project), "line": line})
    return places


def _workspace() -> str:
    """Return the top of the checkout."""
    return os.path.realpath(os.environ.get("GITHUB_WORKSPACE") or os.getcwd())


def _in_workspace(file: str, project: str) -> str:
    """Return the path of a file of the project as GitHub needs it: from the checkout's root."""
    path = file if os.path.exists(file) else os.path.join(_locks.directory_of(project), file)
    path = os.path.realpath(path)
    root = _workspace()
    return os.path.relpath(path, root).replace(os.sep, "/") if _is_below(path, root) else file


def _is_below(path: str, root: str) -> bool:
    try:
        return os.path.commonpath([path, root]) == root
    except ValueError:
        # Two drives of Windows.
        return False


def _annotate(
    level: str, text: str, *, title: str, place: Optional[Mapping[str, Any]] = None
) -> None:
    properties = {}
    if place:
        properties["file"] = place.get("file")
        properties["line"] = place.get("line")
        properties["col"] = place.get("column")
    properties["title"] = title
    written = ",".join(
        f"{name}={_escaped(str(value), ':,')}" for name, value in properties.items() if value
    )
    print(f"::{level} {written}::{_escaped(text)}", flush=True)


def _escaped(text: str, special: str = "") -> str:
    """Escape what would end a value of a workflow command, or begin another."""
    for character in "%\r\n" + special:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _with_hint(message: str, hint: Optional[str]) -> str:
    return f"{message}\nhint: {hint}" if hint else message


# Outputs and summary


def _output(name: str, value: str) -> None:
    """Add an output of the step, which may have several lines."""
    # No line of the value may be the mark that ends it.
    mark = "layerlock-" + hashlib.sha256(value.encode("utf-8")).hexdigest()
    _append("GITHUB_OUTPUT", f"{name}<<{mark}\n{value}\n{mark}\n")


def _summarize(text: str) -> None:
    _append("GITHUB_STEP_SUMMARY", text)


def _append(variable: str, text: str) -> None:
    path = os.environ.get(variable)
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)


def _line(layer: Mapping[str, Any]) -> str:
    target = layer["target"]
    return "{} for {} {}: {} zipped, {} unzipped, sha256 {}".format(
        layer["name"],
        target["runtime"],
        target["architecture"],
        _size(layer["zip"]["size"]),
        _size(layer["unzipped_size"]),
        layer["zip"]["sha256"],
    )


def _summary(
    layers: Sequence[Mapping[str, Any]], findings: Sequence[Mapping[str, Any]]
) -> str:
    lines = ["### layerlock", ""]
    head = ("Layer", "Runtime", "Architecture", "Packages", "Zip", "Unzipped", "SHA-256")
    rows = [
        (
            layer["name"],
            layer["target"]["runtime"],
            layer["target"]["architecture"],
            str(len(layer["packages"])),
            _size(layer["zip"]["size"]),
            _size(layer["unzipped_size"]),
            layer["zip"]["sha256"][:12],
        )
        for layer in layers
    ]
    lines += _table(head, rows, numbers=(3, 4, 5))
    for layer in layers:
        lines += _packages(layer)
    if findings:
        lines += ["", *(f"- **{finding['severity']}** `{finding['code']}`:"
                        f" {_markdown(finding['message'])}" for finding in findings)]
    return "\n".join(lines) + "\n\n"


def _packages(layer: Mapping[str, Any]) -> List[str]:
    largest = sorted(
        layer["packages"], key=lambda package: (-package["unzipped_size"], package["name"])
    )
    rows = [
        (package["name"], package["version"], _size(package["zipped_size"]),
         _size(package["unzipped_size"]))
        for package in largest
    ]
    heading = "{} for {} {}".format(
        layer["name"], layer["target"]["runtime"], layer["target"]["architecture"]
    )
    table = _table(("Package", "Version", "Zipped", "Unzipped"), rows, numbers=(2, 3))
    return ["", f"<details><summary>{_markdown(heading)}</summary>", "", *table, "", "</details>"]


def _published_table(published: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        (
            str(entry.get("layer") or ""),
            str(entry.get("region") or ""),
            str(entry.get("outcome") or ""),
            str(entry.get("arn") or ""),
        )
        for entry in published
    ]
    if not rows:
        return ""
    table = _table(("Layer", "Region", "Outcome", "Version"), rows)
    return "\n".join(table) + "\n\n"


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()
) -> List[str]:
    rule = ["---:" if column in numbers else "---" for column in range(len(head))]
    cells = [head, rule, *([_markdown(cell) for cell in row] for row in rows)]
    return ["| " + " | ".join(row) + " |" for row in cells]


def _markdown(text: str) -> str:
    """Escape what would be markup in one line of a summary."""
    text = re.sub(r"([\\`*_|\[\]<>~])", r"\\\1", text)
    return " ".join(text.split())


def _size(size: int) -> str:
    """Return a number of bytes as layerlock itself prints it."""
    value = float(size)
    for unit in ("B", "kB", "MB"):
        if value < 999.95:
            return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
