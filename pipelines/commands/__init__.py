"""The commands of `kollect`, one module for each group of them."""
