#!/usr/bin/env python3
"""Tests of the ledger reader against the published page: python3 -m unittest, in this folder.

Every code of the page's table has a smallest broken ledger here; a code that the page gains without
a test fails `EveryRule.test_every_code_of_the_page_has_a_case`.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "docs" / "lineage-format.md"
sys.path.insert(0, str(HERE))

import damage_check  # noqa: E402
import verify_ledger as reader  # noqa: E402

ZERO = "0" * 64
AS_OF = "2026-11-20T00:00:00.000Z"
KEYS = ("account_hash", "constraints_hash", "mandate_hash", "market_hash", "registry_hash")


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class CanonicalJson(unittest.TestCase):
    ACCEPTED = (
        '{}', '[]', 'null', 'true', 'false', '""', '{"a":[],"b":{"c":null}}', '{"":"","a":""}',
        r'"\"\\\b\t\n\f\r"', r'"\u0000\u001f\u000b"', '"/\u007f\u0080\u2028\ufeff\U0001f600"',
        '{"A":"","a":""}', '{"a":"","aa":""}', '{"\U0001f600":"","\ufb33":""}',  # UTF-16 order
        "[" * 64 + "]" * 64,
    )
    REFUSED = (
        '', ' {}', '{} ', '{}\n', '\ufeff{}', '{ }', '[true, false]', '{"a" :""}', '{"a": ""}',
        '{"b":"","a":""}', '{"a":"","a":""}', '{"\ufb33":"","\U0001f600":""}', '{"a":"",}', '[""',
        '0', '[1]', '{"a":-1}', '{"a":1.5}', '[1e3]', 'NaN', '[Infinity]', '-Infinity', 'True',
        "'a'", '{a:""}', r'"\/"', r'"\u0041"', r'"\u000a"', r'"\u001F"', r'"\u00e9"', '"\t"',
        '"\x00"', r'"\ud83d\ude00"', r'"\ud800"', r'"\x41"', '"a', '{}{}', '// a\n{}',
        "[" * 65 + "]" * 65, '{"a":' * 65 + '""' + "}" * 65, "[" * 100_000 + "]" * 100_000,
    )

    def test_accepts_canonical_texts(self):
        for text in self.ACCEPTED:
            with self.subTest(text[:70]):
                reader.parse_canonical(text.encode())

    def test_refuses_every_other_text(self):
        for text in self.REFUSED:
            with self.subTest(text[:70]), self.assertRaises(ValueError):
                reader.parse_canonical(text.encode())

    def test_refuses_what_is_not_utf_8(self):
        for data in (b'"\xff"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xc3'):
            with self.subTest(data), self.assertRaises(ValueError):
                reader.parse_canonical(data)


class Types(unittest.TestCase):
    LISTS = (
        (reader.EXPOSURE,
         ["0", "1", "-1", "10", "0.1", "-0.1", "0.000000000001", "-12.5",
          "79228162514264337593543950335", "-79228162514264337593543950335",
          "79228162514264337.593543950335"],
         ["", "-", "-0", "-0.0", "0.0", "1.0", "0.10", "00", "01", "-01", ".5", "5.", "+1", "1e3",
          "1E3", "0x1", " 1", "1 ", "1\n", "1,0", "1_0", "\u0661", "0.0000000000001", "NaN",
          "79228162514264337593543950336", "100000000000000000000000000000", "--1",
          "9999999999999999999999999999.99", "79228162514264337.593543950336", None, True, 1]),
        (reader.MONEY, ["0.00000001", "792281625142643375935.43950335"],
         ["0.000000001", "792281625142643375935.43950336"]),
        (reader.QUANTITY, ["0.000000001"], ["0.0000000001"]),
        (reader.counter, ["0", "1", "18446744073709551615"],
         ["", "-0", "-1", "01", "1.0", "18446744073709551616", "99999999999999999999", "1\n",
          None]),
        (reader.time, [AS_OF, "0001-01-01T00:00:00.000Z", "2024-02-29T23:59:59.999Z",
                       "9999-12-31T23:59:59.999Z"],
         ["0000-01-01T00:00:00.000Z", "2023-02-29T00:00:00.000Z", "2026-13-01T00:00:00.000Z",
          "2026-06-30T23:59:60.000Z", "2026-11-20T24:00:00.000Z", "2026-11-20T00:60:00.000Z",
          "2026-11-20T00:00:00Z", "2026-11-20T00:00:00.000+00:00", "2026-11-20 00:00:00.000Z",
          "2026-11-20T00:00:00.000Z\n", "\u0662026-11-20T00:00:00.000Z", "10000-01-01", None]),
        (reader.ASSET_ID, ["A", "BRK.B", "a:b_c-d", "9" * 32], ["", ".A", "9" * 33, "A/B", "A\n"]),
        (reader.CURRENCY, ["USD", "US1"], ["US", "usd", "1SD", "A" * 11]),
        (reader.PORTFOLIO_ID, ["a", "0_-", "a" * 63], ["", "A", "-a", "a" * 64]),
        (reader.HASH, [ZERO], ["0" * 63, "A" * 64, "0" * 65]),
        (reader.ORDER_ID, ["0" * 32], ["0" * 31, "A" * 32]),
        (reader.CODE, ["a", "group:energy", "a+b", "a" * 64], ["", "+a", "a b", "a" * 65]),
        (reader.TEXT, ["", " ~", "a" * 256], ["a" * 257, "\u00e9", "\t", "\u007f", None]),
    )

    def test_each_type_accepts_and_refuses(self):
        for check, good, bad in self.LISTS:
            for value, expected in [(v, True) for v in good] + [(v, False) for v in bad]:
                with self.subTest(f"{value!r} {expected}"):
                    self.assertIs(bool(check(value)), expected)


class Book:
    """Writes ledgers for the tests, right in everything that a test does not ask to be wrong."""

    def __init__(self):
        self.segments = [[]]
        self.pack = []
        self.count, self.prev, self.epoch, self.cycles = 0, ZERO, 1, 0
        self.cycle_hash, self.constraints = ZERO, ZERO
        self.lineage = {}
        self.head = None

    def raw(self, text: str) -> "Book":
        self.prev = sha(text)
        self.segments[-1].append(f"{self.prev} {text}")
        self.count += 1
        return self

    def add(self, kind: str, **members: object) -> "Book":
        record = {
            "schema": "ios012.record.v1", "kind": kind, "portfolio_id": "test",
            "seq": str(self.count), "prev": self.prev, "epoch": str(self.epoch), **members,
        }
        return self.raw(canonical({k: v for k, v in record.items() if v is not KeyError}))

    def reopen(self, next_epoch: bool = True) -> "Book":
        self.segments.append([])
        self.epoch += next_epoch
        return self

    def genesis(self, **members: object) -> "Book":
        opening = [{"account": "cash", "currency": "USD", "quantity": "1000"}]
        defaults = {"format": "ios012.ledger.v1", "base_currency": "USD", "opening": opening}
        return self.add("genesis", **{**defaults, **members})

    def document(self, text: str) -> str:
        self.pack.append(f"{sha(text)} {text}")
        return sha(text)

    def cycle(self, documents: dict | None = None, **members: object) -> "Book":
        self.cycles += 1
        if documents is None:
            documents = {key: self.document(canonical([key, str(self.cycles)])) for key in KEYS}
        defaults = {
            "cycle_id": str(self.cycles), "as_of": AS_OF, "mode": "paper", "regime_hash": None,
            "engine": {"name": "ios012", "rules": "1", "version": "1"}, **documents,
        }
        self.add("cycle", **{**defaults, **members})
        self.cycle_hash, self.constraints = self.prev, documents["constraints_hash"]
        return self

    def decision(self, asset: str = "AAA", transition: str = "0", binding=(),
                 allowed: str = "0.5", metadata: dict | None = None, **members) -> "Book":
        state = sha(canonical({
            "asset_id": asset, "cycle_hash": self.cycle_hash, "previous_exposure": "0",
            "reference_price": "10", "schema": "ios012.input_state.v1"}))
        self.lineage[asset] = sha(state + "0.5" + self.constraints)
        details = {
            "binding": [{"before": b, "after": a, "limit": "x"} for b, a in binding],
            "input_state_hash": state, "reason": "r", "reference_price": "10",
            "transition": transition, **(metadata or {}),
        }
        defaults = {
            "asset_id": asset, "target_exposure": "0.5", "allowed_exposure": allowed,
            "previous_exposure": "0", "transition_cost": "0", "timestamp": AS_OF,
            "lineage_hash": self.lineage[asset], "metadata": details,
        }
        return self.add("decision", **{**defaults, **members})

    def id(self, asset: str = "AAA", leg: str = "0") -> str:
        return sha(f"{self.lineage[asset]}/{leg}")[:32]

    def order(self, asset: str = "AAA", leg: str = "0", **members: object) -> "Book":
        defaults = {
            "order_id": self.id(asset, leg), "asset_id": asset, "leg": leg, "side": "buy",
            "quantity": "4", "limit_price": "10", "not_before": AS_OF,
        }
        return self.add("order", **{**defaults, **members})

    def outcome(self, **members: object) -> "Book":
        return self.add("outcome", **{"order_id": self.id(), "state": "filled", "code": "ok",
                                      **members})

    def fill(self, quantity: str = "4", **members: object) -> "Book":
        defaults = {
            "order_id": self.id(), "fill_id": "1", "quantity": quantity, "price": "10",
            "fee": "0", "currency": "USD", "time": AS_OF,
        }
        return self.add("fill", **{**defaults, **members})

    def refusal(self) -> "Book":
        return self.add("refusal", code="x", document="mandate", path="", rule="r", as_of=None,
                        received_sha256=ZERO)

    def recovery(self) -> "Book":
        return self.add("recovery", found="open_cycle", orders=[], side_file=None)

    def governance(self, document: str | None) -> "Book":
        return self.add("governance", event="e", document_hash=document,
                        evidence=[{"name": "n", "value": ""}])

    def breaker(self) -> "Book":
        return self.add("breaker", breaker="b", cause="c", action="halt", level="RED", evidence=[])

    def seal(self, outcome: str = "executed", counts: str = "000", **members: object) -> "Book":
        amounts = dict.fromkeys(("nlv_before", "nlv_after", "cash", "liabilities"), "0")
        decisions, orders, fills = counts
        return self.add("seal", **{
            "outcome": outcome, "decisions": decisions, "orders": orders, "fills": fills,
            "defcon": "GREEN", **amounts, **members})

    def traded(self) -> "Book":
        return self.genesis().cycle().decision().order().fill().outcome().seal(counts="111")

    def write(self, directory: Path, torn: str = "", torn_pack: str = "") -> Path:
        for number, lines in enumerate(self.segments, 1):
            text = "".join(f"{line}\n" for line in lines)
            text += torn if number == len(self.segments) else ""
            (directory / f"{number:06}.ledger").write_bytes(text.encode("utf-8", "surrogateescape"))
        pack = "".join(f"{line}\n" for line in self.pack) + torn_pack
        (directory / "documents.pack").write_bytes(pack.encode())
        head = self.head if self.head is not None else f"{self.count} {self.prev}\n"
        (directory / "head").write_bytes(head.encode())
        return directory


def open_cycle() -> Book:
    return Book().genesis().cycle().decision()


def with_line(line: str) -> Book:
    """A wrong line that the head covers."""
    book = Book().traded()
    book.segments[0].append(line)
    book.head = f"8 {ZERO}\n"
    return book


def with_head(head: str) -> Book:
    book = Book().traded()
    book.head = head
    return book


def with_pack(change) -> Book:
    book = Book().traded().cycle().seal()
    change(book.pack)
    return book


def same_documents(book: Book) -> dict:
    return dict(zip(KEYS, (line[:64] for line in book.pack[-len(KEYS):])))


def reused(book: Book) -> Book:
    """A third cycle that names the first cycle's mandate, which is no longer the last."""
    first = same_documents(book)
    book.cycle().seal()
    documents = {**same_documents(book), "mandate_hash": first["mandate_hash"]}
    return book.cycle(documents).seal()


