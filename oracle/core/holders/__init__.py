"""Who held what, on which day, and what of it was declared, funded and paid: read from the events of the contracts."""
