#!/usr/bin/env python3
"""Damages copies of a good ledger in every way listed here and asks two readers to find it.

    python3 damage_check.py LEDGER --other COMMAND [--cases N] [--seed N] [--verbose]

LEDGER is the directory of a good ledger that nobody writes to, or a Markdown page: then the ledger
in its fenced blocks (their info strings end in a file name) is used. COMMAND runs the other reader,
for example

    --other "target/debug/ios012 verify {dir}"
    --other "target/debug/ios012 verify {dir} --head {head} --records {records}"

`{dir}` is replaced by the damaged copy; it is appended where the command does not name it. Where a
case is about a head that somebody kept, `--head HASH --records N` is appended, or put in the place
of `{head}` and `{records}`; without such a head these two and the options before them are left out.
The reader must exit with 0 (complete), 6 (incomplete) or 5 (damaged) and print the place as
`FILE line N` or `FILE:N`. The first reader is verify_ledger.py beside this file.

Each case has the exit code that the format asks for. A case counts as found by a reader that exits
with it. Where one names a file and a line, the other must name the same; where both name the code of
a rule, the same code. Of a ledger without damage both must find the same: its last record, its
documents, and how many bytes are torn. The other reader prints them as `head N HASH`, `N documents`,
`N bytes of a torn record` and `N bytes of a torn document`; what it does not print is not compared,
and no torn bytes beside a head are zero. The damage is drawn from a generator with a fixed seed, so a
run can be repeated.

Exit codes: 0 all found by both and at the same places, 1 something was missed, 2 usage.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

sys.path.insert(0, str(Path(__file__).resolve().parent))
from verify_ledger import (  # noqa: E402
    COMPLETE, DAMAGED, DOCUMENTS, HEAD, INCOMPLETE, PACK, RENDERER, UNREADABLE, ZERO_HASH, Damage,
    Head, sha256, verify,
)

FAR = 1_048_576  # how far from the end of the last segment a torn end may begin
LONGEST_DOCUMENT = 16_777_216

Files = Dict[str, Optional[bytes]]  # what a damage puts in a file's place; None removes the file
CODES = (
    "unreadable", "not_a_ledger", "head_form", "segment_numbers", "segment_size", "line_form",
    "record_hash", "canonical", "member", "seq", "prev", "portfolio_id", "epoch", "genesis",
    "cycle_grammar", "cycle_id", "timestamp", "decision_order", "binding", "input_state_hash",
    "lineage_hash", "no_decision", "order_id", "no_order", "fill_id", "quantity", "entry_balance", "seal",
    "document_hash", "document_missing", "head_mismatch", "tail_cut_or_rewritten",
)
NAMES = {COMPLETE: "complete", DAMAGED: "damaged", INCOMPLETE: "incomplete"}


class Case(NamedTuple):
    """One damaged copy: what differs, which head was kept, and the exit code that is right."""

    name: str
    files: Files
    kept: Optional[Head]
    expected: int


class Found(NamedTuple):
    """What a reader found in a ledger without damage, each where it says so."""

    head: Optional[Head] = None
    documents: Optional[int] = None
    torn: Optional[Tuple[int, int]] = None  # bytes of records, bytes of documents


class Verdict(NamedTuple):
    """What a reader says: its exit code, and the place and the rule where it names them."""

    status: int
    file: Optional[str] = None
    line: Optional[int] = None
    code: Optional[str] = None
    found: Found = Found()

    def agrees(self, other: "Verdict") -> bool:
        """Whether both name the same line or none, and say the same of what both speak of."""
        same = self.line == other.line and (self.line is None or self.file == other.file)
        said = zip((self.code, *self.found), (other.code, *other.found))
        return same and all(ours == theirs or None in (ours, theirs) for ours, theirs in said)


class Ledger:
    """A good ledger in memory: its segments as lists of lines without line feeds."""

    def __init__(self, directory: Path):
        self.files = {
            path.name: path.read_bytes()
            for path in sorted(directory.iterdir())
            if re.fullmatch(r"[0-9]{6}\.ledger|documents\.pack|head", path.name)
        }
        self.segments = [name for name in self.files if name.endswith(".ledger")]
        self.lines = {name: self.files[name].split(b"\n")[:-1] for name in self.segments}
        self.places = [(name, i) for name in self.segments for i in range(len(self.lines[name]))]
        records, last = self.files[HEAD].split()
        self.head = Head(int(records), last.decode())

    def line(self, seq: int) -> bytes:
        name, index = self.places[seq]
        return self.lines[name][index]

    def record(self, seq: int) -> dict:
        return json.loads(self.line(seq)[65:])

    def with_line(self, seq: int, *replacement: bytes) -> Files:
        name, index = self.places[seq]
        lines = list(self.lines[name])
        lines[index:index + 1] = replacement
        return {name: joined(lines)}

    def cut(self, records: int, torn: bytes = b"") -> Files:
        """The first records only, then torn bytes; the head is left as it is."""
        files: Files = {}
        for name in self.segments:
            count = sum(place[0] == name for place in self.places[:records])
            first = (name, 0) in self.places[:records] or name == self.segments[0]
            files[name] = joined(self.lines[name][:count]) if first else None
        last = max(name for name, data in files.items() if data is not None)
        files[last] = (files[last] or b"") + torn
        return files

    def rewritten(self, seq: int, data: bytes) -> Files:
        """A whole rewrite: other JSON in one record, and all that derives from it after it."""
        lines = {name: list(rows) for name, rows in self.lines.items()}
        names: Dict[str, str] = {}  # lineage hashes and order ids: what they derive to now
        cycle = {}
        cycle_hash = previous = ZERO_HASH
        for index, (name, at) in enumerate(self.places):
            old = lines[name][at]
            record = json.loads(old[65:]) if index >= seq or b'"kind":"cycle"' in old else {}
            if index >= seq:
                text = data if index == seq else old[65:]
                if index > seq:
                    record["prev"] = previous
                    derive(record, cycle, cycle_hash, names)
                    text = render(record)
                lines[name][at] = framed(text)
            previous = lines[name][at][:64].decode()
            if record.get("kind") == "cycle":
                cycle, cycle_hash, names = record, previous, {}
        files: Files = {name: joined(rows) for name, rows in lines.items()}
        files[HEAD] = f"{len(self.places)} {previous}\n".encode()
        return files


def derive(record: dict, cycle: dict, cycle_hash: str, names: Dict[str, str]) -> None:
    """Gives a record the hashes and ids that derive from the records before it as they are now."""
    if record["kind"] == "decision":
        metadata = record["metadata"]
        state = {
            "asset_id": record["asset_id"],
            "cycle_hash": cycle_hash,
            "previous_exposure": record["previous_exposure"],
            "reference_price": metadata["reference_price"],
            "schema": "ios012.input_state.v1",
        }
        metadata["input_state_hash"] = sha256(render(state))
        source = metadata["input_state_hash"] + record["target_exposure"]
        lineage = sha256((source + cycle["constraints_hash"]).encode())
        names[record["lineage_hash"]] = lineage
        record["lineage_hash"] = lineage
    elif record["kind"] == "order":
        for old, new in list(names.items()):
            if order_id(old, record["leg"]) == record["order_id"]:
                names[record["order_id"]] = order_id(new, record["leg"])
    if "order_id" in record:
        record["order_id"] = names.get(record["order_id"], record["order_id"])


def order_id(lineage_hash: str, leg: str) -> str:
    return sha256(f"{lineage_hash}/{leg}".encode())[:32]


def render(value: object) -> bytes:
    return RENDERER.encode(value).encode("utf-8")


def framed(data: bytes) -> bytes:
    return sha256(data).encode() + b" " + data


def joined(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1:]


# The kinds of damage. Each yields its cases.


class Damages:
    """Every kind of damage to one ledger, with the exit code that the format asks for."""

    def __init__(self, ledger: Ledger, cases: int, seed: int):
        self.ledger, self.cases = ledger, cases
        self.some = max(8, cases // 20)  # how many of each kind but flipped bytes
        self.random = random.Random(seed)
        self.records = [ledger.record(seq) for seq in range(len(ledger.places))]
        self.named = {name for record in self.records for name in names_of(record).values()}
        self.pack = ledger.files[PACK].split(b"\n")[:-1]
        self.named_lines = named_lines(self.records, self.pack)
        self.is_open = []  # after each record, whether something has no seal
        for record in self.records:
            before = self.is_open[-1] if self.is_open else False
            opens = record["kind"] in ("cycle", "refusal", "recovery")
            self.is_open.append(opens or (before and record["kind"] != "seal"))

    def sample(self, population: Iterable[int]) -> List[int]:
        population = list(population)
        return sorted(self.random.sample(population, min(self.some, len(population))))

    def all(self) -> Iterator[Case]:
        for kind in (
            self.flipped_bytes, self.lines, self.documents, self.line_ends, self.edited_exposure,
            self.form, self.tails, self.last_line, self.whole_files, self.holes, self.far_holes,
            self.pack_ends, self.empty_texts, self.governance,
        ):
            yield from kind()

    def flipped_bytes(self) -> Iterator[Case]:
        ledger, draw = self.ledger, self.random
        shares = ((ledger.segments, 2), ([PACK], 4), ([HEAD], 4))
        for names, share in shares:
            for _ in range(-(-self.cases // share)):
                name = draw.choice(names)
                data = ledger.files[name]
                at = draw.randrange(len(data))
                torn = name == PACK and data[:at].count(b"\n") >= self.named_lines
                files = {name: flipped(data, at, draw.randrange(8))}
                yield Case(f"flipped bit in {kind_of(name)}", files, None, INCOMPLETE if torn else DAMAGED)

    def lines(self) -> Iterator[Case]:
        ledger = self.ledger
        count = len(ledger.places)
        for seq in self.sample(range(count)):
            yield Case("dropped line", ledger.with_line(seq), None, DAMAGED)
        for seq in self.sample(range(count)):
            twice = ledger.with_line(seq, ledger.line(seq), ledger.line(seq))
            yield Case("duplicated line", twice, None, DAMAGED)
        places = ledger.places
        for seq in self.sample(i for i in range(count - 1) if places[i][0] == places[i + 1][0]):
            name, index = places[seq]
            lines = list(ledger.lines[name])
            lines[index:index + 2] = lines[index + 1], lines[index]
            yield Case("swapped neighbouring lines", {name: joined(lines)}, None, DAMAGED)

    def documents(self) -> Iterator[Case]:
        lines = self.pack
        counts = Counter(line[:64].decode() for line in lines)
        once = {name for name, count in counts.items() if count == 1} & self.named
        for at in self.sample(i for i, line in enumerate(lines) if line[:64].decode() in once):
            files = {PACK: joined(lines[:at] + lines[at + 1:])}
            yield Case("missing document", files, None, DAMAGED)
        for at in self.sample(range(len(lines))):
            files = {PACK: joined(lines[:at] + [lines[at]] + lines[at:])}
            yield Case("repeated document (legal)", files, None, COMPLETE)

    def line_ends(self) -> Iterator[Case]:
        ledger = self.ledger
        for name, data in ledger.files.items():
            every = {name: data.replace(b"\n", b"\r\n")}
            yield Case("CR LF in a whole file", every, None, DAMAGED)
        for seq in self.sample(range(len(ledger.places))):
            files = ledger.with_line(seq, ledger.line(seq) + b"\r")
            yield Case("CR LF after one line", files, None, DAMAGED)
        for name in (ledger.segments[-1], PACK, HEAD):
            files = {name: ledger.files[name] + b"\n"}
            left = DAMAGED if name == HEAD else INCOMPLETE
            yield Case(f"trailing blank line in {kind_of(name)}", files, None, left)
            if name != HEAD:
                files = {name: b"\n" + ledger.files[name]}
                yield Case(f"leading blank line in {kind_of(name)}", files, None, DAMAGED)

    def edited_exposure(self) -> Iterator[Case]:
        ledger = self.ledger
        decisions = [i for i, record in enumerate(self.records) if record["kind"] == "decision"]
        for seq in self.sample(decisions):
            record = dict(self.records[seq])
            edited = "0.987654321" if record["allowed_exposure"] != "0.987654321" else "0.5"
            record["allowed_exposure"] = edited
            data = render(record)
            alone = ledger.with_line(seq, framed(data))
            yield Case("exposure edited, line hash recomputed", alone, None, DAMAGED)
            name = "exposure edited, all hashes after it too"
            yield Case(name, ledger.rewritten(seq, data), None, DAMAGED)
            bound = [dict(limit) for limit in record["metadata"]["binding"]] or [
                {"after": edited, "before": record["target_exposure"], "limit": "max_exposure"}
            ]
            bound[-1]["after"] = edited
            record["metadata"] = {**record["metadata"], "binding": bound}
            files = ledger.rewritten(seq, render(record))
            yield Case("whole rewrite, against the kept head", files, ledger.head, DAMAGED)
            yield Case("whole rewrite, no head kept (no proof)", files, None, COMPLETE)

    def form(self) -> Iterator[Case]:
        ledger = self.ledger
        for seq in self.sample(range(len(self.records))):
            record = self.records[seq]
            pairs = list(record.items())
            unknown = render({**record, "zz_unknown": "1"})
            backwards = render(dict(pairs[1:] + pairs[:1]))
            schema = render(record).replace(b'"ios012.record', b'"\\u0069os012.record', 1)
            spaced = render(record).replace(b":", b": ", 1)
            number = render(record).replace(b'"epoch":"%s"' % record["epoch"].encode(),
                                            b'"epoch":%s' % record["epoch"].encode())
            for name, data in (
                ("unknown member, all hashes recomputed", unknown),
                ("keys not in order, all hashes recomputed", backwards),
                ("space after a key, all hashes recomputed", spaced),
                ("needless escape, all hashes recomputed", schema),
                ("JSON number, all hashes recomputed", number),
            ):
                yield Case(name, ledger.rewritten(seq, data), None, DAMAGED)
            if record["kind"] == "decision":
                metadata = {**record["metadata"], "zz_unknown": {"later": []}}
                files = ledger.rewritten(seq, render({**record, "metadata": metadata}))
                yield Case("unknown member of metadata (legal)", files, None, COMPLETE)

    def tails(self) -> Iterator[Case]:
        ledger = self.ledger
        for records in self.sample(range(len(ledger.places))):
            last = ledger.line(records - 1)[:64].decode() if records else ZERO_HASH
            fitting = {HEAD: f"{records} {last}\n".encode()}
            whole = ledger.cut(records)
            line = ledger.line(records)
            torn = ledger.cut(records, line[:self.random.randrange(1, len(line) + 1)])
            yield Case("tail cut at a record's end", whole, None, DAMAGED)
            yield Case("tail cut inside a line", torn, None, DAMAGED)
            name = "... at a record's end, and a fitting head"
            is_open = records == 0 or self.is_open[records - 1]
            left = INCOMPLETE if is_open else COMPLETE
            yield Case(f"{name} (no proof)", {**whole, **fitting}, None, left)
            yield Case(f"{name}, kept head", {**whole, **fitting}, ledger.head, DAMAGED)
            name = "... inside a line, and a fitting head"
            yield Case(f"{name} (no proof)", {**torn, **fitting}, None, INCOMPLETE)
            yield Case(f"{name}, kept head", {**torn, **fitting}, ledger.head, DAMAGED)

    def last_line(self) -> Iterator[Case]:
        ledger = self.ledger
        seq = len(self.records) - 1
        for level in ("GREEN", "YELLOW", "ORANGE", "RED", "BLACK"):
            if self.records[seq].get("defcon") in (None, level):
                continue
            files = ledger.rewritten(seq, render({**self.records[seq], "defcon": level}))
            name = "last line edited, its hash recomputed"
            alone = {file: data for file, data in files.items() if file != HEAD}
            yield Case(name, alone, None, DAMAGED)
            yield Case(f"{name}, and head: kept head", files, ledger.head, DAMAGED)
            yield Case(f"{name}, and head (no proof)", files, None, COMPLETE)

    def whole_files(self) -> Iterator[Case]:
        ledger = self.ledger
        for name in ledger.segments:
            for other in (f"{len(ledger.segments) + 1:06}.ledger", f"{name}.old", "000000.ledger"):
                files: Files = {name: None, other: ledger.files[name]}
                yield Case("renamed segment", files, None, DAMAGED)
        for name in (HEAD, PACK):
            yield Case("missing head or documents.pack", {name: None}, None, DAMAGED)
        number = f"{len(ledger.segments) + 2:06}.ledger"
        yield Case("gap in the segment numbers", {number: b""}, None, DAMAGED)


    # A crash can leave a hole, filled with zeros, anywhere in what was not synced.

    def head_of(self, records: int) -> Files:
        last = self.ledger.line(records - 1)[:64].decode() if records else ZERO_HASH
        return {HEAD: f"{records} {last}\n".encode()}

    def hole(self, data: bytes, start: int, end: int) -> bytes:
        """Zeros from somewhere between these bytes, over their end or not."""
        at = self.random.randrange(start, end)
        size = min(self.random.randrange(1, 2 * (end - start) + 1), len(data) - at)
        return data[:at] + bytes(size) + data[at + size:]

    def holes(self) -> Iterator[Case]:
        ledger = self.ledger
        name = ledger.segments[-1]
        data, lines = ledger.files[name], ledger.lines[name]
        first = len(ledger.places) - len(lines)
        starts = [len(joined(lines[:at])) for at in range(len(lines) + 1)]
        near = [at for at in range(len(lines)) if len(data) - starts[at] <= FAR]
        for at in self.sample(near):
            files: Files = {name: self.hole(data, starts[at], starts[at + 1])}
            seq = first + at
            below = max(0, seq - self.random.randrange(3))
            for records in sorted({below, seq}):
                fitting = {**files, **self.head_of(records)}
                yield Case("hole in the last batch, head below it", fitting, None, INCOMPLETE)
                kept = Head(seq, self.head_of(seq)[HEAD].split()[1].decode())
                yield Case("... head kept up to it", fitting, kept, INCOMPLETE)
                yield Case("... head kept above it", fitting, ledger.head, DAMAGED)
            above = {**files, **self.head_of(seq + 1)}
            yield Case("hole in a record that the head covers", above, None, DAMAGED)
            yield Case("hole in a record below the head", files, None, DAMAGED)
            follower = f"{len(ledger.segments) + 1:06}.ledger"
            early = {**files, **self.head_of(seq), follower: b""}
            yield Case("hole in a segment before the last", early, None, DAMAGED)

    def far_holes(self) -> Iterator[Case]:
        """The line of a hole begins as far from the end as it may, and further by a byte."""
        ledger = self.ledger
        name = ledger.segments[-1]
        lines = ledger.lines[name]
        first = len(ledger.places) - len(lines)
        for at in self.sample(range(len(lines))):
            start = len(joined(lines[:at]))
            whole = lines[at] + b"\n"
            for what, line in (
                ("a hole", bytes(70) + whole[70:]), ("no line feed", bytes(len(whole))),
                ("another hash", ZERO_HASH.encode() + whole[64:]),
            ):
                for room, left in ((FAR, INCOMPLETE), (FAR + 1, DAMAGED)):
                    end = line + bytes(room - len(line))
                    files = {name: ledger.files[name][:start] + end, **self.head_of(first + at)}
                    far = "1 MiB from the end" if room == FAR else "a byte further"
                    yield Case(f"{what} {far}", files, None, left)

    def pack_ends(self) -> Iterator[Case]:
        """What no record names, and what one does."""
        good = joined(self.pack[:self.named_lines])
        extra = [framed(b'["unnamed"]'), framed(b'{"also":"unnamed"}')]
        ends = joined(extra)
        for at in self.sample(range(self.named_lines)):
            start, end = len(joined(self.pack[:at])), len(joined(self.pack[:at + 1]))
            files = {PACK: self.hole(good + ends, start, end)}
            yield Case("hole in a document before or at the last named", files, None, DAMAGED)
        for _ in range(self.some):
            files = {PACK: good + self.hole(ends, 0, len(ends))}
            yield Case("hole after the last named document", files, None, INCOMPLETE)
        for name, end, left in (
            ("unnamed documents (legal)", ends, COMPLETE),
            ("unnamed document with another hash", flipped(extra[0], 0, 0) + b"\n", INCOMPLETE),
            ("unnamed document that is torn", ends[:-1], INCOMPLETE),
            ("unnamed document that is not canonical", joined([framed(b"[1]")]), DAMAGED),
            ("... after one with another hash", joined([flipped(extra[0], 66, 0), framed(b"[1]")]),
             INCOMPLETE),
            ("unnamed end of 2 MiB", bytes(2 * FAR), INCOMPLETE),
            ("unnamed end longer than a document",
             ends + extra[0][:65] + b'"' * (LONGEST_DOCUMENT + 2), INCOMPLETE),
        ):
            yield Case(name, {PACK: good + end}, None, left)
        files = {PACK: flipped(extra[0], 66, 0) + b"\n" + good}
        yield Case("unnamed document, damaged, before a named one", files, None, DAMAGED)

    def empty_texts(self) -> Iterator[Case]:
        """Lines of the right hash whose text is wrong were written so: no crash does that."""
        name = self.ledger.segments[-1]
        for what, line, left in (
            ("empty text after its hash", framed(b""), DAMAGED),
            ("empty text after another hash", ZERO_HASH.encode() + b" ", INCOMPLETE),
            ("hash and no space", sha256(b"").encode(), INCOMPLETE),
            ("carriage return in a hashed text", framed(b"{}\r"), DAMAGED),
            ("a hashed text that is no JSON", framed(b"}"), DAMAGED),
            ("a hashed text that is not UTF-8", framed(b'"\xff"'), INCOMPLETE),
        ):
            for file in (name, PACK):
                files = {file: self.ledger.files[file] + line + b"\n"}
                yield Case(f"{what}, at the end of {kind_of(file)}", files, None, left)
        for seq in self.sample(range(len(self.records))):
            files = self.ledger.with_line(seq, framed(b""))
            yield Case("empty text after its hash, below the head", files, None, DAMAGED)

    def governance(self) -> Iterator[Case]:
        """Records of governance at the end, whose documents the pack must have."""
        one, two = b'{"command":"1"}', b'{"command":"2"}'
        if self.is_open[-1]:
            return
        account = next((record["account_hash"] for record in self.records[::-1]
                        if record["kind"] == "cycle"), ZERO_HASH)
        good = self.pack[:self.named_lines]
        for name, named, lines, left in (
            ("governance without a document (legal)", [None], good, COMPLETE),
            ("governance and its document", [one], good + [one], COMPLETE),
            ("governance, one document twice", [one, None, one], good + [one], COMPLETE),
            ("governance, a document missing", [one], good, DAMAGED),
            ("governance, a document before those of cycles", [one], [one] + good, DAMAGED),
            ("governance, a document that a cycle named", [account], good, DAMAGED),
            ("governance, a document that returns", [one, two, one], good + [one, two], DAMAGED),
            ("... and stands again", [one, two, one], good + [one, two, one], COMPLETE),
            ("governance, documents not in order", [one, two], good + [two, one], DAMAGED),
        ):
            yield Case(name, self.with_governance(named, lines), None, left)
        whole = joined(good) + joined([framed(one)])
        for _ in range(self.some):
            files = self.with_governance([one], good + [one])
            files[PACK] = self.hole(whole, len(joined(good)), len(whole))
            yield Case("governance, hole in its document", files, None, DAMAGED)

    def with_governance(self, named: List, pack: List[bytes]) -> Files:
        """Governance records that name these documents (or a hash), after the last record."""
        ledger = self.ledger
        lines = []
        previous = ledger.head.hash
        for seq, document in enumerate(named, len(self.records)):
            is_document = isinstance(document, bytes)
            envelope = {key: self.records[-1][key] for key in ("epoch", "portfolio_id", "schema")}
            record = {
                **envelope, "document_hash": sha256(document) if is_document else document,
                "event": "refused", "evidence": [], "kind": "governance", "prev": previous,
                "seq": str(seq),
            }
            lines.append(framed(render(dict(sorted(record.items())))))
            previous = lines[-1][:64].decode()
        name = ledger.segments[-1]
        return {
            name: ledger.files[name] + joined(lines),
            PACK: joined(line if line[64:65] == b" " else framed(line) for line in pack),
            HEAD: f"{len(self.records) + len(named)} {previous}\n".encode(),
        }


def kind_of(name: str) -> str:
    return "a segment" if name.endswith(".ledger") else name


def names_of(record: dict) -> Dict[str, str]:
    """The members of a record that name documents, with the hashes that they name."""
    members = {"cycle": DOCUMENTS, "governance": ("document_hash",)}.get(record["kind"], ())
    return {name: record[name] for name in members if record[name] is not None}


def named_lines(records: Iterable[dict], pack: List[bytes]) -> int:
    """How many lines of the pack there are up to the last one that a record needs."""
    last: Dict[str, str] = {}
    count = 0
    for record in records:
        named = names_of(record)
        due = {named[name] for name in named if last.get(name) != named[name]}
        last.update(named)
        while due:
            due.discard(pack[count][:64].decode())
            count += 1
    return count


def first_cycle(ledger: Ledger, directory: Path) -> Tuple[Ledger, List[int]]:
    """The ledger up to the seal of its first cycle, and the numbers of that cycle's records."""
    kinds = [ledger.record(seq)["kind"] for seq in range(len(ledger.places))]
    start = kinds.index("cycle")
    end = kinds.index("seal", start)
    files = dict(ledger.cut(end + 1))
    files[HEAD] = f"{end + 1} {ledger.line(end)[:64].decode()}\n".encode()
    pack = ledger.files[PACK].split(b"\n")[:-1]
    files[PACK] = joined(pack[:named_lines(map(ledger.record, range(end + 1)), pack)])
    for name, data in files.items():
        if data is not None:
            (directory / name).write_bytes(data)
    return Ledger(directory), list(range(start, end + 1))


