"""What the tap does. Imported at every hook run of a real host, so every import here is counted."""
