"""Says, before anything is installed, whether this Python can make the project's virtual environment."""

# Runs on whatever `python3` is, so it stays within the syntax of old versions.
import importlib.util
import sys

NEEDED = (3, 11)


def problem(version, has_ensurepip):
    """The reason why this Python will not do and the way out, or None."""
    if tuple(version[:2]) < NEEDED:
        return (
            "AgentRouter needs Python %d.%d or newer, and this is %d.%d. "
            "Name a newer one: make setup PYTHON=python3.11" % (NEEDED + tuple(version[:2]))
        )
    if not has_ensurepip:
        return (
            "This Python cannot make a virtual environment: the module ensurepip is missing. "
            "On Debian and Ubuntu: apt install python3-venv"
        )
    return None


if __name__ == "__main__":
    sys.exit(problem(sys.version_info, importlib.util.find_spec("ensurepip") is not None))
