"""The HTTP API and the investor's pages; reads the ledger through its reader only."""
