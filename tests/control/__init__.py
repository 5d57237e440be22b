"""The control API, operation by operation."""
