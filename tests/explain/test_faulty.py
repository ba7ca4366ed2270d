"""Which reference is named the mistake, and which are marked along with it."""

from __future__ import annotations

from small_heap import SmallHeap, heap

from outlive.explain.explain import explain_asked
from outlive.model.explanation import Explanation


def only(small: SmallHeap, type_name: str, **known: object) -> Explanation:
    (found,) = explain_asked(small, small.nodes(type_name), small.context(**known))
    return found


def marked(one: Explanation) -> list[str]:
    return [hop.label for hop in one.path if hop.faulty]


def test_reference_from_the_old_container_into_what_a_step_made_is_the_mistake() -> None:
    small = heap(
        """
        app: module old
        app.sessions: dict old
        app.sessions['u1']: app.Session step=7
        app.sessions['u1'].buffer: app.Buffer step=7
        """
    )
    found = only(small, "app.Buffer")
    assert found.held_by == "app.sessions"
    assert marked(found) == ["['u1']"]


def test_container_that_a_step_made_and_later_steps_fill_is_the_holder() -> None:
    small = heap(
        """
        app: module old
        app.registry: app.Registry step=0
        app.registry.rows: list step=0
        app.registry.rows[*] * 20: app.Row step=0+
        """
    )
    found = only(small, "app.Row")
    assert found.held_by == "app.registry.rows"
    assert found.explained == found.sampled == 20


def test_without_ages_the_paths_of_several_outlivers_part_at_the_holder() -> None:
    small = heap(
        """
        app: module
        app.registry: app.Registry
        app.registry.rows: list
        app.registry.rows[*] * 20: app.Row
        """
    )
    assert only(small, "app.Row").held_by == "app.registry.rows"


def test_linked_list_is_held_by_what_holds_its_head() -> None:
    small = heap(
        """
        app: module old
        app.head: app.Node step=3
        app.head.prev: app.Node step=2
        app.head.prev.prev: app.Node step=1
        """
    )
    found = only(small, "app.Node")
    assert found.explained == 3
    assert marked(found) == [".head"]


def test_range_is_marked_when_nothing_tells_which_reference_it_is() -> None:
    small = heap("app: module\napp.a: app.A\napp.a.b: app.B\napp.a.b.c: app.C")
    found = only(small, "app.C")
    assert marked(found) == [".a", ".b", ".c"]
    assert found.held_by == "app"
    assert "not certain" in found.sentence


def test_full_container_is_named_first_where_ages_are_not_known() -> None:
    small = heap("app: module\napp.a: app.A\napp.a.b: list\napp.a.b[*] * 9: app.B\napp.a.b[3].c: app.C")
    found = only(small, "app.C")
    assert found.held_by == "app.a.b"
    assert "not certain" in found.sentence


def test_container_that_grew_is_named_before_a_fuller_one() -> None:
    small = heap(
        """
        app: module
        app.full: list
        app.full[*] * 9: app.Shelf
        app.full[2].things: list
        app.full[2].things[0]: app.Thing
        """
    )
    grown = small.node("app.full[2].things")
    assert only(small, "app.Thing").held_by == "app.full"
    assert only(small, "app.Thing", grew=lambda node: 5 * (node == grown)).held_by == "app.full[2].things"


def test_reference_to_a_closed_file_is_the_mistake_without_any_age() -> None:
    small = heap("app: module\napp.files: list\napp.files[0]: _io.FileIO state=closed\napp.files[0].owner: app.Owner")
    found = only(small, "app.Owner")
    assert "[0]" in marked(found)
    assert "closed, and still referred to" in [hop.reason for hop in found.path]


def test_object_asked_about_out_of_curiosity_is_not_accused() -> None:
    small = heap("app: module\napp.settings: dict\napp.settings['debug']: app.Flag")
    found = only(small, "app.Flag", outlived=False)
    assert marked(found) == []
    assert "nothing shows that it should not" in found.sentence
    assert found.held_by == "app.settings['debug']"


def test_two_mistakes_are_two_explanations_and_the_common_one_comes_first() -> None:
    small = heap(
        """
        app: module old
        app.a: dict old
        app.b: dict old
        app.b[*] * 5: app.Session step=1+
        app.a[*] * 2: app.Session step=1+
        """
    )
    found = explain_asked(small, small.nodes("app.Session"), small.context())
    assert [(one.held_by, one.explained, one.sampled) for one in found] == [("app.b", 5, 7), ("app.a", 2, 7)]


def test_all_that_hangs_on_one_stuck_object_is_one_mistake() -> None:
    small = heap(
        """
        app: module old
        app.sessions: dict old
        app.sessions['u*'] * 3: app.Session step=1+
        app.sessions['u0'].buffer: app.Buffer step=1
        """
    )
    nodes = [*small.nodes("app.Session"), *small.nodes("app.Buffer")]
    (found,) = explain_asked(small, nodes, small.context())
    assert (found.explained, found.types) == (4, ("app.Session", "app.Buffer"))


def test_two_caches_of_one_class_are_told_apart() -> None:
    small = heap(
        """
        app: module old
        app.a: lib.Cache old
        app.a.data: dict old
        app.a.data[*] * 3: app.Row step=1+
        app.b: lib.Cache old
        app.b.data: dict old
        app.b.data[*] * 2: app.Row step=1+
        """
    )
    found = explain_asked(small, small.nodes("app.Row"), small.context())
    assert [one.held_by for one in found] == ["app.a.data", "app.b.data"]


def test_list_that_later_steps_fill_is_the_holder_though_lists_are_among_what_stays() -> None:
    small = heap(
        """
        app: module old
        app.loop: app.Loop old
        app.loop.timers: list step=1
        app.loop.timers[*] * 20: app.Timer step=1+
        app.loop.timers[3].parts: list step=4
        """
    )
    found = explain_asked(small, [*small.nodes("app.Timer"), *small.nodes("list")[1:]], small.context())
    assert found[0].held_by == "app.loop.timers"
    assert found[0].explained == 21


def test_linked_list_whose_elements_hold_parts_is_held_by_what_holds_its_head() -> None:
    lines = ["app: module old"]
    for length in range(8):
        node = "app.head" + ".prev" * length
        lines += [f"{node}: app.Node step={20 - length}", f"{node}.data: app.Data step={20 - length}"]
    small = heap("\n".join(lines))
    found = explain_asked(small, [*small.nodes("app.Node"), *small.nodes("app.Data")], small.context())
    assert marked(found[0]) == [".head"]
