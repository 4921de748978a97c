"""`python -m layerlock`: the binary that was installed with this package."""

import sys

from layerlock import find_layerlock_bin
from layerlock._become import become


def _run() -> None:
    try:
        binary = find_layerlock_bin()
    except FileNotFoundError as error:
        sys.exit("error: {}".format(error))
    become([binary, *sys.argv[1:]])


if __name__ == "__main__":
    _run()
