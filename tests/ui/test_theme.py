import tomllib
from pathlib import Path

import pytest

THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())["theme"]
ENOUGH = 4.5
"""WCAG 2 level AA, for text of ordinary size."""


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ink", ["textColor", "grayTextColor", "linkColor"])
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor"])
def test_text_can_be_read_on_every_ground(scheme, ink, ground):
    assert contrast(THEME[scheme][ink], THEME[scheme][ground]) >= ENOUGH


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_gray_badges_can_be_read(scheme):
    assert contrast(THEME[scheme]["grayTextColor"], THEME[scheme]["grayBackgroundColor"]) >= ENOUGH


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_white_letters_of_primary_buttons_can_be_read(scheme):
    assert contrast("#ffffff", THEME[scheme]["primaryColor"]) >= ENOUGH
