"""Names, tags and notes of runs. A name is invented at first; the rest is the user's."""

from __future__ import annotations

import secrets
import unicodedata

from trainer.errors import ConfigError

_ADJECTIVES = (
    "amber bold brave bright brisk calm clear clever cosy crisp deft eager early fair fleet fresh gentle glad "
    "golden green happy keen kind light lively lucky mellow merry misty neat nimble noble plain proud quick quiet "
    "rapid ready round shiny silent silver simple smooth snowy steady still sunny swift tidy warm wise young"
).split()
_ANIMALS = (
    "badger beaver bison crane curlew deer dolphin dove eagle falcon ferret finch fox gecko hare hawk heron ibex "
    "jay kestrel koala lark lemur linnet lynx marten mole moose newt otter owl panda pika plover puffin quail raven "
    "robin seal shrew sparrow stoat stork swan swift tapir tern thrush toad trout turtle vole wren yak"
).split()

LONGEST_NAME = 80
MOST_TAGS, LONGEST_TAG = 20, 40
LONGEST_NOTE = 10_000
#: Joins the parts of one emoji.
_JOINER = "\u200d"


def invent_name() -> str:
    """Returns a name such as "brisk-otter-12"."""
    return f"{secrets.choice(_ADJECTIVES)}-{secrets.choice(_ANIMALS)}-{secrets.randbelow(90) + 10}"


def check_name(name: str) -> str:
    """Returns a display name without surrounding white space.

    Raises:
        ConfigError: empty, longer than 80 characters, or with control characters.
    """
    return _check_text(name, "name", LONGEST_NAME)


def check_tags(tags: list[str]) -> list[str]:
    """Returns tags in their order, without duplicates and surrounding white space.

    Raises:
        ConfigError: more than 20 tags, or one that is empty, longer than 40 characters, or has control characters.
    """
    checked = list(dict.fromkeys(_check_text(tag, "tag", LONGEST_TAG) for tag in tags))
    if len(checked) > MOST_TAGS:
        raise ConfigError(
            f"A run can have at most {MOST_TAGS} tags. Received: {len(checked)}. Remove some of them.", "tags"
        )
    return checked


def check_note(note: str) -> str:
    """Returns a note as it is stored.

    Raises:
        ConfigError: longer than 10,000 characters, or with control characters other than line breaks and tabs.
    """
    if len(note) > LONGEST_NOTE:
        raise ConfigError(
            f"note must have at most {LONGEST_NOTE:,} characters. Received: {len(note):,}. Shorten it.", "note"
        )
    if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\r\t" for character in note):
        raise ConfigError("note must not contain control characters. Type it again.", "note")
    return note


def _check_text(text: str, argument: str, longest: int) -> str:
    text = text.strip()
    if not 1 <= len(text) <= longest:
        raise ConfigError(
            f"{argument} must have 1 to {longest} characters. Received: {len(text)}. Choose another.", argument
        )
    if any(unicodedata.category(character).startswith("C") and character != _JOINER for character in text):
        raise ConfigError(f"{argument} must not contain control characters. Type it again.", argument)
    return text
