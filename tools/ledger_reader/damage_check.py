#!/usr/bin/env python3
"""Damages copies of a good ledger in every way listed here and asks two readers to find it.

    python3 damage_check.py LEDGER --other COMMAND [--cases N] [--seed N] [--verbose]

LEDGER is the directory of a good ledger that nobody writes to, or a Markdown page: then the ledger
in its fenced blocks (their info strings end in a file name) is used. COMMAND runs the other reader,
for example

    --other "target/debug/ios012 verify {dir}"
    --other "target/debug/ios012 verify {dir} --head {head} --records {records}"

`{dir}` is replaced by the damaged copy (it is appended where the command does not name it). Where a
case is about a head that somebody kept, `--head HASH --records N` is appended, or, where the command
names them, put in the place of `{head}` and `{records}`; a part without a value is left out with the
option before it. The reader must exit with 0 (complete), 6 (incomplete) or 5 (damaged), and print
the place as `FILE line N` or `FILE:N`. The first reader is verify_ledger.py beside this file.

Each case has the exit code that the format asks for. A case counts as found by a reader that exits
with it. Where both name a file and a line, they must name the same. The damage is drawn from a
generator with a fixed seed, so a run can be repeated.

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

Files = Dict[str, Optional[bytes]]  # what a damage puts in a file's place; None removes the file
NAMES = {COMPLETE: "complete", DAMAGED: "damaged", INCOMPLETE: "incomplete"}


class Case(NamedTuple):
    """One damaged copy: what differs, which head was kept, and the exit code that is right."""

    name: str
    files: Files
    kept: Optional[Head]
    expected: int


class Verdict(NamedTuple):
    """What a reader says: its exit code, and the place and the rule where it names them."""

    status: int
    file: Optional[str] = None
    line: Optional[int] = None
    code: Optional[str] = None


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
            record = json.loads(old[65:])
            if index >= seq:
                text = data if index == seq else old[65:]
                if index > seq:
                    record["prev"] = previous
                    derive(record, cycle, cycle_hash, names)
                    text = render(record)
                lines[name][at] = framed(text)
            previous = lines[name][at][:64].decode()
            if record["kind"] == "cycle":
                cycle, cycle_hash = record, previous
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
        for leg in range(1000):
            names[sha256(f"{record['lineage_hash']}/{leg}".encode())[:32]] = (
                sha256(f"{lineage}/{leg}".encode())[:32]
            )
            if leg > 20:
                break
        record["lineage_hash"] = lineage
    elif "order_id" in record:
        record["order_id"] = names.get(record["order_id"], record["order_id"])


def render(value: object) -> bytes:
    return RENDERER.encode(value).encode("utf-8")


def framed(data: bytes) -> bytes:
    return sha256(data).encode() + b" " + data


def joined(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1:]
