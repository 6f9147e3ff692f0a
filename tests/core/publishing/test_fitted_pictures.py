"""Pictures are fitted once for the upload ahead and for the post."""

from typing import Any

import pytest

from core.media.pictures import CorruptPicture, PictureLimits
from core.publishing import fitted_pictures
from core.publishing.fitted_pictures import FittedPictures

LIMITS = PictureLimits(count=4, max_bytes=100_000)


@pytest.fixture
def fitted(monkeypatch) -> list[bytes]:
    """Return the contents that were fitted."""
    contents: list[bytes] = []
    fit = fitted_pictures.fit_picture

    def record(content: bytes, limits: PictureLimits, *, count: int) -> Any:
        contents.append(content)
        return fit(content, limits, count=count)

    monkeypatch.setattr(fitted_pictures, "fit_picture", record)
    return contents


def test_a_picture_is_fitted_once_for_the_same_limits(fitted, encoded_picture):
    pictures, content = FittedPictures(), encoded_picture()
    first = pictures.fit("a", content, LIMITS, 1)
    assert pictures.fit("a", content, LIMITS, 1) == first
    assert fitted == [content]


def test_other_limits_another_number_and_another_picture_are_fitted_anew(fitted, encoded_picture):
    pictures, content = FittedPictures(), encoded_picture()
    pictures.fit("a", content, LIMITS, 1)
    pictures.fit("a", content, PictureLimits(count=4, max_bytes=90_000), 1)
    pictures.fit("a", content, LIMITS, 2)
    pictures.fit("b", content, LIMITS, 1)
    assert len(fitted) == 4


def test_the_oldest_pictures_leave_when_the_memory_is_full(fitted, encoded_picture):
    content = encoded_picture()
    size = len(FittedPictures().fit("a", content, LIMITS, 1).content)
    fitted.clear()
    pictures = FittedPictures(max_bytes=2 * size)
    for reference in ("a", "b", "a", "c", "a"):
        pictures.fit(reference, content, LIMITS, 1)
    assert len(fitted) == 3
    pictures.fit("b", content, LIMITS, 1)
    assert len(fitted) == 4


def test_a_picture_that_cannot_be_fitted_is_not_kept(fitted):
    pictures = FittedPictures()
    for _ in range(2):
        with pytest.raises(CorruptPicture):
            pictures.fit("a", b"no picture", LIMITS, 1)
    assert len(fitted) == 2
