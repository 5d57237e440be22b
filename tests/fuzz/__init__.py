"""Nonsense at a served mock: `make fuzz`. None of it may be answered with 5xx, hang or end the server."""
