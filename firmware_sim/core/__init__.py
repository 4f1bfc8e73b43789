"""The simulated plant and its answers: pure functions of recording, configuration, time and request bytes."""
