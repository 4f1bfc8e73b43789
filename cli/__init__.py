"""The command `helioracle`: wires services; a subcommand's code is imported only when it is called."""
