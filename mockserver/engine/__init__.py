"""The task life cycle: values, one table, one pure function."""
