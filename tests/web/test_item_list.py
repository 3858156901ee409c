"""Only what has changed is sent to a list, and nothing where nothing has."""

from heygem.web.item_list import Action, Row, Shown, build_update

ROWS = [Row("a", "<p>1</p>"), Row("b", "<p>2</p>"), Row("c", "<p>3</p>")]


def test_the_first_update_is_whole() -> None:
    value, shown = build_update(ROWS, Shown())
    assert value is not None
    assert (value["base"], value["order"], set(value["rows"])) == ("", ["a", "b", "c"], {"a", "b", "c"})
    assert shown.version == value["version"]


def test_an_empty_list_is_told_once() -> None:
    value, shown = build_update([], Shown())
    assert value is not None and value["order"] == []
    assert build_update([], shown) == (None, shown)


def test_nothing_is_sent_where_nothing_changed() -> None:
    _, shown = build_update(ROWS, Shown())
    assert build_update(list(ROWS), shown) == (None, shown)


def test_only_changed_rows_are_sent() -> None:
    _, shown = build_update(ROWS, Shown())
    value, then = build_update([ROWS[0], Row("b", "<p>new</p>"), ROWS[2]], shown)
    assert value is not None and value["rows"] == {"b": ["item", "<p>new</p>"]}
    assert (value["base"], value["version"]) == (shown.version, then.version)


def test_answers_that_overtake_one_another_are_told_apart() -> None:
    _, shown = build_update(ROWS, Shown())
    first, _ = build_update(ROWS[:2], shown)
    second, _ = build_update(ROWS[1:], shown)
    assert first is not None and second is not None
    assert first["base"] == second["base"] and first["version"] != second["version"]


def test_a_removed_and_a_moved_row_need_no_html() -> None:
    _, shown = build_update(ROWS, Shown())
    value, _ = build_update([ROWS[2], ROWS[0]], shown)
    assert value is not None and (value["order"], value["rows"]) == (["c", "a"], {})


def test_an_action_from_a_browser_may_be_anything() -> None:
    class Event:
        _data: object = {"action": "remove-checked", "key": 7, "checked": ["a", None]}

    assert Action.read(Event()) == Action("remove-checked", "7", ("a", "None"))  # type: ignore[arg-type]  # no event
    Event._data = "nonsense"
    assert Action.read(Event()) == Action("", "", ())  # type: ignore[arg-type]  # no event