def one_document_for_all(book: Book) -> Book:
    name = book.document("[]")
    return book.cycle(dict.fromkeys((*KEYS, "regime_hash"), name)).seal().cycle(
        {**dict.fromkeys(KEYS, name), "regime_hash": None}).seal()


def governed_twice(book: Book) -> Book:
    name = book.document("[]")
    return book.governance(name).governance(None).governance(name)


def governed_by_an_old_document(book: Book) -> Book:
    """What a cycle named last is not what a record of governance named last."""
    return book.governance(same_documents(book)["mandate_hash"])


def governed_by_one_that_returns(book: Book) -> Book:
    one, two = book.document("[]"), book.document("{}")
    return book.governance(one).governance(two).governance(one)


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


# code, line (None where a file as a whole is at fault) and a ledger that breaks just this rule
BROKEN = [
    ("head_form", None, lambda: with_head(f"7 {ZERO}")),
    ("head_form", None, lambda: with_head(f"07 {ZERO}\n")),
    ("head_form", None, lambda: with_head(f"7 {ZERO}\r\n")),
    ("head_form", None, lambda: with_head(f"7  {ZERO}\n")),
    ("head_form", None, lambda: with_head(f"7 {ZERO}\n\n")),
    ("head_form", None, lambda: with_head(f"18446744073709551616 {ZERO}\n")),
    ("head_form", None, lambda: with_head("0 " + "1" * 64 + "\n")),
    ("head_mismatch", 7, lambda: with_head(f"7 {ZERO}\n")),
    ("head_mismatch", None, lambda: with_head(f"8 {ZERO}\n")),
    ("segment_size", None, lambda: Book().traded().reopen().reopen()),
    ("segment_size", 1, lambda: Book().traded().reopen(next_epoch=False).cycle().seal()),
    ("line_form", 8, lambda: with_line("")),
    ("line_form", 8, lambda: with_line(ZERO)),
    ("line_form", 8, lambda: with_line(f"{ZERO}  {{}}"[1:])),
    ("line_form", 8, lambda: with_line(f"{sha('{}').upper()} {{}}")),
    ("line_form", 8, lambda: with_line(f"{sha('{}')}\t{{}}")),
    ("line_form", 8, lambda: with_line(ZERO + ' "\udcff"')),
    ("line_form", 8, lambda: with_line(f"{ZERO} {'a' * 65_536}")),
    ("line_form", 10, lambda: with_pack(lambda pack: pack.insert(9, "x"))),
    ("record_hash", 8, lambda: with_line(f"{ZERO} {{}}")),
    ("record_hash", 8, lambda: with_line(f"{ZERO} ")),
    ("record_hash", 8, lambda: with_line(f"{sha('{}')} {{}}\r")),
    ("document_hash", 10, lambda: with_pack(lambda pack: pack.insert(9, f"{ZERO} {{}}"))),
    ("canonical", 11, lambda: with_pack(lambda pack: pack.append(f"{sha('')} "))),
    ("canonical", 8, lambda: Book().traded().raw("")),
    ("canonical", 8, lambda: Book().traded().raw("{}\r")),
    ("canonical", 11, lambda: with_pack(lambda pack: pack.append(f"{sha('[1]')} [1]"))),
    ("canonical", 11, lambda: with_pack(lambda p: p.append(f"{sha(deep(65))} {deep(65)}"))),
    ("canonical", 8, lambda: Book().traded().raw('{"b":"","a":""}')),
    ("canonical", 8, lambda: Book().traded().raw('"' + "a" * 65_533)),
    ("member", 8, lambda: Book().traded().raw("[]")),
    ("member", 8, lambda: Book().traded().raw("{}")),
    ("member", 8, lambda: Book().traded().add("new", schema="ios012.record.v2")),
    ("member", 8, lambda: Book().traded().add("new", prev=KeyError)),
    ("member", 8, lambda: Book().traded().add("new kind")),
    ("member", 3, lambda: Book().genesis().cycle().decision(zz="1")),
    ("member", 3, lambda: Book().genesis().cycle().decision(asset_id=KeyError)),
    ("member", 3, lambda: Book().genesis().cycle().decision(metadata={"reason": None})),
    ("member", 3, lambda: Book().genesis().cycle().decision(metadata={"binding": [{}]})),
    ("member", 2, lambda: Book().genesis().cycle(mode="test")),
    ("member", 2, lambda: Book().genesis().cycle(account_hash=None)),
    ("member", 1, lambda: Book().genesis(format="ios012.ledger.v2")),
    ("member", 1, lambda: Book().genesis(opening=[{"account": "cash", "quantity": "1"}])),
    ("member", 1, lambda: Book().genesis(opening=[
        {"account": "a", "currency": "USD", "quantity": "0.000000001"}])),
    ("seq", 2, lambda: Book().genesis().add("new", seq="2")),
    ("seq", 1, lambda: Book().genesis(seq="1")),
    ("prev", 2, lambda: Book().genesis().add("new", prev=ZERO)),
    ("prev", 1, lambda: Book().genesis(prev="1" * 64)),
    ("portfolio_id", 2, lambda: Book().genesis().add("new", portfolio_id="other")),
    ("epoch", 1, lambda: Book().genesis(epoch="2")),
    ("epoch", 2, lambda: Book().genesis().add("new", epoch="2")),
    ("epoch", 2, lambda: Book().genesis().add("new", epoch="0")),
    ("epoch", 1, lambda: Book().traded().reopen().add("new", epoch="3")),
    ("genesis", 1, lambda: Book().breaker()),
    ("genesis", 1, lambda: Book().add("new")),
    ("genesis", 2, lambda: Book().genesis().genesis()),
    ("cycle_grammar", 2, lambda: Book().genesis().seal()),
    ("cycle_grammar", 2, lambda: Book().genesis().decision()),
    ("cycle_grammar", 2, lambda: Book().genesis().recovery()),
    ("cycle_grammar", 4, lambda: open_cycle().cycle()),
    ("cycle_grammar", 4, lambda: open_cycle().refusal()),
    ("cycle_grammar", 4, lambda: open_cycle().recovery()),
    ("cycle_grammar", 4, lambda: open_cycle().seal("refused", "100")),
    ("cycle_grammar", 4, lambda: open_cycle().seal("recovered", "100")),
    ("cycle_grammar", 1, lambda: open_cycle().reopen().breaker()),
    ("cycle_grammar", 1, lambda: open_cycle().reopen().seal("aborted", "100")),
    ("cycle_grammar", 2, lambda: open_cycle().reopen().recovery().order()),
    ("cycle_grammar", 2, lambda: open_cycle().reopen().recovery().recovery()),
    ("cycle_grammar", 2, lambda: open_cycle().reopen().recovery().seal("aborted", "100")),
    ("cycle_grammar", 3, lambda: Book().genesis().refusal().breaker()),
    ("cycle_grammar", 3, lambda: Book().genesis().refusal().add("new")),
    ("cycle_grammar", 3, lambda: Book().genesis().refusal().seal("executed")),
    ("cycle_id", 2, lambda: Book().genesis().cycle(cycle_id="2")),
    ("cycle_id", 4, lambda: Book().genesis().cycle().seal().cycle(cycle_id="1")),
    ("timestamp", 3, lambda: Book().genesis().cycle().decision(timestamp=AS_OF.replace("6", "7"))),
    ("decision_order", 4, lambda: Book().genesis().cycle().decision("B").decision("A")),
    ("decision_order", 4, lambda: open_cycle().decision()),
    ("decision_order", 3, lambda: Book().genesis().cycle().decision(transition="1")),
    ("decision_order", 5, lambda: Book().genesis().cycle().decision("A").decision("B").decision(
        "A", transition="2")),
    ("decision_order", 5, lambda: Book().genesis().cycle().decision("A").decision(
        "A", transition="1").decision("B").decision("B", transition="1")),
    ("binding", 3, lambda: Book().genesis().cycle().decision(allowed="0.4")),
    ("binding", 3, lambda: Book().genesis().cycle().decision(binding=[("0.6", "0.5")])),
    ("binding", 3, lambda: Book().genesis().cycle().decision(binding=[("0.5", "0.4")])),
    ("binding", 3, lambda: Book().genesis().cycle().decision(
        binding=[("0.5", "0.4"), ("0.3", "0.2")], allowed="0.2")),
    ("entry_balance", 2, lambda: Book().genesis().add("entry", event="interest", time=AS_OF, lines=[
        {"account": "cash", "amount": "-1", "currency": "USD"},
        {"account": "interest", "amount": "0.99999999", "currency": "USD"}])),
    ("entry_balance", 2, lambda: Book().genesis().add("entry", event="transfer", time=AS_OF, lines=[
        {"account": "cash", "amount": "1", "currency": "USD"},
        {"account": "cash", "amount": "-1", "currency": "EUR"}])),
    ("input_state_hash", 3, lambda: Book().genesis().cycle().decision(previous_exposure="0.1")),
    ("input_state_hash", 3, lambda: Book().genesis().cycle().decision(
        metadata={"reference_price": "11"})),
    ("lineage_hash", 3, lambda: Book().genesis().cycle().decision(lineage_hash=ZERO)),
    ("lineage_hash", 3, lambda: Book().genesis().cycle().decision(
        target_exposure="0.4", allowed="0.4")),
    ("no_decision", 4, lambda: open_cycle().order(asset_id="BBB")),
    ("no_decision", 4, lambda: open_cycle().add(
        "residual", asset_id="BBB", quantity="1", reason="r")),
    ("order_id", 4, lambda: open_cycle().order(leg="1", order_id=ZERO[:32])),
    ("order_id", 5, lambda: open_cycle().order().order()),
    ("no_order", 4, lambda: open_cycle().outcome()),
    ("no_order", 4, lambda: open_cycle().fill()),
    ("no_order", 10, lambda: Book().traded().cycle().decision().fill()),
    ("no_order", 2, lambda: Book().traded().reopen().recovery().fill()),
    ("fill_id", 6, lambda: open_cycle().order().fill("1").fill("1")),
    ("quantity", 4, lambda: open_cycle().order(quantity="0")),
    ("quantity", 4, lambda: open_cycle().order(quantity="-1")),
    ("quantity", 5, lambda: open_cycle().order().fill("0")),
    ("quantity", 5, lambda: open_cycle().order().fill("4.000000001")),
    ("quantity", 6, lambda: open_cycle().order().fill("3").fill("1.1", fill_id="2")),
    ("quantity", 6, lambda: open_cycle().order().fill("3.999999999").outcome()),
    ("seal", 4, lambda: open_cycle().seal()),
    ("seal", 5, lambda: open_cycle().order().seal(counts="100")),
    ("seal", 6, lambda: open_cycle().order().fill().seal(counts="110")),
    ("seal", 4, lambda: open_cycle().seal(counts="100", cash=None)),
    ("document_missing", 2, lambda: Book().genesis().cycle(dict.fromkeys(KEYS, ZERO))),
    ("document_missing", 2, lambda: with_pack(lambda pack: pack.pop(0))),
    ("document_missing", 8, lambda: with_pack(lambda pack: pack.pop())),
    ("document_missing", 8, lambda: with_pack(lambda pack: pack.insert(0, pack.pop()))),
    ("document_missing", 10, lambda: reused(Book().traded())),
    ("document_missing", 2, lambda: Book().genesis().governance(ZERO)),
    ("document_missing", 8, lambda: governed_by_an_old_document(Book().traded())),
    ("document_missing", 4, lambda: governed_by_one_that_returns(Book().genesis())),
]

