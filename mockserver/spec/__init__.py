"""What the schemas say: load, refuse what nobody acts on, find violations."""
