"""The official SDKs as clients of the kit: examples of adapters, and the kit's own test."""
