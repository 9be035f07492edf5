"""Custom layers and models. Each file imports only Keras, because model.keras contains it: import that file, and
the downloaded model loads without this project."""
