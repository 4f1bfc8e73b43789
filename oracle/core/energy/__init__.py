"""What was measured: registers judged, boundaries found, meters added up to points."""
