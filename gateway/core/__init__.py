"""What the gateway decides: pure functions on plain data, without I/O, clocks or threads."""
