"""The makers of `spec/vectors`: written from the pages and the RFCs, sharing no code with `evidence` (vectors come from two hands)."""
