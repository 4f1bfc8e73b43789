"""The stepped world: one clock that several processes share over a socket, so that a replay does not wait for real time."""
