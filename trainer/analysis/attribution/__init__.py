"""Attribution: what a model's predictions depend on."""
