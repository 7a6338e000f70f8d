"""Does Rime find words by their codes? A program for tests: lines `code<TAB>word` in, those that it finds out.

Its arguments are a folder and x, where the folder has x.dict.yaml. It makes a schema for that dictionary, has Rime
build it, types every code with librime and looks the candidates through.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from pathlib import Path

SHARED = Path("/usr/share/rime-data")
DEEPEST = 2000  # candidates of a code that are looked at
SCHEMA = """\
schema:
  schema_id: {name}
  name: {name}
  version: "1"
engine:
  processors: [speller, express_editor]
  segmentors: [abc_segmentor, fallback_segmentor]
  translators: [script_translator]
speller:
  delimiter: " '"
translator:
  dictionary: {name}
  enable_user_dict: false
  enable_sentence: false
  enable_completion: false
"""


class Traits(ctypes.Structure):
    """RimeTraits of rime_api.h, as far as it is used."""

    _fields_ = (
        ("data_size", ctypes.c_int),
        *((name, ctypes.c_char_p) for name in ("shared", "user", "distribution", "code_name", "version", "app_name")),
        ("modules", ctypes.c_void_p),
        ("min_log_level", ctypes.c_int),
        ("log_dir", ctypes.c_char_p),
    )


class Candidates(ctypes.Structure):
    """RimeCandidateListIterator of rime_api.h."""

    _fields_ = (
        ("ptr", ctypes.c_void_p),
        ("index", ctypes.c_int),
        ("text", ctypes.c_char_p),
        ("comment", ctypes.c_char_p),
        ("reserved", ctypes.c_void_p),
    )


def main() -> None:
    folder, name = Path(sys.argv[1]), sys.argv[2]
    (folder / f"{name}.schema.yaml").write_text(SCHEMA.format(name=name), encoding="utf-8")
    (folder / "default.custom.yaml").write_text(f"patch:\n  schema_list:\n    - schema: {name}\n", encoding="utf-8")
    rime = ctypes.CDLL(ctypes.util.find_library("rime"))
    traits = Traits(shared=bytes(SHARED), user=bytes(folder), distribution=b"t", code_name=b"t", version=b"1")
    traits.app_name, traits.log_dir = b"rime.minent", bytes(folder)
    traits.data_size = ctypes.sizeof(Traits) - ctypes.sizeof(ctypes.c_int)
    rime.RimeSetup(ctypes.byref(traits))
    rime.RimeInitialize(ctypes.byref(traits))
    rime.RimeStartMaintenance(1)
    rime.RimeJoinMaintenanceThread()
    rime.RimeCreateSession.restype = ctypes.c_size_t
    session = ctypes.c_size_t(rime.RimeCreateSession())
    if not rime.RimeSelectSchema(session, name.encode()):
        raise SystemExit(f"Rime does not know the schema {name}")
    for line in sys.stdin.read().split("\n"):
        code, _, word = line.partition("\t")
        if code and is_candidate(rime, session, code, word):
            print(line)
    rime.RimeDestroySession(session)
    rime.RimeFinalize()


def is_candidate(rime: ctypes.CDLL, session: ctypes.c_size_t, code: str, word: str) -> bool:
    """Whether a word is among the candidates of its code."""
    rime.RimeClearComposition(session)
    rime.RimeSimulateKeySequence(session, code.encode())
    found = Candidates()
    if not rime.RimeCandidateListBegin(session, ctypes.byref(found)):
        return False
    try:
        for _ in range(DEEPEST):
            if not rime.RimeCandidateListNext(ctypes.byref(found)):
                return False
            if found.text.decode() == word:
                return True
        return False
    finally:
        rime.RimeCandidateListEnd(ctypes.byref(found))


if __name__ == "__main__":
    main()
