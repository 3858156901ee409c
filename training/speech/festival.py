"""Lets Debian's festival speak, with the voices of its packages festvox-*: people's recordings, joined anew."""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from training.speech.spoken import Spoken, phones_from_ends, read_wave

# The language that each voice reads, and the encoding that it wants.
VOICES: Final = {
    "kal_diphone": ("en", "latin-1"),
    "ked_diphone": ("en", "latin-1"),
    "cmu_us_slt_arctic_hts": ("en", "latin-1"),
    "lp_diphone": ("it", "latin-1"),
    "pc_diphone": ("it", "latin-1"),
    "suo_fi_lj_diphone": ("fi", "latin-1"),
    "hy_fi_mv_diphone": ("fi", "latin-1"),
    "czech_dita": ("cs", "iso8859-2"),
    "czech_krb": ("cs", "iso8859-2"),
    "czech_machac": ("cs", "iso8859-2"),
    "czech_ph": ("cs", "iso8859-2"),
    "msu_ru_nsh_clunits": ("ru", "utf-8"),
    "upc_ca_ona_hts": ("ca", "latin-1"),
    "hindi_NSK_diphone": ("hi", "utf-8"),
}
_SAY: Final = """\
(define (say text name)
  (let ((u (utt.synth (eval (list 'Utterance 'Text text)))))
    (utt.save.wave u (string-append name ".wav"))
    (utt.save.segs u (string-append name ".lab"))))
"""
_LONGEST_S: Final = 600


def speak_festival(voice: str, texts: Sequence[str]) -> Iterator[Spoken]:
    """`texts` by one of VOICES, with the times of festival's Segment relation; what it cannot read is left out."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [f'(unwind-protect (say "{text}" "{folder / str(i)}") nil)' for i, text in enumerate(texts)]
        script = folder / "say.scm"
        text = "\n".join([_SAY, f"(voice_{voice})", *lines])
        script.write_bytes(text.encode(VOICES[voice][1], errors="ignore"))
        subprocess.run(["festival", "--batch", str(script)], check=False, capture_output=True, timeout=_LONGEST_S)
        for i in range(len(texts)):
            labels, sound = folder / f"{i}.lab", folder / f"{i}.wav"
            if labels.is_file() and sound.is_file():
                rows = (line.split() for line in labels.read_text("latin-1").splitlines())
                ends = [(row[2], float(row[0])) for row in rows if len(row) == 3]
                yield Spoken(read_wave(sound), phones_from_ends(ends), "ascii")
