"""The video files that the mock serves."""
