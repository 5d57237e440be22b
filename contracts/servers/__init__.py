"""Checks of servers: anything that claims to be the API."""
