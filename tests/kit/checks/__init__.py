"""The duties of clients, held against recordings made by hand: what breaks them, and what only looks like it."""
