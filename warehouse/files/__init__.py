"""Downloaded files: where they lie, and what the warehouse says of them."""
