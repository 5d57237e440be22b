"""Where state is kept: one set of tests for all stores and agendas, and what each promises beside."""
