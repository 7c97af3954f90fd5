"""Says, before anything is installed, whether this Python can make the project's virtual environment."""

# Runs on whatever `python3` is, so it stays within the syntax of old versions.
import importlib.util
import sys
from typing import Optional, Tuple

NEEDED = (3, 11)


def problem(version: Tuple[int, int], has_ensurepip: bool) -> Optional[str]:
    """The reason why this Python will not do and the way out, or None."""
    if version < NEEDED:
        return (
            "AgentRouter needs Python %d.%d or newer, and this is %d.%d. "
            "Name a newer one: make setup PYTHON=python3.11" % (NEEDED + version)
        )
    if not has_ensurepip:
        return (
            "This Python cannot make a virtual environment: the module ensurepip is missing. "
            "On Debian and Ubuntu: apt install python3-venv"
        )
    return None


if __name__ == "__main__":
    sys.exit(problem(sys.version_info[:2], importlib.util.find_spec("ensurepip") is not None))
