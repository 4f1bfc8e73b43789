"""What the simulated plant is and answers: pure functions of recording, configuration, time and request bytes."""
