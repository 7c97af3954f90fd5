"""`python -m liaison_agent`."""

from liaison_agent.cli import main

main()
