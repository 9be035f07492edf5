"""The tab What mattered: what predictions depend on."""
