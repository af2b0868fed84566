"""Complete examples that the documentation goes through."""
