"""Names of runs: invented at first, then the user's."""

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


def invent_name() -> str:
    """Returns a name such as "brisk-otter-12"."""
    return f"{secrets.choice(_ADJECTIVES)}-{secrets.choice(_ANIMALS)}-{secrets.randbelow(90) + 10}"


def check_name(name: str) -> str:
    """Returns a display name without surrounding white space.

    Raises:
        ConfigError: empty, longer than 80 characters, or with control characters.
    """
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise ConfigError(
            f"name must have 1 to {LONGEST_NAME} characters. Received: {len(name)}. Choose another.", "name"
        )
    if any(unicodedata.category(character).startswith("C") for character in name):
        raise ConfigError("name must not contain control characters. Type it again.", "name")
    return name
