"""Selection of the sentences that answer a question, and the decision to answer."""
