"""What comes in: sources, the quality of their records, and what no stage could process."""
