"""Telling people how the unattended job went: mail, further channels, a heartbeat."""
