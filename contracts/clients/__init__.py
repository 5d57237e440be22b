"""What can be checked: clients of this process, and programs."""
