"""Running the binary in place of Python: what `python -m layerlock` and `poetry layer` share."""

import os
import sys
from typing import List, NoReturn


def become(command: List[str]) -> NoReturn:
    """Replace this process, so that exit code, streams and signals are the command's."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        if os.name == "nt":
            # Windows has no exec: a new process would answer before the command has ended.
            import subprocess

            try:
                sys.exit(subprocess.call(command))
            except KeyboardInterrupt:
                sys.exit(130)
        import signal

        # Python ignores it, and a process keeps that.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.execv(command[0], command)
    except OSError as error:
        sys.exit("error: failed to run {}: {}".format(command[0], error.strerror))
