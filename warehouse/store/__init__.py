"""The warehouse file: opening, writing, publishing, locks."""
