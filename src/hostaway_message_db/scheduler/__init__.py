"""The unattended job."""
