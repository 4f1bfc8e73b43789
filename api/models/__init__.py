"""The shapes of every answer, a file for each noun."""
