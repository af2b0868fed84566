"""In what order Kitemaker is read, by GraphQL and by REST."""
