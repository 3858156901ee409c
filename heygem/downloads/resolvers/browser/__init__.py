"""Share pages that only a browser can read.

This folder alone knows Playwright, an optional extra, and imports it when a page needs it.
"""
