"""How the operation does over days: volume, times, quality, period against period, by any dimension."""
