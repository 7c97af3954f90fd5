"""`python -m controlplane`."""

import gc
import sys

gc.disable()  # what is made while modules are loaded is no garbage: looking for some takes a tenth of the start

try:
    from controlplane.cli import main
except KeyboardInterrupt:
    sys.exit(130)

gc.enable()
main()
