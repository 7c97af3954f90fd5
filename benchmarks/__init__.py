"""Every figure the README quotes, each by one command: `bench_<name>.py` is `make bench-<name>`."""
