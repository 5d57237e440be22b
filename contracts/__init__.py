"""A contract test kit for clients, receivers and servers of the Runware video API."""
