"""`kollect report`: one page that says whether the data is safe, what changed, how it grows."""