WHOLE = [
    lambda: Book().traded(),
    lambda: Book().traded().reopen(),
    lambda: Book().traded().reopen().cycle().seal(),
    lambda: Book().genesis(),
    lambda: Book().genesis().breaker().add("new", any=["thing", None, True]),
    lambda: Book().genesis().refusal().seal("refused", cash=None),
    lambda: with_pack(lambda pack: pack.insert(5, pack[0])),  # repeated after a restart
    lambda: with_pack(lambda pack: pack.insert(0, pack.pop(4))),  # any order in one cycle
    lambda: with_pack(lambda pack: pack.extend(pack)),  # named by no record
    lambda: one_document_for_all(Book().genesis()),
    lambda: open_cycle().seal("aborted", "100", cash=None),
    lambda: Book().genesis().cycle().decision(metadata={"later": {}}).seal(counts="100"),
    lambda: Book().genesis().cycle().decision(
        binding=[("0.5", "0.4"), ("0.4", "-0.2")], allowed="-0.2").seal(counts="100"),
    lambda: Book().genesis().cycle().decision("A").decision("A", "1").seal(counts="200"),
    lambda: open_cycle().order().reopen().recovery().fill().outcome().seal("recovered", "111"),
    lambda: open_cycle().order().reopen().recovery().reopen().recovery().fill().seal(
        "recovered", "111"),
    lambda: Book().genesis().refusal().reopen().recovery().seal("recovered"),
    lambda: open_cycle().order().fill("0.000000001").fill("3.999999999", fill_id="2").outcome()
    .seal(counts="112"),
    lambda: Book().genesis().add("entry", event="split", time=AS_OF, lines=[
        {"account": "position", "amount": "-0.000000001", "asset_id": "AAA"},
        {"account": "cash", "amount": "1", "currency": "USD"},
        {"account": "transfers", "amount": "-1", "currency": "USD"},
        {"account": "cash", "amount": "0.00000001", "currency": "EUR"},
        {"account": "transfers", "amount": "-0.00000001", "currency": "EUR"}]),
    lambda: Book().genesis().governance(None),
    lambda: governed_twice(Book().genesis()),
]


