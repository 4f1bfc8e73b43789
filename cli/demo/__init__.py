"""The demo: the closed loop on one machine, composed of the services themselves."""
