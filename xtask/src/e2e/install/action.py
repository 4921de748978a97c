"""Runs the shell steps of a composite action as GitHub's runner does, as far as this one needs.

    action.py ACTION WORK [INPUT=VALUE ...]

It prints one JSON object: `code`, `log`, `outputs`, `summary` and `cache` (what the step with
`uses` is given). The files of the runner are below WORK; the current directory is the checkout.
"""

import json
import os
import re
import subprocess
import sys

from ruamel.yaml import YAML


def main(path, work, *inputs):
    with open(path, encoding="utf-8") as file:
        action = YAML(typ="safe").load(file)
    known = {"inputs": {name: value["default"] for name, value in action["inputs"].items()}}
    for item in inputs:
        name, _, value = item.partition("=")
        if name not in known["inputs"]:
            sys.exit(f"the action has no input {name}")
        known["inputs"][name] = value
    temporary = os.path.join(work, "temp")
    os.makedirs(temporary)
    known["runner"] = {"temp": temporary}
    known["steps"] = {}
    runner = {
        **os.environ,
        "RUNNER_TEMP": temporary,
        "RUNNER_OS": "Linux",
        "GITHUB_WORKSPACE": os.getcwd(),
        "GITHUB_ACTIONS": "true",
    }
    files = {name: os.path.join(work, name) for name in
             ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH")}
    result = {"code": 0, "log": "", "summary": "", "cache": None}
    for step in action["runs"]["steps"]:
        condition = step.get("if")
        if condition and not holds(condition, known):
            continue
        if "uses" in step:
            result["cache"] = {key: expand(value, known) for key, value in step["with"].items()}
            continue
        for file in files.values():
            open(file, "w").close()
        environment = {name: expand(value, known) for name, value in step.get("env", {}).items()}
        assert step["shell"] == "bash" and "${{" not in step["run"], step
        script = os.path.join(work, "script.sh")
        with open(script, "w", encoding="utf-8") as file:
            file.write(step["run"])
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", script]
        finished = subprocess.run(command, env={**runner, **files, **environment}, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        result["log"] += finished.stdout
        result["summary"] += read(files["GITHUB_STEP_SUMMARY"])
        if "id" in step:
            known["steps"][step["id"]] = {"outputs": outputs(read(files["GITHUB_OUTPUT"]))}
        for line in read(files["GITHUB_PATH"]).splitlines():
            runner["PATH"] = line + os.pathsep + runner["PATH"]
        if finished.returncode:
            result["code"] = finished.returncode
            break
    result["outputs"] = {name: expand(value["value"], known)
                         for name, value in action["outputs"].items()}
    result["path"] = runner["PATH"]
    print(json.dumps(result))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def outputs(text):
    """NAME=VALUE, or NAME<<MARK, lines, MARK."""
    found, lines = {}, text.splitlines()
    while lines:
        line = lines.pop(0)
        if re.match(r"[\w-]+<<", line):
            name, mark = line.split("<<", 1)
            end = lines.index(mark)
            found[name] = "\n".join(lines[:end])
            del lines[: end + 1]
        else:
            name, value = line.split("=", 1)
            found[name] = value
    return found


def expand(text, known):
    return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: look_up(found.group(1), known), str(text))


def look_up(name, known):
    """As on GitHub, what is not there is empty."""
    value = known
    for part in name.split("."):
        value = value.get(part, {})
    return value if isinstance(value, str) else ""


def holds(condition, known):
    found = re.fullmatch(r"([\w.-]+) == '(\w*)'", condition)
    assert found, f"the driver does not know the condition {condition}"
    return look_up(found.group(1), known) == found.group(2)


main(*sys.argv[1:])
