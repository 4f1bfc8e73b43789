"""Which meters are bound: their bindings are checked and become entries of the log."""
