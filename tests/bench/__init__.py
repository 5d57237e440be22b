"""How quick and how small the mock is, beside a server that only answers: `make bench`."""
