import pytest

from core.storage.home_errors import HomeUnusable
from core.worker.lock import WorkerRunning, worker_lock, worker_runs
from core.worker.record import WorkerEnd, WorkerFiles, WorkerRecord

RECORD = WorkerRecord(pid=4711, port=4600, control_port=4601, secret="s3cret", supervised=True)


def test_a_second_worker_is_refused_and_the_first_is_named(files):
    with worker_lock(files):
        RECORD.write(files)
        with pytest.raises(WorkerRunning, match=r"process 4711 at http://127\.0\.0\.1:4600\.$"), worker_lock(files):
            pass
        assert worker_runs(files)
    assert not worker_runs(files)


def test_a_home_without_a_worker_has_none(files):
    assert not worker_runs(files)
    assert WorkerRecord.read(files) is None
    assert WorkerEnd.read(files) is None


def test_the_record_of_a_killed_worker_is_forgotten_by_the_next_one(files):
    with worker_lock(files):
        RECORD.write(files)
    with worker_lock(files):
        assert WorkerRecord.read(files) is None


def test_the_record_is_private_and_shows_no_secret(files):
    with worker_lock(files):
        RECORD.write(files)
    assert files.record.stat().st_mode & 0o777 == 0o600
    assert WorkerRecord.read(files) == RECORD
    assert "s3cret" not in repr(RECORD)


@pytest.mark.parametrize("content", ["", "null", "[]", '{"pid": 1}', '{"at": "noon", "reason": "x"}'])
def test_an_unreadable_record_is_none(files, content):
    files.folder.mkdir()
    files.record.write_text(content)
    files.last_end.write_text(content)
    assert WorkerRecord.read(files) is None
    assert WorkerEnd.read(files) is None


def test_a_home_that_is_a_file_has_no_lock(tmp_path):
    (tmp_path / "home").write_text("a file")
    with pytest.raises(HomeUnusable), worker_lock(WorkerFiles(tmp_path / "home")):
        pass
