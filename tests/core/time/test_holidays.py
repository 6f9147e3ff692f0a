from datetime import date

from core.time.holidays import countries, public_holidays

CHRISTMAS = date(2026, 12, 25)


def test_holidays_of_a_country_have_their_names_in_english():
    found = public_holidays(["DE"], CHRISTMAS, date(2027, 1, 1))
    assert found == {
        CHRISTMAS: ["Christmas Day"],
        date(2026, 12, 26): ["Second Day of Christmas"],
        date(2027, 1, 1): ["New Year's Day"],
    }


def test_holidays_of_several_countries_name_their_country():
    assert public_holidays(["DE", "US"], CHRISTMAS, CHRISTMAS) == {
        CHRISTMAS: ["DE: Christmas Day", "US: Christmas Day"]
    }


def test_an_unknown_country_has_no_holidays():
    assert public_holidays(["XX", "../.."], CHRISTMAS, CHRISTMAS) == {}
    assert public_holidays([], CHRISTMAS, CHRISTMAS) == {}
    assert {"DE", "US", "IN"} <= set(countries())
