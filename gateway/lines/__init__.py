"""Lines: serial ports and TCP streams on which the gateway asks meters, and the protocols it asks in."""
