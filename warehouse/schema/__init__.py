"""Tables, columns, comments and views, made from the declarations."""
