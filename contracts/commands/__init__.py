"""The commands of the kit, a file each: what they take, and what they do."""
