import tomllib
from pathlib import Path

import pytest

THEME = tomllib.loads((Path(__file__).parents[3] / ".streamlit" / "config.toml").read_text())["theme"]
MINIMUM = 4.5
"""The contrast that WCAG 2 level AA requires for text of ordinary size."""

schemes = pytest.mark.parametrize("scheme", ["light", "dark"])
backgrounds = pytest.mark.parametrize("background", ["backgroundColor", "secondaryBackgroundColor"])


def rgb(colour):
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


@schemes
@pytest.mark.parametrize("text", ["textColor", "grayTextColor", "linkColor"])
@backgrounds
def test_text_has_contrast_on_every_background(contrast, scheme, text, background):
    assert contrast(rgb(THEME[scheme][text]), rgb(THEME[scheme][background])) >= MINIMUM


@schemes
@backgrounds
def test_page_names_have_contrast_in_the_sidebar(contrast, scheme, background):
    assert contrast(rgb(THEME[scheme]["textColor"]), rgb(THEME[scheme]["sidebar"][background])) >= MINIMUM


@schemes
def test_gray_badges_have_contrast(contrast, scheme):
    assert contrast(rgb(THEME[scheme]["grayTextColor"]), rgb(THEME[scheme]["grayBackgroundColor"])) >= MINIMUM


@schemes
def test_the_white_text_of_primary_buttons_has_contrast(contrast, scheme):
    assert contrast((255, 255, 255), rgb(THEME[scheme]["primaryColor"])) >= MINIMUM
