"""One option of a configuration as the widget that suits it, and the widgets for what no single one can say."""
