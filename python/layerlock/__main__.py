"""`python -m layerlock`: the binary that was installed with this package."""

import os
import subprocess
import sys

from layerlock import find_layerlock_bin


def _run() -> None:
    try:
        binary = find_layerlock_bin()
    except FileNotFoundError as error:
        sys.exit("error: {}".format(error))
    command = [binary] + sys.argv[1:]
    if os.name != "nt":
        os.execv(binary, command)
    # Windows has no exec: a new process would answer before the command has ended.
    try:
        code = subprocess.run(command).returncode
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    _run()
