"""The formats that edge, oracle and verifier must agree on to the byte: pure functions over bytes, no I/O, no clock."""
