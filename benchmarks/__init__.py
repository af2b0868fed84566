"""What kollect promises about speed and memory, measured as ratios: `python -m benchmarks`."""