class InDirectory(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.directory = Path(folder.name)

    def fresh(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self.directory))

    def damage(self, directory: Path, kept=None) -> reader.Damage:
        with self.assertRaises(reader.Damage) as caught:
            reader.verify(str(directory), kept)
        return caught.exception


class EveryRule(InDirectory):
    def test_every_broken_rule_is_named_with_its_line(self):
        for number, (code, line, make) in enumerate(BROKEN):
            with self.subTest(f"{number} {code}"):
                found = self.damage(make().write(self.fresh()))
                self.assertEqual((found.code, found.line), (code, line), found.detail)

    def test_whole_ledgers_are_complete(self):
        for number, make in enumerate(WHOLE):
            with self.subTest(number):
                report = reader.verify(str(make().write(self.fresh())))
                self.assertEqual(report.open_ends, [])

    def test_every_code_of_the_page_has_a_case(self):
        table = PAGE.read_text("utf-8").split("## What a verifier checks")[1].split("\n## ")[0]
        listed = set(re.findall(r"^\| `([a-z_]+)` \|", table, re.M))
        # Tiles are read with a checkpoint only, which this reader does not know.
        listed.remove("tile")
        elsewhere = {"unreadable", "not_a_ledger", "segment_numbers", "tail_cut_or_rewritten"}
        self.assertEqual(listed, {code for code, _, _ in BROKEN} | elsewhere)
        self.assertEqual(listed, set(damage_check.CODES))

    def test_files_that_are_missing_or_misnamed(self):
        for name in ("head", "documents.pack"):
            directory = Book().traded().write(self.fresh())
            (directory / name).unlink()
            self.assertEqual(self.damage(directory).code, "not_a_ledger")
        for name in ("000000", "000002", "999999"):
            directory = Book().traded().write(self.fresh())
            (directory / "000001.ledger").rename(directory / f"{name}.ledger")
            self.assertEqual(self.damage(directory).code, "segment_numbers")

    def test_a_segment_ends_after_the_first_seal_past_the_limit(self):
        def found(book, limit):
            with mock.patch.object(reader, "SEGMENT_LIMIT", limit):
                try:
                    return reader.verify(str(book.write(self.fresh()))).open_ends
                except reader.Damage as damage:
                    return damage.code, damage.file, damage.line

        def two_cycles():
            return Book().genesis().cycle().seal().reopen(next_epoch=False).cycle().seal()

        length = sum(len(line) + 1 for line in two_cycles().segments[0])
        self.assertEqual(found(two_cycles(), length - 1), [])
        self.assertEqual(found(two_cycles(), length), ("segment_size", "000002.ledger", 1))
        one = Book().genesis().cycle().seal().cycle()
        self.assertEqual(found(one, length - 1), ("segment_size", "000001.ledger", 4))
        self.assertEqual(found(Book().genesis().cycle().breaker().seal(), 1), [])

    def test_a_kept_head_finds_what_the_directory_cannot_show(self):
        book = Book().traded()
        directory = book.write(self.fresh())
        kept = reader.Head(7, book.prev)
        self.assertEqual(reader.verify(str(directory), kept).open_ends, [])
        for wrong in (reader.Head(8, book.prev), reader.Head(6, book.prev), reader.Head(7, ZERO),
                      reader.Head(0, "1" * 64)):
            self.assertEqual(self.damage(directory, wrong).code, "tail_cut_or_rewritten")
        shorter = Book().genesis().write(self.fresh())
        self.assertEqual(reader.verify(str(shorter)).open_ends, [])
        self.assertEqual(self.damage(shorter, kept).code, "tail_cut_or_rewritten")

    def test_what_a_crash_leaves_is_incomplete(self):
        no_segment = Book().write(self.fresh())
        (no_segment / "000001.ledger").unlink()
        unsealed = Book().traded().reopen().recovery()
        for directory, ends in (
            (Book().write(self.fresh()), ["there is no record yet"]),
            (no_segment, ["there is no record yet"]),
            (open_cycle().write(self.fresh()), ["the last cycle has no seal"]),
            (Book().genesis().refusal().write(self.fresh()), ["the last refusal has no seal"]),
            (unsealed.write(self.fresh()), ["the last recovery has no seal"]),
            (Book().traded().write(self.fresh(), torn="\0"), ["000001.ledger is torn from line 8 on"]),
            (Book().traded().write(self.fresh(), torn_pack="0"),
             ["documents.pack is torn from line 6 on"]),
        ):
            self.assertEqual(reader.verify(str(directory)).open_ends, ends)

    def test_a_torn_line_is_damage_before_the_last_segment_and_under_a_head(self):
        torn = Book().traded().write(self.fresh(), torn="0")
        (torn / "000002.ledger").write_bytes(b"")
        self.assertEqual(self.damage(torn).code, "line_form")
        covered = Book().genesis()
        covered.head = f"2 {ZERO}\n"
        self.assertEqual(self.damage(covered.write(self.fresh(), torn="0")).code, "head_mismatch")

    def test_the_longest_record_is_read(self):
        room = 65_535 - len(Book().genesis().add("new", text="").segments[0][1][65:])
        longest = Book().genesis().add("new", text="a" * room).write(self.fresh())
        self.assertEqual(reader.verify(str(longest)).records, 2)
        longer = Book().genesis().add("new", text="a" * (room + 1)).write(self.fresh())
        self.assertEqual(self.damage(longer).code, "line_form")

    def torn(self, book: Book, **ends: str) -> tuple[int, int, int, int]:
        """The whole records and documents of a torn ledger, and the bytes that are torn of each."""
        report = reader.verify(str(book.write(self.fresh(), **ends)))
        self.assertNotEqual(report.open_ends, [])
        torn = report.torn_record_bytes, report.torn_document_bytes
        return report.records, report.documents, *torn

    def test_a_line_that_does_not_hold_together_beyond_the_head_begins_a_torn_end(self):
        whole = Book().traded().cycle().seal()
        lines = whole.segments[0]
        for broken in ("\0" * 300, f"{ZERO}{lines[4][64:]}", f"{lines[4][:70]}\0{lines[4][71:]}", "",
                       f"{ZERO} ", f"{lines[4][:65]}\udcff", f"{lines[4]}\r", "a" * 70_000):
            with self.subTest(broken[:70]):
                holed = Book().traded().cycle().seal()
                holed.segments[0][4] = broken
                rest = sum(len(line) + 1 for line in holed.segments[0][4:])
                for records in (0, 3, 4):
                    hash_ = lines[records - 1][:64] if records else ZERO
                    holed.head = f"{records} {hash_}\n"
                    self.assertEqual(self.torn(holed), (4, 10, rest, 0))
                holed.head = f"5 {lines[4][:64]}\n"
                found = self.damage(holed.write(self.fresh()))
                self.assertIn(found.code, ("line_form", "record_hash"))
                self.assertEqual((found.file, found.line, found.seq), ("000001.ledger", 5, 4))

    def test_before_the_last_segment_and_far_from_its_end_it_is_damage(self):
        book = Book().traded().reopen()
        book.segments[0][4] = f"{ZERO} []"
        book.head = f"0 {ZERO}\n"
        found = self.damage(book.write(self.fresh()))
        self.assertEqual((found.code, found.line), ("record_hash", 5))
        far = Book().traded()
        for size in (1_048_576, 1_048_577):
            ends = {"torn": "\n" + "\0" * (size - 1)}
            if size == 1_048_576:
                self.assertEqual(self.torn(far, **ends), (7, 5, size, 0))
            else:
                self.assertEqual(self.damage(far.write(self.fresh(), **ends)).line, 8)

    def test_what_is_whole_and_wrong_is_no_torn_end(self):
        for text in ("", "[]", "{}", '{"b":"","a":""}'):
            book = Book().traded()
            records = book.prev
            book.raw(text).head = f"7 {records}\n"
            self.assertIn(self.damage(book.write(self.fresh())).code, ("canonical", "member"))

    def test_a_kept_head_above_a_torn_end_is_not_reached(self):
        book = Book().traded()
        kept = reader.Head(7, book.prev)
        book.head = f"4 {book.segments[0][3][:64]}\n"
        book.segments[0][4] = "x"
        directory = book.write(self.fresh())
        self.assertEqual(reader.verify(str(directory)).records, 4)
        self.assertEqual(self.damage(directory, kept).code, "tail_cut_or_rewritten")
        self.assertEqual(self.damage(directory, kept).file, ".")

    def test_the_pack_is_torn_only_after_what_records_name(self):
        unnamed = f"{sha('[]')} []\n"
        for end in ("x\n", "\n", f"{ZERO} []\n", f"{ZERO} []\n" + unnamed, "\0" * 2_000_000,
                    f"{ZERO} " + "\0" * 16_777_300, "x\n" + f"{sha('[1]')} [1]\n"):
            with self.subTest(end[:70]):
                torn = self.torn(Book().traded(), torn_pack=unnamed + end)
                self.assertEqual(torn, (7, 6, 0, len(end)))
        before = Book().traded()
        before.pack.insert(0, f"{ZERO} []")
        self.assertEqual(self.damage(before.write(self.fresh())).code, "document_hash")
        named = Book().genesis()
        named.governance(sha("[]")).pack.append(f"{sha('[]')} {{}}")
        self.assertEqual(self.damage(named.write(self.fresh())).code, "document_hash")


