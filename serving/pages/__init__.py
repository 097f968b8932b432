"""The pages of a support operation: HTML made here, live by server-sent events; each page asks documented views alone.

A folder a page, with its query and its template. Scripts are those of the archives that set-up fetched; nothing comes
from elsewhere, and no script stands in a page.
"""
