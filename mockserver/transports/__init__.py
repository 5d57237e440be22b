"""Each frames bytes and calls the runtime; none decides anything."""
