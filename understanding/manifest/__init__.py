"""What a bundle tells about itself: labels, thresholds, bands, settings, sums and figures."""
