"""The operator's command line: a client of the public API like any other, which also starts the processes (`run`)."""
