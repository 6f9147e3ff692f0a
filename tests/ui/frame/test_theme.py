"""The tokens of the look: their contrast, and that the stylesheet and the style guide use no other colours."""

import re
import tomllib
from pathlib import Path

import pytest

from ui.frame.first_paint import STYLE

ROOT = Path(__file__).parents[3]
THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
STYLES = re.sub(r"/\*.*?\*/", "", STYLE.read_text(), flags=re.DOTALL)
GUIDE = (ROOT / "docs" / "style-guide.md").read_text()
TOKEN = re.compile(r"--([\w-]+): light-dark\(([^()]+(?:\([^()]*\))?), ([^()]+(?:\([^()]*\))?)\);")
TOKENS = {name: {"light": light, "dark": dark} for name, light, dark in TOKEN.findall(STYLES)}
THEMED = {
    "ground": "backgroundColor",
    "ink": "textColor",
    "muted": "grayTextColor",
    "line": "borderColor",
    "accent": "primaryColor",
    "accent-text": "linkColor",
}
"""The token and the option of the theme that have the same colour."""
TEXT, SIGN = 4.5, 3.0
"""The contrast that WCAG 2 level AA requires for text of ordinary size, and for signs and the edges of fields."""
PAIRS = [
    ("ink", "ground", TEXT),
    ("ink", "card", TEXT),
    ("ink", "sidebar", TEXT),
    ("ink", "tag", TEXT),
    ("ink", "waits-ground", TEXT),
    ("muted", "ground", TEXT),
    ("muted", "card", TEXT),
    ("muted", "sidebar", TEXT),
    ("muted", "waits-ground", TEXT),
    ("accent-text", "ground", TEXT),
    ("accent-text", "card", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "bad-ground", TEXT),
    ("waits", "waits-ground", TEXT),
    ("waits", "card", SIGN),
    ("bad", "card", TEXT),
]
"""Each colour with a ground on which it appears, and the contrast that it needs."""

schemes = pytest.mark.parametrize("scheme", ["light", "dark"])
backgrounds = pytest.mark.parametrize("background", ["backgroundColor", "secondaryBackgroundColor"])


def rgb(colour):
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


@schemes
@pytest.mark.parametrize("text", ["textColor", "grayTextColor", "linkColor"])
@backgrounds
def test_text_has_contrast_on_every_background(contrast, scheme, text, background):
    assert contrast(rgb(THEME[scheme][text]), rgb(THEME[scheme][background])) >= TEXT


@schemes
@backgrounds
def test_page_names_have_contrast_in_the_sidebar(contrast, scheme, background):
    assert contrast(rgb(THEME[scheme]["textColor"]), rgb(THEME[scheme]["sidebar"][background])) >= TEXT


@schemes
def test_gray_badges_have_contrast(contrast, scheme):
    assert contrast(rgb(THEME[scheme]["grayTextColor"]), rgb(THEME[scheme]["grayBackgroundColor"])) >= TEXT


@schemes
def test_the_white_text_of_primary_buttons_has_contrast(contrast, scheme):
    assert contrast((255, 255, 255), rgb(THEME[scheme]["primaryColor"])) >= TEXT


@schemes
@pytest.mark.parametrize(("colour", "ground", "needed"), PAIRS)
def test_tokens_have_contrast(contrast, scheme, colour, ground, needed):
    assert contrast(rgb(TOKENS[colour][scheme]), rgb(TOKENS[ground][scheme])) >= needed


@schemes
def test_tokens_equal_the_colours_of_the_theme(scheme):
    named = {token: THEME[scheme][option] for token, option in THEMED.items()}
    named["sidebar"] = THEME[scheme]["sidebar"]["backgroundColor"]
    assert {token: TOKENS[token][scheme] for token in named} == named


def test_the_stylesheet_uses_no_colour_but_its_tokens():
    rules = TOKEN.sub("", STYLES)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|rgba|hsl|hsla|oklch|light-dark)\([^)]*\)", rules) == []


def test_the_stylesheet_uses_every_token_and_no_unknown_one():
    used = set(re.findall(r"var\(--(?!st-)([\w-]+)", STYLES))
    defined = set(re.findall(r"^\s+--([\w-]+):", STYLES, re.MULTILINE))
    assert used == defined


def test_the_style_guide_lists_every_colour_with_its_measured_contrast(contrast):
    rows = {}
    for line in GUIDE.splitlines():
        cells = [cell.strip(" `") for cell in line.strip("|").split("|")]
        if len(cells) >= 4 and cells[0] in TOKENS:
            rows[cells[0]] = cells[1:]
    assert set(rows) == set(TOKENS)
    for name, cells in rows.items():
        assert cells[:2] == [TOKENS[name]["light"], TOKENS[name]["dark"]], name
    for colour, ground, _ in PAIRS:
        figures = " and ".join(
            f"{contrast(rgb(TOKENS[colour][scheme]), rgb(TOKENS[ground][scheme])):.1f}" for scheme in ("light", "dark")
        )
        assert f"{ground}: {figures}" in rows[colour][2], (colour, ground)
