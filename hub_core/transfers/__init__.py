"""Git LFS transfers: batch answers, signed links, possession."""
