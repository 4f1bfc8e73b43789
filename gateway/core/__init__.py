"""The gateway's decisions: pure functions on plain data, without I/O, clocks or threads."""
