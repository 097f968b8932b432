"""Service levels: what is promised of which ticket, which clocks that starts, and what follows when they are due."""
