"""Prevents Streamlit's clean-up from stopping training in the same process.

After every script run and every fragment run, Streamlit calls
`keras.backend.clear_session()` once `keras` is imported, and, unless
`[runner] postScriptGC` is off, `gc.collect(2)`. With a run in a background
thread, both are harmful:

* `clear_session` wipes Keras's global state (name scopes, the dtype policy, the
  seed generator) while another thread builds or trains a model;
* a full collection walks every object TensorFlow created, holding the GIL for
  some 180 ms, at each rerun of each open tab. `clear_session` collects too.

So `clear_session` is replaced by a function that does nothing, and the objects
created by imports are hidden from the collector (`gc.freeze`).
"""

import gc
import sys

# All modules in which Keras binds the function. Streamlit calls `keras.backend.clear_session`.
_HOMES = (
    "keras.backend",
    "keras.utils",
    "keras.api.backend",
    "keras.api.utils",
    "keras._tf_keras.keras.backend",
    "keras._tf_keras.keras.utils",
    "keras.src.backend.common.global_state",
)


def keep_session(free_memory: bool = True) -> None:
    """Does nothing. Keras would clear its global state here.

    Args:
        free_memory: accepted as in `keras.utils.clear_session`, and ignored.
    """


def apply_workaround() -> None:
    """Replaces `clear_session` and freezes the objects created by imports.

    Call it once, right after TensorFlow and Keras are imported. A second call only
    freezes more objects.

    Raises:
        RuntimeError: keras is not imported, so there is nothing to work around yet.
    """
    if "keras" not in sys.modules:
        raise RuntimeError("apply_workaround must run after keras is imported. Import keras first.")
    for name in _HOMES:
        module = sys.modules.get(name)
        if module is not None and hasattr(module, "clear_session"):
            module.clear_session = keep_session
    # Not collected first: imports leave hardly any garbage, and a run may be waiting for the GIL.
    gc.freeze()
