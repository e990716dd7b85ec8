"""Clock and logging: what every layer above may use."""
