"""Long trials that try to break a store: bounded, seeded, resumable, counted in a journal."""
