"""Simulated inverters and meters that speak the real wire protocols on pseudo-terminals, with seeded faults.

They replay a recording of real production. Importing this package does nothing.
"""
