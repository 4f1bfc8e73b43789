"""From an MQTT message to a committed, answered header."""
