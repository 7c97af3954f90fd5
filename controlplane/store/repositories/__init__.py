"""One repository a noun: the port's questions as statements, rows as frozen values."""
