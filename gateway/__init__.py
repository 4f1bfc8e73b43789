"""The edge process: polls meters, signs their readings, and keeps the batches until the oracle has answered."""
