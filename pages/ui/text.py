"""Text for people. Whatever a user typed is escaped before Markdown shows it."""

import re
import time

#: The start of an address (https:, www, the name before an @) or of an icon (:material/).
_RECOGNIZED = re.compile(r"(?i)\bhttps?:|\bwww(?=\.)|(?<=\S)(?=@)|:(?=material/|streamlit:)")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&^=])")


def escape_markdown(text: str) -> str:
    """Returns text that Streamlit's Markdown shows as it is.

    Streamlit recognizes addresses and icons after it has removed backslashes, so an invisible word joiner splits them.
    """
    return _MARKDOWN.sub(r"\\\1", _RECOGNIZED.sub("\\g<0>\u2060", text))


def count(number: int, noun: str) -> str:
    """Returns "1 step" or "2,000 steps"."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def format_duration(seconds: float | None) -> str:
    """Returns "0.4 s", "48 s", "3 min 20 s" or "2 h 5 min"; "–" if unknown."""
    if seconds is None:
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def format_bytes(count: int) -> str:
    """Returns "820 bytes", "16 kB" or "171.2 MB"."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1e3:,.0f} kB" if count < 1e6 else f"{count / 1e6:,.1f} MB"


def format_age(created: float, now: float | None = None) -> str:
    """Returns how long ago something was: "just now", "5 min ago", "yesterday", "3 Nov"."""
    seconds = (time.time() if now is None else now) - created
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min ago"
    if seconds < 86_400:
        return f"{seconds // 3600:.0f} h ago"
    return time.strftime("%-d %b %Y" if seconds > 300 * 86_400 else "%-d %b", time.localtime(created))
