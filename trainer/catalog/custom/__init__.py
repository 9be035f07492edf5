"""Layers and models of our own. Each file imports nothing but Keras, because it travels inside model.keras:
whoever downloads the model imports the file and can load it without this project."""
