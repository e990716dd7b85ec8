"""What a message says: pure functions over text, country and dates."""
