"""Checks of receivers: addresses of webhooks and of uploads."""
