"""The contract language: what is read from it, and what is said to who writes it wrongly."""

from __future__ import annotations

import pytest

from outlive.contracts import ContractError, load_contracts, parse, rows
from outlive.contracts.conditions import condition_of
from outlive.contracts.places import default_name, place_mistake
from outlive.model.contracts import MUST, Condition, Contracts, Lifetime, Use

SESSION = '[[lifetime]]\nbegins = "shop.api:Session.__init__"\nends = "shop.api:Session.close"\n'
LEASE = '[[resource]]\ntype = "shop.Lease"\nkind = "lease"\nend_with = "release()"\nended = ["_released is true"]\n'


def mistakes(text: str) -> tuple[str, ...]:
    with pytest.raises(ContractError) as caught:
        parse(text, "outlive.toml")
    return caught.value.mistakes


def mistake(text: str) -> str:
    (only,) = mistakes(text)
    return only


# ---- what is read --------------------------------------------------------------------------------------------------


def test_lifetime_has_defaults_for_all_but_its_two_places() -> None:
    (found,) = parse(SESSION, "outlive.toml").pack.lifetimes
    assert found == Lifetime(
        "shop.api:Session.__init__",
        ("shop.api:Session.close",),
        ("garbage",),
        "self",
        "Session closed",
        "",
        "outlive.toml",
    )


def test_lifetime_is_read_with_every_key() -> None:
    text = SESSION.replace('"shop.api:Session.close"', '["shop.api:Session.close", "shop.api:abort"]')
    text += 'must = ["tasks", "fds"]\nof = "session"\nname = "visit over"\nmatters = "it costs"\noptional = true'
    (found,) = parse(text, "outlive.toml").pack.lifetimes
    assert found.ends == ("shop.api:Session.close", "shop.api:abort")
    assert (found.must, found.of, found.name) == (("tasks", "fds"), "session", "visit over")
    assert (found.matters, found.optional) == ("it costs", True)


def test_lifetime_says_how_to_count_who_still_uses_what_it_ends() -> None:
    text = SESSION + 'must = "nothing"\nwaits = true\n'
    text += 'in_use = { "_out" = "leases out", "_size + _more - _free[]._x if _mine" = "connections" }'
    (found,) = parse(text, "outlive.toml").pack.lifetimes
    assert found.in_use == (("_out", "leases out"), ("_size + _more - _free[]._x if _mine", "connections"))
    assert (found.must, found.waits) == (("nothing",), True)
    assert rows(Contracts((parse(text, "outlive.toml").pack,)))[0]["in_use"][0] == ["_out", "leases out"]


def test_use_is_read_with_its_conditions() -> None:
    text = '[[use]]\nby = "shop.Feed"\nof = "readers[].stream"\nkind = "feed"\nuntil = "_closed is true"'
    (found,) = parse(text, "outlive.toml").pack.uses
    assert found == Use("shop.Feed", "readers[].stream", "feed", "", (Condition("_closed"),), "outlive.toml")


def test_own_use_replaces_that_of_a_pack() -> None:
    text = '[[use]]\nby = "logging.Logger"\nof = "handlers[].stream"\nkind = "diary"'
    found = [row for row in load_contracts(text).uses if row.by == "logging.Logger"]
    assert [row.kind for row in found] == ["diary"]


@pytest.mark.parametrize("counted", ["_out()", "1 +", "_a * _b", "_a if", "[]", "_a if 1", "_a-_b"])
def test_what_cannot_be_counted_is_said_with_what_can(counted: str) -> None:
    assert "counts nothing; write an attribute" in mistake(SESSION + f'in_use = {{ "{counted}" = "things" }}')


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ('by = "shop.Feed"\nof = "stream"', "write what people call the user"),
        ('by = "shop.Feed"\nkind = "feed"', "write the attribute with what is used"),
        ('by = "shop.Feed"\nof = "stream()"\nkind = "feed"', "is no attribute"),
        ('by = "shop.Feed"\nof = "stream"\nkind = "feed"\nuntill = "x"', "did you mean `until`"),
    ],
)
def test_wrong_use_is_said_with_what_to_write(text: str, instead: str) -> None:
    assert any(instead in one for one in mistakes("[[use]]\n" + text))


