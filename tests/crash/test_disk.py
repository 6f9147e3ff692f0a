"""A full disk: new posts are refused by name, due ones wait, and all of them go out once there is room."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import PunctualError, lacking_in
from tests.crash.processes import ROOT

SIZE = "4m"
INSIDE = "TEST_IN_USER_NAMESPACE"
FULL_SECONDS = 3
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a small disk is mounted by Linux's tmpfs")


@pytest.fixture
def home_path(request, tmp_path) -> Iterator[Path]:
    """Return the folder of a home on a disk of 4 MB, a tmpfs.

    Only root mounts one. For another user the test runs in a process of its own, which is root in a user namespace.
    """
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", folder], capture_output=True).returncode:
        _run_in_namespace(request.node.nodeid)
    yield folder / "home"
    subprocess.run(["umount", "--lazy", folder], check=True)


def _run_in_namespace(test: str) -> None:
    """Run a test in a user namespace. Skip it here if it has passed there, else fail."""
    if INSIDE in os.environ:
        pytest.fail("This machine lets nobody mount a tmpfs: run the tests as root, or allow user namespaces.")
    command = ["unshare", "-rm", sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    found = subprocess.run(command, env=os.environ | {INSIDE: "yes"}, cwd=ROOT, capture_output=True, text=True)
    if found.returncode:
        pytest.fail(found.stdout + found.stderr)
    pytest.skip("It has passed in a user namespace of its own, because this user mounts no tmpfs.")


@pytest.fixture
def fill(home_path):
    """Return a function that fills the disk, and returns the file that fills it."""

    def fill_disk() -> Path:
        filler = home_path.with_name("filler")
        with filler.open("wb", buffering=0) as file:
            for size in (65536, 4096, 512):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue
        assert shutil.disk_usage(home_path).free < 4096
        return filler

    return fill_disk


def fill_pages(schedule) -> None:
    """Schedule more posts than fit into the room that is left in the pages of the files."""
    for _ in range(200):
        schedule(ahead=3600)


def test_on_a_full_disk_a_post_is_refused_by_name_and_the_due_posts_go_out_once_there_is_room(
    home, engine, pid, schedule, due, connect, accepting, observer, published, fill
):
    connect(accepting.address)
    process = engine()
    pid()
    posts = [schedule("outbox", "webhook:shop", ahead=8) for _ in range(3)]
    filler = fill()
    with pytest.raises(PunctualError) as refusal:
        fill_pages(schedule)
    assert lacking_in(str(refusal.value)) == "disk space"
    assert "nothing was changed" in str(refusal.value)
    due(posts[0])
    time.sleep(FULL_SECONDS)
    assert {observer.now(post_id) for post_id in posts} == {"Queue: going out"}
    assert process.poll() is None
    filler.unlink()
    for post_id in posts:
        published(post_id)
    assert sorted(accepting.ids) == sorted(posts)
    assert {entry.post_id for entry in home.outbox.feed(limit=10)} == set(posts)
    published(schedule())
