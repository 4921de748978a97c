"""Where an installer put the binary of this package."""

import os
import sys
import sysconfig
from typing import Iterator, Optional


def find_layerlock_bin() -> str:
    """Return the path of the layerlock binary that was installed with this package.

    Raises FileNotFoundError, which names the places that were looked at, if there is none.
    """
    name = "layerlock" + (sysconfig.get_config_var("EXE") or "")
    looked_at = []
    for directory in _directories():
        path = os.path.join(directory, name)
        if path in looked_at:
            continue
        if os.path.isfile(path):
            return path
        looked_at.append(path)
    raise FileNotFoundError(
        "the binary of layerlock is not where installers put it: " + ", ".join(looked_at)
    )


def _directories() -> Iterator[str]:
    """The directories for programs that may belong to this package, the likeliest first."""
    package = os.path.dirname(os.path.realpath(__file__))
    installed = os.path.dirname(package)
    scripts = "Scripts" if os.name == "nt" else "bin"

    own = _of_prefix(installed, scripts)
    if own is not None:
        # The prefix that this package is in: an environment, `pip install --prefix`, or
        # the overlay of an isolated build.
        yield own
    # `pip install --target DIR`
    yield os.path.join(installed, scripts)
    yield os.path.join(installed, "bin")
    yield sysconfig.get_path("scripts")
    # An environment that sees the packages of the Python below it.
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    yield sysconfig.get_path("scripts", vars=base)
    # `pip install --user`
    yield sysconfig.get_path("scripts", scheme=_user_scheme())


def _of_prefix(installed: str, scripts: str) -> Optional[str]:
    """The directory for programs beside `installed`, if that is PREFIX/lib/.../site-packages."""
    parts = installed.split(os.sep)
    if parts[-1] not in ("site-packages", "dist-packages"):
        return None
    # PREFIX/Lib/site-packages on Windows, PREFIX/lib/python3.x/site-packages elsewhere.
    depth = 2 if os.name == "nt" else 3
    prefix = os.sep.join(parts[:-depth])
    return os.path.join(prefix, scripts)


def _user_scheme() -> str:
    if sys.version_info >= (3, 10):
        return sysconfig.get_preferred_scheme("user")
    if os.name == "nt":
        return "nt_user"
    if sys.platform == "darwin" and getattr(sys, "_framework", None):
        return "osx_framework_user"
    return "posix_user"
