"""Export: the messages that a query means, as a file of the usual kinds."""
