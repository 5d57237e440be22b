"""The key that the mock accepts while Schemathesis speaks to it."""

KEY = "schemathesis-key-1"