def each_byte(ledger: Ledger, seqs: List[int], limit: int, seed: int) -> Iterator[Case]:
    """Every byte of these lines, or every n-th where there are more than the limit."""
    draw = random.Random(seed)
    name, index = ledger.places[seqs[0]]
    start = len(joined(ledger.lines[name][:index]))
    length = len(joined(ledger.line(seq) for seq in seqs))
    step = -(-length // limit)
    what = "every byte" if step == 1 else f"every {step}th byte"
    for at in range(start, start + length, step):
        files = {name: flipped(ledger.files[name], at, draw.randrange(8))}
        yield Case(f"flipped bit in {what} of one cycle", files, None, DAMAGED)


# The readers and the table.


def ask_python(directory: Path, kept: Optional[Head]) -> Verdict:
    try:
        report = verify(str(directory), kept)
    except Damage as damage:
        return Verdict(DAMAGED, damage.file, damage.line, damage.code)
    except OSError:
        return Verdict(UNREADABLE)
    torn = report.torn_record_bytes, report.torn_document_bytes
    found = Found(Head(report.records, report.head), report.documents, torn)
    return Verdict(INCOMPLETE if report.open_ends else COMPLETE, found=found)


def start_other(template: str, directory: Path, kept: Optional[Head]) -> subprocess.Popen:
    return subprocess.Popen(
        command(template, directory, kept), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def verdict(reader: subprocess.Popen) -> Verdict:
    text = reader.communicate()[0].decode("utf-8", "replace")
    place = re.search(r"(documents\.pack|head|[0-9]{6}\.ledger)(?: line |:)([0-9]+)", text)
    codes = re.findall(rf"(?<!\()\b({'|'.join(CODES)})\b", text)
    code = codes[0] if codes and reader.returncode == DAMAGED else None
    file, line = (place[1], int(place[2])) if place else (None, None)
    return Verdict(reader.returncode, file, line, code, found_in(text))


def found_in(text: str) -> Found:
    head = re.search(r"\bhead ([0-9]+) ([0-9a-f]{64})\b", text)
    documents = re.search(r"\b([0-9]+) documents\b", text)
    torn = [re.search(rf"\b([0-9]+) bytes of a torn {kind}\b", text)
            for kind in ("record", "document")]
    return Found(
        Head(int(head[1]), head[2]) if head else None,
        int(documents[1]) if documents else None,
        (int(torn[0][1]) if torn[0] else 0, int(torn[1][1]) if torn[1] else 0) if head else None,
    )


def command(template: str, directory: Path, kept: Optional[Head]) -> List[str]:
    parts = shlex.split(template)
    if "{dir}" not in template:
        parts.append("{dir}")
    values = {"{dir}": str(directory)}
    if kept:
        values.update({"{head}": kept.hash, "{records}": str(kept.records)})
        if "{head}" not in template:
            parts += ["--head", "{head}", "--records", "{records}"]
    filled: List[str] = []
    for part in parts:
        if part in ("{head}", "{records}") and not kept:
            filled.pop()  # the option that it belongs to
            continue
        for name, value in values.items():
            part = part.replace(name, value)
        filled.append(part)
    return filled


@dataclass
class Row:
    """One line of the table."""

    cases: int = 0
    python: int = 0
    other: int = 0
    places: int = 0  # where both agree about the place, the rule and what they found
    codes: Counter = field(default_factory=Counter)


class Bench:
    """A copy of a ledger that is damaged and mended again."""

    def __init__(self, ledger: Ledger, directory: Path, template: str):
        self.ledger, self.directory, self.template = ledger, directory, template
        for name, data in ledger.files.items():
            (directory / name).write_bytes(data)

    def run(self, case: Case, row: Row, verbose: bool) -> None:
        self.put(case.files)
        reader = start_other(self.template, self.directory, case.kept)
        python = ask_python(self.directory, case.kept)
        other = verdict(reader)
        self.put({name: self.ledger.files.get(name) for name in case.files})
        same = python.agrees(other)
        row.cases += 1
        row.python += python.status == case.expected
        row.other += other.status == case.expected
        row.places += same
        pair = (python.code or NAMES.get(python.status, str(python.status)),
                other.code or NAMES.get(other.status, str(other.status)))
        row.codes[pair[0] if pair[0] == pair[1] else "|".join(pair)] += 1
        if verbose and (not same or {python.status, other.status} != {case.expected}):
            print(f"  {case.name}: expected {case.expected}\n    {python}\n    {other}")

    def put(self, files: Files) -> None:
        for name, data in files.items():
            # A new file each time: some file systems flush a file that is cut and written again.
            (self.directory / name).unlink(missing_ok=True)
            if data is not None:
                (self.directory / name).write_bytes(data)


def unpack_page(page: Path, directory: Path) -> None:
    """Writes the ledger in the fenced blocks of a page, each named by its info string."""
    blocks = re.findall(r"^```text (\S+)\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)
    for name, text in blocks:
        if re.fullmatch(r"[0-9]{6}\.ledger|documents\.pack|head", name):
            (directory / name).write_bytes(text.encode("utf-8"))


def check(options: argparse.Namespace, root: Path) -> int:
    for name in ("page", "copy", "prefix", "prefix_copy"):
        (root / name).mkdir()
    source = Path(options.ledger)
    if source.is_file():
        unpack_page(source, root / "page")
        source = root / "page"
    ledger = Ledger(source)
    prefix, seqs = first_cycle(ledger, root / "prefix")
    bench = Bench(ledger, root / "copy", options.other)
    prefix_bench = Bench(prefix, root / "prefix_copy", options.other)
    rows: Dict[str, Row] = {}

    def run(bench: Bench, case: Case) -> None:
        bench.run(case, rows.setdefault(case.name, Row()), options.verbose)

    run(bench, Case("undamaged", {}, None, COMPLETE))
    run(bench, Case("undamaged, kept head", {}, ledger.head, COMPLETE))
    run(prefix_bench, Case("undamaged, first cycle only", {}, None, COMPLETE))
    if any((row.python, row.other) != (1, 1) for row in rows.values()):
        print_table(rows)
        print("the ledger is not good to begin with: nothing was damaged")
        return 1
    for case in Damages(ledger, options.cases, options.seed).all():
        run(bench, case)
    for case in each_byte(prefix, seqs, options.cases * 5, options.seed):
        run(prefix_bench, case)
    return print_table(rows)


def print_table(rows: Dict[str, Row]) -> int:
    print(f"{'damage':<60}{'cases':>7}{'python':>8}{'other':>8}{'place':>8}  found as")
    missed = 0
    for name, row in rows.items():
        codes = ", ".join(f"{code} {count}" for code, count in row.codes.most_common())
        print(f"{name:<60}{row.cases:>7}{row.python:>8}{row.other:>8}{row.places:>8}  {codes}")
        missed += 3 * row.cases - row.python - row.other - row.places
    cases = sum(row.cases for row in rows.values())
    print(f"{cases} cases in {len(rows)} kinds; {missed or 'none'} missed or at another place")
    return 1 if missed else 0


def main(argv: List[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("ledger", metavar="LEDGER")
    parser.add_argument("--other", required=True, metavar="COMMAND")
    parser.add_argument("--cases", type=int, default=200, metavar="N",
                        help="flipped bytes; a twentieth of it of each other kind (default 200)")
    parser.add_argument("--seed", type=int, default=12, metavar="N")
    parser.add_argument("--verbose", action="store_true", help="print each case that was missed")
    options = parser.parse_args(argv)
    if not (Path(options.ledger) / HEAD).is_file() and not Path(options.ledger).is_file():
        parser.error(f"{options.ledger} is neither a ledger nor a page")
    root = Path(tempfile.mkdtemp(prefix="ledger-damage-"))
    try:
        return check(options, root)
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
