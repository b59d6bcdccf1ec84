"""What people declare of the system and its data, what of it is missing, and how it is watched."""
