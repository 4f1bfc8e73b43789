"""The edge process: polls meters, signs what they say, and keeps it until the oracle has answered."""
