"""Widget keys: `page_noun_verb`, made in one place."""


def widget_key(noun: str, verb: str, page: str = "train") -> str:
    """Returns the key of a widget.

    Args:
        noun: what it is about.
        verb: what it does: "set" a value, "select" from a list, "use" or not.
        page: that it is on.
    """
    return f"{page}_{noun}_{verb}"
