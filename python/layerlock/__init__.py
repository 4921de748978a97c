"""The layerlock command, which turns a project's lock file into layers.

The command is a binary. `find_layerlock_bin` tells where it is, and
`python -m layerlock` runs it.
"""

from ._find import find_layerlock_bin

__all__ = ["find_layerlock_bin"]
