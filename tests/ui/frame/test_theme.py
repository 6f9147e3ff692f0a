import tomllib
from pathlib import Path

import pytest

THEME = tomllib.loads((Path(__file__).parents[3] / ".streamlit" / "config.toml").read_text())["theme"]
ENOUGH = 4.5
"""WCAG 2 level AA, for text of ordinary size."""


def rgb(colour):
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ink", ["textColor", "grayTextColor", "linkColor"])
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
def test_text_can_be_read_on_every_ground(contrast, scheme, ink, ground):
    assert contrast(rgb(THEME[scheme][ink]), rgb(THEME[scheme][ground])) >= ENOUGH


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
def test_the_names_of_the_pages_can_be_read(contrast, scheme, ground):
    assert contrast(rgb(THEME[scheme]["textColor"]), rgb(THEME[scheme]["sidebar"][ground])) >= ENOUGH


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_gray_badges_can_be_read(contrast, scheme):
    assert contrast(rgb(THEME[scheme]["grayTextColor"]), rgb(THEME[scheme]["grayBackgroundColor"])) >= ENOUGH


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_white_letters_of_primary_buttons_can_be_read(contrast, scheme):
    assert contrast((255, 255, 255), rgb(THEME[scheme]["primaryColor"])) >= ENOUGH
