"""What every process shares at its edges: clocks, configuration, signals, logging. Never imported by a core."""
