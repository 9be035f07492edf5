"""What is measured: ratios within one run, since machines are noisy. `python -m benchmarks` runs all."""