def write_byte(path: Path, at: int, byte: int) -> None:
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(bytes([byte]))


class PageExample(InDirectory):
    def setUp(self):
        super().setUp()
        damage_check.unpack_page(PAGE, self.directory)

    def test_it_is_complete(self):
        report = reader.verify(str(self.directory))
        self.assertEqual((report.records, report.cycles, report.decisions), (12, 1, 2))
        self.assertEqual((report.documents, report.open_ends), (5, []))

    def test_its_derivations_are_those_that_the_page_spells_out(self):
        blocks = dict(re.findall(r"^```text (\w+)\n(.*?)^```$", PAGE.read_text(), re.M | re.S))
        lines = (self.directory / "000001.ledger").read_text().splitlines()
        decision = json.loads(lines[2][65:])
        state = blocks["input_state"].rstrip("\n")
        self.assertEqual(sha(state), decision["metadata"]["input_state_hash"])
        parts = re.findall(r'"([^"]+)"', blocks["lineage"])
        self.assertEqual(sha("".join(parts)), decision["lineage_hash"])
        self.assertEqual(parts[1], decision["target_exposure"])

    def test_every_flipped_byte_is_found(self):
        for name in ("000001.ledger", "documents.pack", "head"):
            path = self.directory / name
            for at, byte in enumerate(path.read_bytes()):
                write_byte(path, at, byte ^ 1 << at % 8)
                with self.assertRaises(reader.Damage, msg=f"{name} byte {at}"):
                    reader.verify(str(self.directory))
                write_byte(path, at, byte)

    def test_every_cut_below_the_head_is_found(self):
        path = self.directory / "000001.ledger"
        for length in range(path.stat().st_size - 1, -1, -1):
            os.truncate(path, length)
            self.assertEqual(self.damage(self.directory).code, "head_mismatch")

    def run_reader(self, *arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, str(HERE / "verify_ledger.py"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_exit_codes(self):
        place = str(self.directory)
        head = (self.directory / "head").read_text().split()[1]
        self.assertEqual(self.run_reader(place).returncode, 0)
        done = self.run_reader(place, "--head", head, "--records", "12", "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)["status"]), (0, "complete"))
        for usage in ((), (place, "--head", head), (place, "--head", "x", "--records", "1")):
            self.assertEqual(self.run_reader(*usage).returncode, 2)
        self.assertEqual(self.run_reader(f"{place}/none").returncode, 7)
        with open(self.directory / "000001.ledger", "ab") as file:
            file.write(b"torn")
        self.assertEqual(self.run_reader(place).returncode, 6)
        with open(self.directory / "000001.ledger", "ab") as file:
            file.write(b"\n")
        done = self.run_reader(place, "--json")
        said = json.loads(done.stdout)
        self.assertEqual((done.returncode, said["torn_record_bytes"]), (6, 5))
        write_byte(self.directory / "000001.ledger", 0, ord("x"))
        done = self.run_reader(place, "--json")
        said = json.loads(done.stdout)
        self.assertEqual((done.returncode, said["code"], said["line"]), (5, "line_form", 1))

    def test_the_damage_check_fails_where_the_other_reader_is_blind(self):
        for blind, phrase in (("true {dir}", "missed"), ("false", "not good to begin with")):
            with redirect_stdout(io.StringIO()) as output:
                status = damage_check.main([str(PAGE), "--other", blind, "--cases", "10"])
            self.assertEqual(status, 1)
            self.assertIn(phrase, output.getvalue())

    def test_the_damage_check_compares_what_is_left_of_a_ledger(self):
        with open(self.directory / "000001.ledger", "ab") as file:
            file.write(b"torn")
        ours = damage_check.ask_python(self.directory, None)
        hash_ = (self.directory / "head").read_text().split()[1]
        said = f"12 records, 5 documents\nhead 12 {hash_}\n4 bytes of a torn record\n"
        for text, agrees in (
            (said, True), ("INCOMPLETE", True), (said.replace("head 12", "head 11"), False),
            (said.replace(hash_, ZERO), False), (said.replace("5 doc", "4 doc"), False),
            (said.replace("4 bytes", "5 bytes"), False), (said.replace("record\n", "\n"), False),
            (f"{said}; 1 bytes of a torn document", False),
        ):
            theirs = ours._replace(found=damage_check.found_in(text))
            self.assertIs(ours.agrees(theirs), agrees, text)


if __name__ == "__main__":
    unittest.main()
