"""Reading: files of other systems, row by row, each cell as the file has it.

Reads: CSV, JSON and, with their extras, Parquet and XLSX. Does: finds out encoding, line ends and separator, and says
what it found; puts a broken row aside with its line. Writes: nothing.
"""

from ticketyard.reading.row import FileFacts, Format, Row, UnreadableFile
from ticketyard.reading.rows import ReadingOptions, RowFile

__all__ = ["FileFacts", "Format", "ReadingOptions", "Row", "RowFile", "UnreadableFile"]