def test_resource_is_read_with_its_conditions() -> None:
    (found,) = parse(
        LEASE + 'idle = "_pool is none and _left is empty"\nharmless = true', "outlive.toml"
    ).pack.resources
    assert (found.type, found.kind, found.end_with, found.harmless) == ("shop.Lease", "lease", "release()", True)
    assert found.ended == (Condition("_released", "true"),)
    assert found.idle == (Condition("_pool", "none", also=(Condition("_left", "empty"),)),)


def test_pack_has_a_name_and_what_it_requires() -> None:
    pack = parse('name = "shop"\nrequires = "shop.api"\n' + SESSION, "shop.toml").pack
    assert (pack.name, pack.requires, pack.lifetimes[0].pack) == ("shop", "shop.api", "shop")


@pytest.mark.parametrize("word", [*MUST, "everything"])
def test_every_word_of_must_is_understood(word: str) -> None:
    assert parse(SESSION + f'must = "{word}"', "outlive.toml").pack.lifetimes[0].must == (word,)


def test_condition_may_be_of_the_object_itself_an_attribute_or_a_text() -> None:
    assert condition_of("itself is closed") == Condition("", state="closed")
    assert condition_of("_file is closed") == Condition("_file", state="closed")
    assert condition_of("a.b is set") == Condition("a.b", "set")
    assert condition_of("_state is 'RUN'") == Condition("_state", "'RUN'")


# ---- what is said --------------------------------------------------------------------------------------------------


def test_mistake_names_file_line_and_row() -> None:
    said = mistake("\n\n" + SESSION + "\n" + SESSION.replace("begins", "begin").replace("Session", "Other"))
    assert said.startswith("outlive.toml:7, [[lifetime]] 2: `begin` is not known; did you mean `begins`?")


def test_all_mistakes_of_a_text_are_said_at_once() -> None:
    assert len(mistakes(SESSION + 'must = "task"\nof = "the session"\n' + LEASE + 'colour = "red"')) == 3


def test_text_that_is_no_toml_is_said_to_be_none() -> None:
    assert mistake("[[lifetime]\n").startswith("outlive.toml: this is not TOML: ")


@pytest.mark.parametrize(
    ("key", "instead"),
    [
        ("ressource", "`resource`"),
        ("lifetimes", "`lifetime`"),
        ("require", "`requires`"),
        ("colour", "the keys here are"),
    ],
)
def test_unknown_key_of_the_file_is_said_with_the_right_one(key: str, instead: str) -> None:
    assert instead in mistake(f'{key} = "x"')


@pytest.mark.parametrize(
    ("word", "instead"),
    [("task", "'tasks'"), ("temp files", "'temp-files'"), ("colour", "the words are garbage, tasks")],
)
def test_unknown_must_word_is_said_with_the_nearest_right_one(word: str, instead: str) -> None:
    assert instead in mistake(SESSION + f'must = ["garbage", "{word}"]')


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("shop.api.Session.close", "shop.api:Session.close"),
        ("shop.api.close", "shop.api:close"),
        ("shop.api:Session.close()", "shop.api:Session.close"),
        ("close", "shop.api:Session.close"),
    ],
)
def test_malformed_place_is_said_with_the_place_that_was_meant(written: str, meant: str) -> None:
    said = mistake(SESSION.replace('"shop.api:Session.close"', f'"{written}"'))
    assert f"{written!r} is no place; did you mean {meant!r}?" in said


def test_place_that_means_nothing_is_said_with_the_shape_of_one() -> None:
    assert place_mistake("a b:c").endswith('write "package.module:Class.method" or "package.module:function"')


def test_missing_ends_is_said_with_an_example_of_the_same_class() -> None:
    said = mistake('[[lifetime]]\nbegins = "shop.api:Session.__init__"')
    assert '`ends` is missing: write the call that ends it, as in ends = "shop.api:Session.close"' in said


