#!/usr/bin/env python3
"""Verifies an IoS-012 ledger, from its published format alone (docs/lineage-format.md, version 1).

    python3 verify_ledger.py DIR [--head HASH --records N] [--json]

DIR holds the ledger of one portfolio. HASH and N are a head that was kept outside of DIR: with them
a cut tail or a rewritten past is found too. The reader opens files for reading only, shares no code
with the engine and needs nothing but Python 3.9 or later. It reads each file once, line by line.

Exit codes:
    0  complete: every rule of the page holds, and nothing is left open
    6  incomplete: every rule holds, but a crash left the end open
    5  damaged: the first bad line is named by file, line, seq and the code of the broken rule
    2  usage
    7  unreadable: the system could not read a file; this says nothing about the ledger
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
from dataclasses import dataclass, field
from datetime import date
from typing import Any, BinaryIO, Callable, Dict, Iterable, NamedTuple

RECORD_LIMIT = 65_535
DOCUMENT_LIMIT = 16_777_216
SEGMENT_LIMIT = 67_108_864
TORN_LIMIT = 1_048_576  # how far from the end of the last segment a torn end may begin
DEPTH_LIMIT = 64
DECIMAL_LIMIT = 79_228_162_514_264_337_593_543_950_335
ZERO_HASH = "0" * 64
HEAD, PACK = "head", "documents.pack"
COMPLETE, DAMAGED, INCOMPLETE, UNREADABLE = 0, 5, 6, 7  # argparse exits with 2


class Head(NamedTuple):
    """A count of records, and the record hash of the last of them."""

    records: int
    hash: str


class Damage(Exception):
    """The first broken rule, and where it is broken."""

    def __init__(self, code: str, file: str, line: int | None, seq: int | None, detail: str):
        super().__init__(detail)
        self.code, self.file, self.line, self.seq, self.detail = code, file, line, seq, detail


@dataclass
class Report:
    """What stands in a ledger in which no rule is broken."""

    portfolio_id: str | None = None
    records: int = 0
    head: str = ZERO_HASH
    cycles: int = 0
    decisions: int = 0
    documents: int = 0
    torn_record_bytes: int = 0
    torn_document_bytes: int = 0
    open_ends: list[str] = field(default_factory=list)  # what a crash left, if anything


# Canonical JSON. A text is canonical when it is what a canonical writer writes for its value. So it
# is parsed, with numbers, repeated and unsorted keys refused, and rendered: the one canonical form
# of the value must be the text. It escapes what RFC 8785 escapes.


def refuse_number(text: str) -> None:
    raise ValueError(f"a JSON number: {text[:40]}")


def sorted_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key.encode("utf-16-be") for key, _ in pairs]
    if any(left >= right for left, right in zip(keys, keys[1:])):
        raise ValueError("keys do not ascend, each once")
    return dict(pairs)


PARSER = json.JSONDecoder(
    object_pairs_hook=sorted_object,
    parse_int=refuse_number,
    parse_float=refuse_number,
    parse_constant=refuse_number,
)
RENDERER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def depth(value: Any) -> int:
    items = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, items), default=0) if isinstance(value, (dict, list)) else 0


def parse_canonical(data: bytes) -> Any:
    """The value of a canonical text; ValueError for any other text."""
    text = data.decode("utf-8")
    try:
        value = PARSER.decode(text)
        if data.count(b"{") + data.count(b"[") > DEPTH_LIMIT and depth(value) > DEPTH_LIMIT:
            raise ValueError("nested too deep")
    except RecursionError:
        raise ValueError("nested too deep") from None
    if RENDERER.encode(value) != text:
        raise ValueError("not the canonical form of its value")
    return value


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# Types of members: each says whether a value is of the type.

Type = Callable[[Any], bool]


def pattern(expression: str) -> Type:
    compiled = re.compile(expression, re.ASCII)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def decimal(places: int) -> Type:
    form = pattern(r"-?(0|[1-9][0-9]{0,28})(\.[0-9]{0,%d}[1-9])?" % (places - 1))

    def check(value: Any) -> bool:
        if not form(value) or value == "-0":
            return False
        digits = value.lstrip("-").replace(".", "")
        return len(digits) <= 29 and int(digits) <= DECIMAL_LIMIT

    return check


def one_of(*texts: str) -> Type:
    return lambda value: isinstance(value, str) and value in texts


def nullable(member: Type) -> Type:
    return lambda value: value is None or member(value)


def at_least(**members: Type) -> Type:
    return lambda value: isinstance(value, dict) and all(
        name in value and member(value[name]) for name, member in members.items()
    )


def exactly(**members: Type) -> Type:
    """An object with these members and no other."""
    has_all = at_least(**members)
    return lambda value: has_all(value) and len(value) == len(members)


def array(item: Type) -> Type:
    return lambda value: isinstance(value, list) and all(map(item, value))


def counter(value: Any) -> bool:
    return COUNTER_FORM(value) and int(value) < 2**64


def time(value: Any) -> bool:
    try:
        return TIME_FORM(value) and date.fromisoformat(value[:10]) is not None
    except ValueError:  # no date that exists in the years 0001 to 9999
        return False


def amount_line(name: str) -> Type:
    """A line of the books: money with a currency, or a quantity with an asset."""
    cash = exactly(account=CODE, currency=CURRENCY, **{name: MONEY})
    asset = exactly(account=CODE, asset_id=ASSET_ID, **{name: QUANTITY})
    return lambda value: cash(value) or asset(value)


COUNTER_FORM = pattern("0|[1-9][0-9]{0,19}")
TIME_FORM = pattern(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
)
HASH = pattern("[0-9a-f]{64}")
EXPOSURE, MONEY, PRICE, QUANTITY = decimal(12), decimal(8), decimal(8), decimal(9)
ASSET_ID = pattern("[A-Za-z0-9][A-Za-z0-9._:-]{0,31}")
CURRENCY = pattern("[A-Z][A-Z0-9]{2,9}")
PORTFOLIO_ID = pattern("[a-z0-9][a-z0-9_-]{0,62}")
ORDER_ID = pattern("[0-9a-f]{32}")
CODE = pattern("[A-Za-z0-9][A-Za-z0-9._:+-]{0,63}")
TEXT = pattern("[ -~]{0,256}")
LEVEL = one_of("GREEN", "YELLOW", "ORANGE", "RED", "BLACK")
STATE = one_of("accepted", "rejected", "cancelled", "expired", "unknown", "filled")
EVIDENCE = array(exactly(name=CODE, value=TEXT))
BINDING = array(exactly(after=EXPOSURE, before=EXPOSURE, limit=CODE))
METADATA = at_least(
    binding=BINDING, input_state_hash=HASH, reason=CODE, reference_price=PRICE, transition=counter
)
SIDE_FILE = exactly(bytes=counter, first_seq=counter, name=CODE, sha256=HASH)
AMOUNTS = ("nlv_before", "nlv_after", "cash", "liabilities")
DOCUMENTS = ("account_hash", "constraints_hash", "mandate_hash", "market_hash", "registry_hash",
             "regime_hash")

Members = Dict[str, Type]
ENVELOPE: Members = dict(
    schema=one_of("ios012.record.v1"), kind=CODE, portfolio_id=PORTFOLIO_ID, seq=counter,
    prev=HASH, epoch=counter)
KINDS: Dict[str, Members] = dict(
    genesis=dict(
        format=one_of("ios012.ledger.v1"), base_currency=CURRENCY,
        opening=array(amount_line("quantity"))),
    cycle=dict(
        dict.fromkeys(DOCUMENTS, HASH), regime_hash=nullable(HASH), mandate_hash=nullable(HASH),
        cycle_id=counter, as_of=time, mode=one_of("paper", "live"), engine=exactly(name=CODE, rules=CODE, version=CODE)),
    decision=dict(
        asset_id=ASSET_ID, target_exposure=EXPOSURE, allowed_exposure=EXPOSURE,
        previous_exposure=EXPOSURE, transition_cost=MONEY, timestamp=time, lineage_hash=HASH,
        metadata=METADATA),
    order=dict(
        order_id=ORDER_ID, asset_id=ASSET_ID, leg=counter, side=one_of("buy", "sell"),
        quantity=QUANTITY, limit_price=PRICE, not_before=time),
    outcome=dict(order_id=ORDER_ID, state=STATE, code=CODE),
    fill=dict(
        order_id=ORDER_ID, fill_id=CODE, quantity=QUANTITY, price=PRICE, fee=MONEY,
        currency=CURRENCY, time=time),
    residual=dict(asset_id=ASSET_ID, quantity=QUANTITY, reason=CODE),
    entry=dict(event=CODE, time=time, lines=array(amount_line("amount"))),
    breaker=dict(breaker=CODE, cause=CODE, action=CODE, level=LEVEL, evidence=EVIDENCE),
    governance=dict(event=CODE, document_hash=nullable(HASH), evidence=EVIDENCE),
    refusal=dict(
        code=CODE, document=CODE, path=TEXT, rule=TEXT, as_of=nullable(time),
        received_sha256=HASH),
    recovery=dict(
        found=CODE, orders=array(exactly(order_id=ORDER_ID, state=STATE)),
        side_file=nullable(SIDE_FILE)),
    seal=dict(
        dict.fromkeys(AMOUNTS, nullable(MONEY)), decisions=counter, orders=counter, fills=counter,
        outcome=one_of("executed", "aborted", "refused", "recovered"), defcon=LEVEL),
)


def wrong_member(record: Any) -> str | None:
    """What is wrong with the members of a record, or None."""
    if not isinstance(record, dict):
        return "the record is not an object"
    kind = record.get("kind")
    own = KINDS.get(kind) if isinstance(kind, str) else None
    for name, member in {**ENVELOPE, **(own or {})}.items():
        if name not in record:
            return f"{name} is missing"
        if not member(record[name]):
            return f"{name} is not of its type: {json.dumps(record[name])[:80]}"
    unknown = record.keys() - ENVELOPE.keys() - own.keys() if own else ()
    return f"unknown member {ascii(min(unknown))}" if unknown else None


class Lines:
    """The lines of one file. No more is read at once than the longest line that is allowed."""

    def __init__(self, path: str, limit: int):
        self.name, self.path = os.path.basename(path), path
        self.file: BinaryIO = open(path, "rb")
        self.longest = 64 + 1 + limit + 1
        self.number = 0
        self.start = 0  # where the line read last begins
        self.length = 0  # the bytes of the whole lines so far
        self.torn = 0  # the bytes of a torn end

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def rest(self) -> int:
        """The bytes from the line read last to the end of the file."""
        return os.path.getsize(self.path) - self.start

    def next(self) -> tuple[str, bytes] | None:
        """The hash and the JSON of the next whole line; None at the end, or where it is torn."""
        line = b"" if self.file.closed else self.file.readline(self.longest)
        self.number += 1
        self.start = self.length
        if not line.endswith(b"\n"):
            if len(line) == self.longest:
                raise ValueError("its JSON is longer than allowed")
            self.torn = self.torn or len(line)
            self.file.close()
            return None
        self.length += len(line)
        if not re.match(rb"[0-9a-f]{64} ", line):
            raise ValueError("the line is not a hash, a space, JSON and a line feed")
        line.decode("utf-8")
        return line[:64].decode("ascii"), line[65:-1]


def units(text: str) -> int:
    """A decimal of at most nine places as an exact count of 1e-9."""
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(9, "0"))


@dataclass
class Order:
    """An order of the open cycle and what of it is filled, both in 1e-9 of a unit."""

    quantity: int
    filled: int = 0
    fill_ids: set[str] = field(default_factory=set)


class Verifier:
    """Reads one ledger from its first record to its last and stops at the first broken rule."""

    def __init__(self, directory: str, kept: Head | None = None):
        self.directory, self.kept = directory, kept
        self.report = Report()
        self.file, self.line, self.seq = HEAD, None, None  # the place that is checked
        self.epoch = 0
        self.segment_full = False  # the record before was a seal past the limit
        self.named: dict[str, str] = {}  # member of a record: the document it named last
        self.open: str | None = None  # "cycle", "refusal", "recovery" or nothing
        self.cycle: dict[str, Any] = {}  # its record
        self.cycle_hash = ZERO_HASH
        self.last_move = (-1, "")  # transition and asset of its last decision
        self.lineages: dict[str, list[str]] = {}  # asset: the lineage hashes of its decisions
        self.orders: dict[str, Order] = {}
        self.counts = {"decisions": 0, "orders": 0, "fills": 0}  # since the last seal

    def fail(self, code: str, detail: str) -> None:
        raise Damage(code, self.file, self.line, self.seq, detail)

    def checked(self, code: str, read: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return read(*arguments)
        except ValueError as error:
            return self.fail(code, str(error))

    def run(self) -> Report:
        names = set(os.listdir(self.directory))
        for self.file in (PACK, HEAD):
            if self.file not in names:
                self.fail("not_a_ledger", f"there is no {self.file}")
        self.head = self.read_head()
        segments = sorted(name for name in names if re.fullmatch(r"[0-9]{6}\.ledger", name))
        for number, self.file in enumerate(segments, 1):
            if self.file != f"{number:06}.ledger":
                self.fail("segment_numbers", f"segment {number} should be here")
        self.file = "."
        self.check_heads()
        with Lines(os.path.join(self.directory, PACK), DOCUMENT_LIMIT) as self.pack:
            for name in segments:
                with Lines(os.path.join(self.directory, name), RECORD_LIMIT) as lines:
                    self.segment(lines, is_last=name == segments[-1])
            self.finish()
        return self.report

    def read_head(self) -> Head:
        with open(os.path.join(self.directory, HEAD), "rb") as file:
            data = file.read(200)
        match = re.fullmatch(rb"(0|[1-9][0-9]{0,19}) ([0-9a-f]{64})\n", data)
        if match is None or int(match[1]) >= 2**64:
            self.fail("head_form", "it is not a counter, a space, a hash and a line feed")
        head = Head(int(match[1]), match[2].decode("ascii"))
        if head.records == 0 and head.hash != ZERO_HASH:
            self.fail("head_form", "an empty ledger has 64 zeros")
        return head

    def check_heads(self) -> None:
        """Compares the record just read with the heads that end at it."""
        heads = (("head_mismatch", self.head), ("tail_cut_or_rewritten", self.kept))
        for code, head in heads:
            if head and head.records == self.report.records and head.hash != self.report.head:
                self.fail(code, f"{head.hash} was expected at record {head.records}")

    def read_line(self, lines: Lines, hash_code: str) -> tuple[str, Any] | None:
        """The hash and the value of the next whole line, with its form checked."""
        self.file, self.line = lines.name, lines.number + 1
        line = self.checked("line_form", lines.next)
        if line is None:
            return None
        stored_hash, data = line
        if sha256(data) != stored_hash:
            self.fail(hash_code, f"the JSON has {sha256(data)}")
        return stored_hash, self.checked("canonical", parse_canonical, data)

    def line_or_torn_end(
        self, lines: Lines, hash_code: str, may_be_torn: Callable[[], bool]
    ) -> tuple[str, Any] | None:
        """The next whole line. One that does not hold together may begin what a crash left: any part
        of that can be missing, so nothing after it is read."""
        try:
            return self.read_line(lines, hash_code)
        except Damage as damage:
            if damage.code not in ("line_form", hash_code) or not may_be_torn():
                raise
            lines.torn = lines.rest()
            return None

    def segment(self, lines: Lines, is_last: bool) -> None:
        self.seq = self.report.records

        def may_be_torn() -> bool:
            is_covered = self.report.records < self.head.records
            return is_last and not is_covered and lines.rest() <= TORN_LIMIT

        while (line := self.line_or_torn_end(lines, "record_hash", may_be_torn)) is not None:
            self.record(*line, lines)
            self.seq = self.report.records
        if lines.torn and not is_last:
            self.fail("line_form", "a torn line before the last segment")
        if lines.torn:
            self.report.torn_record_bytes = lines.torn
            self.report.open_ends.append(f"{lines.name} is torn from line {lines.number} on")
        elif lines.length == 0 and not is_last:
            self.line = None
            self.fail("segment_size", "an empty segment before the last")

    def record(self, record_hash: str, record: Any, lines: Lines) -> None:
        wrong = wrong_member(record)
        if wrong:
            self.fail("member", wrong)
        starts_epoch = self.envelope(record, starts_segment=lines.number == 1)
        kind = record["kind"]
        if (kind == "genesis") != (self.seq == 0):
            self.fail("genesis", f"a record of kind {kind}")
        self.grammar(kind, record, starts_epoch)
        rules = getattr(self, f"rules_of_{kind}", None) if kind in KINDS else None
        if rules:
            rules(record, record_hash)
        self.segment_full = kind == "seal" and lines.length > SEGMENT_LIMIT
        self.report.records += 1
        self.report.head = record_hash
        self.check_heads()

    def envelope(self, record: dict[str, Any], starts_segment: bool) -> bool:
        """Checks what every record has; says whether the record begins a new epoch."""
        report, epoch, first = self.report, int(record["epoch"]), self.seq == 0
        if int(record["seq"]) != self.seq:
            self.fail("seq", f"{record['seq']} is not {self.seq}")
        if record["prev"] != report.head:
            self.fail("prev", f"the record before has {report.head}")
        report.portfolio_id = record["portfolio_id"] if first else report.portfolio_id
        if record["portfolio_id"] != report.portfolio_id:
            self.fail("portfolio_id", f"{record['portfolio_id']} is not {report.portfolio_id}")
        starts_epoch = epoch == self.epoch + 1 and starts_segment
        if not starts_epoch and (first or epoch != self.epoch):
            self.fail("epoch", f"{epoch} after {self.epoch}")
        if self.segment_full and not starts_segment:
            self.fail("segment_size", "the segment goes on after a seal past the limit")
        if starts_segment and not (starts_epoch or self.segment_full):
            self.fail("segment_size", "the segment before ended too early")
        self.epoch = epoch
        return starts_epoch

    def grammar(self, kind: str, record: dict[str, Any], starts_epoch: bool) -> None:
        """Order of records."""
        if kind == "recovery":
            allowed = starts_epoch
        elif starts_epoch and self.open:
            allowed = False
        elif kind in ("genesis", "cycle", "refusal"):
            allowed = self.open is None
        elif kind in ("decision", "residual", "order"):
            allowed = self.open == "cycle"
        elif kind in ("outcome", "fill"):
            allowed = self.open in ("cycle", "recovery")
        elif kind == "seal":
            ends = {"executed": "cycle", "aborted": "cycle", "refused": "refusal"}
            allowed = self.open == ends.get(record["outcome"], "recovery")
        else:
            allowed = self.open != "refusal"
        if not allowed:
            self.fail("cycle_grammar", f"a {kind} while {self.open or 'nothing'} is open")
        if kind in ("cycle", "refusal", "recovery"):
            self.open = kind
        if f"{kind}s" in self.counts:
            self.counts[f"{kind}s"] += 1

    def rules_of_cycle(self, record: dict[str, Any], record_hash: str) -> None:
        self.report.cycles += 1
        if int(record["cycle_id"]) != self.report.cycles:
            self.fail("cycle_id", f"{record['cycle_id']} is not {self.report.cycles}")
        self.cycle, self.cycle_hash, self.last_move = record, record_hash, (-1, "")
        self.find_documents(record, DOCUMENTS)

    def rules_of_governance(self, record: dict[str, Any], _: str) -> None:
        self.find_documents(record, ("document_hash",))

    def find_documents(self, record: dict[str, Any], members: Iterable[str]) -> None:
        """A document is the one that its member named last, or stands further on in the pack."""
        place = self.file, self.line
        named = {name: record[name] for name in members if record[name] is not None}
        missing = {named[name] for name in named if named[name] != self.named.get(name)}
        self.named.update(named)
        while missing:
            document_hash = self.next_document(is_named=True)
            self.file, self.line = place
            if document_hash is None:
                self.fail("document_missing", f"not where it must stand: {min(missing)}")
            missing.discard(document_hash)

    def next_document(self, is_named: bool) -> str | None:
        """The hash of the next document. What stands after the last that is named may be torn."""
        line = self.line_or_torn_end(self.pack, "document_hash", lambda: not is_named)
        self.report.documents += line is not None
        return line[0] if line else None

    def rules_of_decision(self, record: dict[str, Any], _: str) -> None:
        asset, target, metadata = record["asset_id"], record["target_exposure"], record["metadata"]
        if record["timestamp"] != self.cycle["as_of"]:
            self.fail("timestamp", f"the cycle is as of {self.cycle['as_of']}")
        move = int(metadata["transition"]), asset
        if move <= self.last_move or move[0] != len(self.lineages.get(asset, ())):
            self.fail("decision_order", "after transition %d of %s" % self.last_move)
        self.last_move = move
        exposure = target
        for limit in metadata["binding"]:
            if limit["before"] != exposure:
                self.fail("binding", f"{limit['limit']} does not begin at {exposure}")
            exposure = limit["after"]
        if exposure != record["allowed_exposure"]:
            self.fail("binding", f"the limits lead to {exposure}")
        state = {
            "asset_id": asset,
            "cycle_hash": self.cycle_hash,
            "previous_exposure": record["previous_exposure"],
            "reference_price": metadata["reference_price"],
            "schema": "ios012.input_state.v1",
        }
        state_hash = sha256(RENDERER.encode(state).encode("ascii"))
        if metadata["input_state_hash"] != state_hash:
            self.fail("input_state_hash", f"derives to {state_hash}")
        lineage = state_hash + target + self.cycle["constraints_hash"]
        lineage_hash = sha256(lineage.encode("ascii"))
        if record["lineage_hash"] != lineage_hash:
            self.fail("lineage_hash", f"derives to {lineage_hash}")
        self.lineages.setdefault(asset, []).append(lineage_hash)
        self.report.decisions += 1

    def rules_of_residual(self, record: dict[str, Any], _: str) -> None:
        if record["asset_id"] not in self.lineages:
            self.fail("no_decision", f"the cycle did not decide {record['asset_id']}")

    def rules_of_order(self, record: dict[str, Any], _: str) -> None:
        self.rules_of_residual(record, _)
        order_id, quantity = record["order_id"], units(record["quantity"])
        sources = (f"{each}/{record['leg']}" for each in self.lineages[record["asset_id"]])
        if all(order_id != sha256(source.encode("ascii"))[:32] for source in sources):
            self.fail("order_id", "it derives from no decision of its asset")
        if quantity <= 0:
            self.fail("quantity", "an order of zero or less")
        if order_id in self.orders:
            self.fail("order_id", "it is used twice")
        self.orders[order_id] = Order(quantity)

    def order_of(self, record: dict[str, Any]) -> Order:
        if record["order_id"] not in self.orders:
            self.fail("no_order", f"the cycle has no order {record['order_id']}")
        return self.orders[record["order_id"]]

    def rules_of_outcome(self, record: dict[str, Any], _: str) -> None:
        order = self.order_of(record)
        if record["state"] == "filled" and order.filled != order.quantity:
            self.fail("quantity", "filled before all of it is")

    def rules_of_fill(self, record: dict[str, Any], _: str) -> None:
        order, quantity = self.order_of(record), units(record["quantity"])
        if record["fill_id"] in order.fill_ids:
            self.fail("fill_id", f"{record['fill_id']} is booked already")
        order.fill_ids.add(record["fill_id"])
        order.filled += quantity
        if quantity <= 0 or order.filled > order.quantity:
            self.fail("quantity", "a fill of zero or less, or fills of more than the order")

    def rules_of_entry(self, record: dict[str, Any], _: str) -> None:
        sums: dict[str, int] = {}
        for line in record["lines"]:
            if "currency" in line:
                sums[line["currency"]] = sums.get(line["currency"], 0) + units(line["amount"])
        for currency, total in sums.items():
            if total != 0:
                self.fail("entry_balance", f"the lines in {currency} do not sum to zero")

    def rules_of_seal(self, record: dict[str, Any], _: str) -> None:
        for name, count in self.counts.items():
            if int(record[name]) != count:
                self.fail("seal", f"there are {count} {name}")
        if record["outcome"] == "executed" and any(record[name] is None for name in AMOUNTS):
            self.fail("seal", "an executed cycle without an amount")
        self.open = None
        self.lineages, self.orders = {}, {}
        self.counts = dict.fromkeys(self.counts, 0)

    def finish(self) -> None:
        """What is checked after the last record: the rest of the pack, and the heads."""
        report = self.report
        self.seq = None
        while self.next_document(is_named=False):
            pass
        self.file, self.line = HEAD, None
        if self.head.records > report.records:
            self.fail("head_mismatch", f"it covers {self.head.records} of {report.records} records")
        if self.kept and self.kept.records > report.records:
            self.file = "."
            self.fail("tail_cut_or_rewritten", f"{report.records} records are left")
        if report.records == 0:
            report.open_ends.append("there is no record yet")
        if self.open:
            report.open_ends.append(f"the last {self.open} has no seal")
        if self.pack.torn:
            report.torn_document_bytes = self.pack.torn
            report.open_ends.append(f"{PACK} is torn from line {self.pack.number} on")


def verify(directory: str, kept: Head | None = None) -> Report:
    """Verifies a ledger. Raises Damage at the first broken rule, OSError where it can't read."""
    return Verifier(directory, kept).run()


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Verifies an IoS-012 ledger.")
    parser.add_argument("directory", metavar="DIR")
    parser.add_argument("--head", metavar="HASH", help="a record hash kept outside of DIR")
    parser.add_argument("--records", metavar="N", help="how many records HASH covers")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(argv)
    if (options.head is None) != (options.records is None):
        parser.error("--head and --records belong together")
    if options.head is not None and not (HASH(options.head) and counter(options.records)):
        parser.error("--head takes 64 lower-case hexadecimal digits, --records a counter")
    return options


def main(argv: list[str]) -> int:
    options = parse_arguments(argv)
    kept = Head(int(options.records), options.head) if options.head is not None else None
    try:
        report = verify(options.directory, kept)
        proven = f"{kept.records} records proven" if kept else "tail not proven"
        facts = dict(vars(report), tail=proven)
        status, code = ("incomplete", INCOMPLETE) if report.open_ends else ("complete", COMPLETE)
    except Damage as damage:
        facts = {name: getattr(damage, name) for name in ("code", "file", "line", "seq", "detail")}
        status, code = "damaged", DAMAGED
    except OSError as error:
        facts = {"code": "unreadable", "file": error.filename, "detail": error.strerror}
        status, code = "unreadable", UNREADABLE
    if options.json:
        print(json.dumps({"status": status, **facts}))
        return code
    print(status.upper())
    for name, fact in facts.items():
        print(f"  {name:<12} {'; '.join(fact) if isinstance(fact, list) else fact}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
