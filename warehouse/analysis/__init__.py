"""The schema `analysis`: views over the rows of all accounts, made anew when tables appear."""
