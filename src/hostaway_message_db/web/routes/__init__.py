"""The routes, one module per noun; each builds its router around the services."""
