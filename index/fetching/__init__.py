"""Articles from the web: addresses are checked before anything is fetched."""
