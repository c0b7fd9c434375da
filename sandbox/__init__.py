"""A local Discord: REST, gateway and a page, on loopback only."""
