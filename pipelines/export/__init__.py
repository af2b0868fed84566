"""Files for other tools, and the data dictionary."""
