"""Running the command for its report: what the CDK construct and the GitHub action share."""

from __future__ import annotations

import json
import subprocess
from typing import Any, Dict, Optional, Sequence

from ._find import find_layerlock_bin


class LayerlockError(Exception):
    """What the command could not do. The text is its message, place and hint."""

    def __init__(self, error: Dict[str, Any]) -> None:
        self.code: int = error.get("code") or 8
        """Its exit code."""
        self.kind: Optional[str] = error.get("kind")
        """The kind of error: usage, project, artifact, network, provider, integrity, machine."""
        self.message: str = error.get("message") or "layerlock failed"
        self.hint: Optional[str] = error.get("hint")
        """What to do."""
        self.package: Optional[str] = error.get("package")
        self.place: Optional[Dict[str, Any]] = error.get("place")
        """The `file`, `line` and `column` that is wrong."""
        super().__init__(self._text())

    def _text(self) -> str:
        text = self.message
        if self.place and self.place.get("file"):
            parts = [self.place.get(part) for part in ("file", "line", "column")]
            text += " ({})".format(":".join(str(part) for part in parts if part))
        return f"{text}\nhint: {self.hint}" if self.hint else text


def run(arguments: Sequence[str]) -> Dict[str, Any]:
    """Run the command with `--json` and return what it reports.

    What it says to people goes to standard error. A report in which something failed or was
    found is one too: only where there is none, this raises LayerlockError.
    """
    command = [find_layerlock_bin(), *arguments, "--json"]
    finished = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    return parse(finished.stdout, finished.returncode)


def parse(stdout: bytes, code: int) -> Dict[str, Any]:
    """Return the report that the command wrote before it ended with this exit code."""
    try:
        report = json.loads(stdout.decode("utf-8"))
    except ValueError:
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        raise LayerlockError(
            {"code": code, "message": f"layerlock ended with {how}, and without a report"}
        ) from None
    if "error" in report:
        raise LayerlockError(report["error"])
    return report
