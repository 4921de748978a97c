"""Runs Poetry for each job of a JSON file, [{"directory": ..., "arguments": [...]}, ...],
and prints what each run gave, [{"code": ..., "stdout": ..., "stderr": ...}, ...].

Poetry 1.2 and later run in this one process, each job in an application of its own:
starting Python and importing Poetry takes ten times as long as an export. The walk of an
old lock can take hours where many packages depend on one another: code null.
"""

import functools
import json
import os
import signal
import subprocess
import sys


SECONDS = 30


def in_this_process(directory, arguments):
    from cleo.io.inputs.argv_input import ArgvInput
    from cleo.io.outputs.buffered_output import BufferedOutput
    from poetry.console.application import Application

    os.chdir(directory)
    stdout, stderr = BufferedOutput(), BufferedOutput()
    application = Application()
    application.auto_exits(False)
    code = application.run(ArgvInput(["poetry", *arguments]), stdout, stderr)
    return {"code": code, "stdout": stdout.fetch(), "stderr": stderr.fetch()}


def in_a_process(directory, arguments):
    command = [sys.executable, "-m", "poetry", *arguments]
    ended = subprocess.run(
        command, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8"
    )
    return {"code": ended.returncode, "stdout": ended.stdout, "stderr": ended.stderr}


def limited(run, directory, arguments):
    late = False

    def stop(*_):
        nonlocal late
        late = True
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        answer = run(directory, arguments)
    except TimeoutError:
        answer = {"stdout": "", "stderr": ""}
    finally:
        signal.alarm(0)
    return {**answer, "code": None} if late else answer


def main():
    try:
        import cleo.io.inputs.argv_input  # noqa: F401

        run = in_this_process
        if hasattr(signal, "SIGALRM"):
            run = functools.partial(limited, run)
    except ImportError:
        run = in_a_process
    with open(sys.argv[1], encoding="utf-8") as file:
        jobs = json.load(file)
    answers = [run(job["directory"], job["arguments"]) for job in jobs]
    json.dump(answers, sys.stdout)


main()
