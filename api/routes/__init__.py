"""One file a noun; each `router` closes over the sources it reads."""
