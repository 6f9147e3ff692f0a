"""Pictures while the machine is short of memory: a sound one is not called damaged."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from core.errors import MachineShortage
from core.media import memory_shortage
from core.media.memory_shortage import picture_shortage
from core.media.pictures import CorruptPicture, PictureLimits, fit_picture, inspect_picture

ROOT = Path(__file__).parents[3]

WITHOUT_MEMORY = """
import resource, sys
from io import BytesIO
from PIL import Image
from core.errors import MachineShortage
from core.media.pictures import PictureLimits, fit_picture, inspect_picture

limits = PictureLimits(count=1, max_bytes=225_000, max_side=1500)
small, large = BytesIO(), BytesIO()
Image.new("RGB", (9, 9), "red").save(small, sys.argv[1])
Image.effect_noise((250, 250), 50).convert("RGB").resize((2000, 2000)).save(large, sys.argv[1], **eval(sys.argv[2]))
fit_picture(small.getvalue(), limits)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
for room in (0, 5, 15, 25):
    resource.setrlimit(resource.RLIMIT_AS, (used + room * 1_000_000, -1))
    for use in (inspect_picture, lambda content: fit_picture(content, limits)):
        try:
            use(large.getvalue())
        except MachineShortage as error:
            print(error)
    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
inspect_picture(large.getvalue())
print(fit_picture(large.getvalue(), limits).width)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the memory of a process is limited on Linux only")
@pytest.mark.parametrize(
    ("form", "options"), [("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True}), ("WEBP", {}), ("GIF", {})]
)
def test_a_sound_picture_is_never_damaged_for_lack_of_memory_and_is_read_afterwards(form, options):
    command = [sys.executable, "-c", WITHOUT_MEMORY, form, repr(options)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    *shortages, width = done.stdout.splitlines()
    assert int(width) <= 1500
    assert set(shortages) == {"This machine is short of memory: the picture cannot be read or scaled now."}


def encoded(form, size=(40, 30), **options):
    file = BytesIO()
    Image.effect_noise(size, 50).convert("RGB").save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_truncated_picture_is_damaged_while_there_is_memory_and_short_while_there_is_none(form, monkeypatch):
    content = encoded(form, (200, 200))
    content = content[: len(content) // 2]
    with pytest.raises(CorruptPicture):
        inspect_picture(content)
    with pytest.raises(CorruptPicture):
        fit_picture(content, PictureLimits(count=1, max_bytes=9999))
    monkeypatch.setattr(memory_shortage, "_is_free", lambda count: count < 12 * 200 * 200)
    with pytest.raises(MachineShortage) as shortage:
        inspect_picture(content)
    assert "more memory" in shortage.value.hint


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"exif": b"Exif\\0\\0"}])
def test_the_size_of_a_webp_picture_is_read_from_its_header(options, monkeypatch):
    asked = []
    monkeypatch.setattr(memory_shortage, "_is_free", lambda count: asked.append(count) or True)
    assert picture_shortage(OSError("could not create decoder object"), encoded("WEBP", **options), None) is None
    assert asked == [12 * 40 * 30]


@pytest.mark.parametrize("message", ["out of memory error", "encoder error -9 when writing image file"])
def test_the_messages_of_pillow_for_a_lack_of_memory_are_understood(message):
    assert picture_shortage(OSError(message), b"", 1) is not None
    assert picture_shortage(OSError("broken data stream"), b"", 1) is None


NO_FREE_HANDLE = """
import os, resource
from io import BytesIO
from PIL import Image
from core.media.pictures import inspect_picture, load_decoders

pictures = {form: bytes.fromhex(content) for form, content in %r.items()}
load_decoders()
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 64))
for form, content in pictures.items():
    print(form, inspect_picture(content).width)
"""


def test_after_the_decoders_are_loaded_pictures_are_decoded_without_a_free_file_handle():
    pictures = {form: encoded(form).hex() for form in ("PNG", "JPEG", "WEBP", "GIF")}
    command = [sys.executable, "-c", NO_FREE_HANDLE % pictures]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stdout.split("\n")[:-1] == [f"{form} 40" for form in pictures], done.stderr
