"""Clocks, configuration, signals, logs: what every process shares at its edges. No core imports it."""
