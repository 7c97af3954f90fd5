"""`python -m controlplane`."""

import gc

gc.disable()  # what is made while modules are loaded is no garbage: looking for some takes a tenth of the start

from controlplane.cli import main  # noqa: E402

gc.enable()
main()