def test_missing_keys_of_a_resource_are_said() -> None:
    assert "`type` is missing" in mistake('[[resource]]\nkind = "x"\nend_with = "y"\nended = "z is true"')
    assert "`ended` is missing" in mistake('[[resource]]\ntype = "a.B"\nkind = "x"\nend_with = "y"')


def test_row_declared_twice_is_said_with_both_numbers() -> None:
    assert mistake(SESSION * 2) == (
        "outlive.toml, [[lifetime]] 1 and 2: 'shop.api:Session.__init__' is declared twice; make one row of them"
    )
    assert "[[resource]] 1 and 2: 'shop.Lease' is declared twice" in mistake(LEASE * 2)
    assert "`ends` names 'a:b' twice" in mistake('[[lifetime]]\nbegins = "a:c"\nends = ["a:b", "a:b"]')


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("_closed", "is no condition: write an attribute, `is` and a word"),
        ("_closed is treu", "did you mean 'true'?"),
        ("itself is true", "no word for the object itself"),
        ("a-b is true", "'a-b' is no attribute"),
        ("_closed is banana", "write one of true, false"),
    ],
)
def test_wrong_condition_is_said_with_what_to_write(condition: str, said: str) -> None:
    assert said in mistake(LEASE.replace("_released is true", condition))


@pytest.mark.parametrize(
    "text", [SESSION + "optional = 1", SESSION + "name = 3", SESSION + "must = 3", LEASE + "harmless = 0"]
)
def test_value_of_a_wrong_kind_is_a_mistake(text: str) -> None:
    assert " must be " in mistake(text)


def test_single_brackets_are_said_to_be_too_few() -> None:
    assert "write [[lifetime]], in two brackets" in mistake('[lifetime]\nbegins = "a:b"')


def test_contract_error_is_one_of_usage_and_says_what_to_do() -> None:
    with pytest.raises(ContractError) as caught:
        parse("x = 1", "outlive.toml")
    assert caught.value.exit_code == 2
    assert "docs/reference/contracts.md" in str(caught.value)


# ---- what is in force ----------------------------------------------------------------------------------------------


def names(contracts: Contracts) -> list[str]:
    return [pack.name for pack in contracts.packs]


def test_packs_of_libraries_apply_where_their_module_is() -> None:
    assert "aiohttp" in names(load_contracts(has_module=lambda name: name == "aiohttp"))
    found = names(load_contracts(has_module=lambda name: False))
    assert "asyncio" in found
    assert "aiohttp" not in found


def test_pack_can_be_switched_off() -> None:
    assert "logging" in names(load_contracts())
    assert "logging" not in names(load_contracts('[packs]\noff = ["logging"]'))


def test_pack_that_is_not_there_cannot_be_switched_off() -> None:
    with pytest.raises(ContractError, match=r"there is no pack 'loging'; did you mean 'logging'\?"):
        load_contracts('[packs]\noff = ["loging"]')


def test_own_rows_come_first_and_replace_those_of_packs() -> None:
    mine = LEASE.replace("shop.Lease", "asyncio.base_events.Server") + SESSION
    found = load_contracts(mine)
    servers = [row for row in found.resources if row.type == "asyncio.base_events.Server"]
    assert [row.kind for row in servers] == ["lease"]
    assert names(found)[0] == "outlive.toml"


def test_rows_for_the_watched_side_are_plain_data() -> None:
    (pack,) = [parse(SESSION, "outlive.toml").pack]
    assert rows(Contracts((pack,))) == [
        {
            "begins": "shop.api:Session.__init__", "ends": ["shop.api:Session.close"], "must": ["garbage"],
            "of": "self", "name": "Session closed", "matters": "", "pack": "outlive.toml", "optional": False,
            "in_use": [], "waits": False, "library": "",
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("begins", "end", "name"),
    [
        ("a:Session", "a:Session.aclose", "Session closed"),
        ("a:Session.__init__", "a:Session.finish", "Session: finish() was called"),
        ("a:acquire", "a:release", "acquire released"),
    ],
)
def test_name_of_a_lifetime_is_made_of_its_places(begins: str, end: str, name: str) -> None:
    assert default_name(begins, end) == name
