"""Zips of class folders: judged, decoded, and checked."""
