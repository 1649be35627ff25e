"""Recomputes the money of a ledger from its fills and entries, without the engine's code.

    python3 recompute_nlv.py SCENARIO_FOLDER LEDGER_FOLDER [--exact]

For a history of `ios012 backtest` whose assets all settle in the base currency and pay linearly
(spot, margin, fx, leveraged tokens, futures, perpetuals; no splits, no opening positions). Prices,
contract terms and events come from the scenario's own prices.csv, registry.json and events.csv; from
the ledger come orders, fills, entries and seals. Decimal arithmetic with 60 digits.

Three checks:

1. NLV at every seal. What a fill trades is minus quantity * multiplier * fill price, less its fee;
   a contract that is rolled or expires is traded at the event's prices; everything held at the end
   is worth quantity * multiplier * last price. With the cash lines of all other entries this is
   NLV, whatever the books did with variation and cost. The books round each value of a fill, and
   of a position, by less than one quantum (1e-8), and slippage is a difference of two values: so
   the bound is 3 quanta a fill and one for each asset held. Where lots and ticks make whole
   quanta nothing is rounded: --exact asks for that.
2. The cash of every entry: what the event's rate or price makes of the position, or of the cash,
   within one quantum; and that no event of something held is missing, none is there twice.
3. Cash and liabilities (borrowed cash, borrowed units) at every seal, with average cost for
   perpetuals and daily settlement for futures.

Prints the result of each asset and the largest differences. Exit code 1 on a disagreement.
"""

import csv
import json
import pathlib
import sys
from decimal import Context, Decimal, setcontext

QUANTUM = Decimal("0.00000001")
CONTRACTS = ("future", "perpetual")
YEAR = {"act_360": 360, "act_365": 365}


class Disagreement(Exception):
    """The ledger does not follow from its fills and events."""


class Account:
    """What is held, and what it brought."""

    def __init__(self, assets, opening):
        self.assets = {row["asset_id"]: row for row in assets}
        self.opening = self.cash = opening
        self.result = {}  # by asset: flows of trades and payments, without what is held
        self.interest = Decimal(0)  # on cash, and transfers: what belongs to no asset
        self.held = {}
        self.entry = {}  # by contract: what its units are valued at until they are settled
        self.price = {}
        self.fills = 0

    def size(self, asset, quantity, price):
        return quantity * Decimal(self.assets[asset]["contract_multiplier"]) * price

    def is_contract(self, asset):
        return self.assets[asset]["instrument"] in CONTRACTS

    def flow(self, asset, amount):
        self.result[asset] = self.result.get(asset, Decimal(0)) + amount

    def trade(self, asset, quantity, price, reference):
        """Units at a price. The cash of a contract is what it gained and the slippage."""
        self.flow(asset, -self.size(asset, quantity, price))
        before = self.held.get(asset, Decimal(0))
        self.held[asset] = before + quantity
        if not self.is_contract(asset):
            self.cash -= self.size(asset, quantity, price)
            return
        at_reference = self.size(asset, quantity, reference)
        self.cash -= self.size(asset, quantity, price) - at_reference
        entry = self.entry.get(asset, Decimal(0))
        if before * quantity >= 0:
            self.entry[asset] = entry + at_reference
        else:
            part = entry * quantity / before
            self.cash -= at_reference - part
            self.entry[asset] = entry + part

    def settle(self, asset, price):
        """Variation to the price, in cash."""
        value = self.size(asset, self.held.get(asset, Decimal(0)), price)
        variation = value - self.entry.get(asset, Decimal(0))
        self.entry[asset] = value
        self.cash += variation
        return variation

    def nlv(self):
        """Opening, flows, and what is held at the last prices."""
        held = sum(self.size(asset, quantity, self.price[asset])
                   for asset, quantity in self.held.items() if quantity)
        return self.opening + self.interest + sum(self.result.values()) + held

    def liabilities(self):
        """Borrowed cash, and borrowed units at their last price."""
        shorts = sum(-self.size(asset, quantity, self.price[asset])
                     for asset, quantity in self.held.items()
                     if quantity < 0 and not self.is_contract(asset))
        return max(-self.cash, Decimal(0)) + shorts

    def total(self, asset):
        held = self.held.get(asset, Decimal(0))
        return self.result[asset] + (self.size(asset, held, self.price[asset]) if held else 0)


class Check:
    """Follows the records: a cycle's entries answer its events, in their order."""

    def __init__(self, account, events, prices):
        self.account, self.events, self.prices = account, events, prices
        self.orders, self.row = {}, {}
        self.expected = []  # events of the cycle that no entry has answered; none once it decides
        self.worst = dict.fromkeys(("NLV", "entry", "cash", "liabilities"), Decimal(0))
        self.seals = self.entries = self.payments = 0

    def take(self, record):
        kind = record["kind"]
        if kind == "cycle":
            self.orders = {}
            self.as_of = record["as_of"]
            self.expected = [event for event in self.events if event["time"] <= self.as_of]
            del self.events[:len(self.expected)]
            self.row = self.prices.get(self.as_of, {})
        elif kind == "entry":
            self.entry(record)
        elif kind == "decision" and self.expected is not None:
            self.end_events()
        elif kind == "order":
            sign = 1 if record["side"] == "buy" else -1
            self.orders[record["order_id"]] = (record["asset_id"], sign)
        elif kind == "fill":
            asset, sign = self.orders[record["order_id"]]
            account = self.account
            account.fills += 1
            account.trade(asset, sign * Decimal(record["quantity"]), Decimal(record["price"]),
                          account.price[asset])
            account.flow(asset, -Decimal(record["fee"]))
            account.cash -= Decimal(record["fee"])
        elif kind == "seal" and record["nlv_after"] is not None:
            self.seal(record)

    def entry(self, record):
        """The next event that pays something must be this one."""
        amount = self.next_amount()
        event = self.expected.pop(0) if self.expected else {"kind": None, "time": None}
        if (event["kind"], event["time"]) != (record["event"], record["time"]):
            raise Disagreement(f"entry {record['seq']}: {record['event']} {record['time']}, "
                               f"but {event['kind']} {event['time']} is due")
        posted = sum(Decimal(line["amount"]) for line in record["lines"]
                     if line["account"] == "cash")
        self.compare("entry", posted, amount, 1, f"entry {record['seq']}")
        self.entries += 1
        self.post(event, posted, record)

    def post(self, event, posted, record):
        account, asset = self.account, event["asset_id"]
        if event["kind"] in ("settlement", "roll", "expiry"):
            price = Decimal(event["price"])
            account.settle(asset, price)
            for line in record["lines"]:
                if line["account"] == "position":
                    into = line["asset_id"] != asset
                    at = Decimal(event["into_price"]) if into else price
                    account.price.setdefault(line["asset_id"], at)
                    account.trade(line["asset_id"], Decimal(line["amount"]), at, at)
            return
        self.payments += 1
        account.cash += posted
        if asset:
            account.flow(asset, posted)
        else:
            account.interest += posted

    def next_amount(self):
        """What the next event brings; those that bring nothing have no entry and are passed over."""
        while self.expected:
            event = self.expected[0]
            amount = self.amount(event)
            if amount or (event["kind"] in ("roll", "expiry") and self.held(event)):
                return amount
            self.expected.pop(0)
        return Decimal(0)

    def held(self, event):
        return self.account.held.get(event["asset_id"], Decimal(0))

    def amount(self, event):
        """The cash that an event brings, not rounded."""
        account, asset, kind = self.account, event["asset_id"], event["kind"]
        held = self.held(event)
        if kind in ("settlement", "roll", "expiry"):
            value = account.size(asset, held, Decimal(event["price"]))
            return value - account.entry.get(asset, Decimal(0)) if held else Decimal(0)
        if kind == "funding":
            return -account.size(asset, held, Decimal(event["price"])) * Decimal(event["rate"])
        if kind == "dividend":
            return held * Decimal(event["per_unit"])
        if kind == "transfer":
            return Decimal(event["amount"])
        if kind not in ("interest", "financing"):
            raise Disagreement(f"events of kind {kind} are not known here")
        time = Decimal(event["days"]) / YEAR[event["day_count"]]
        if kind == "interest":
            rate = event["debit_rate"] if account.cash < 0 else event["credit_rate"]
            return account.cash * Decimal(rate) * time
        rate = event["short_rate"] if held < 0 else event["long_rate"]
        size = account.size(asset, abs(held), Decimal(event["price"]))
        return -size * Decimal(rate) * time

    def end_events(self):
        """All events of the cycle are posted; its prices hold from here."""
        self.next_amount()
        if self.expected:
            event = self.expected[0]
            raise Disagreement(f"no entry for {event['kind']} {event['time']}")
        self.expected = None
        self.account.price |= self.row

    def seal(self, record):
        if self.expected is not None:
            self.end_events()
        account = self.account
        held = sum(1 for quantity in account.held.values() if quantity)
        bound = 3 * account.fills + held
        place = f"seal {record['seq']}, cycle of {self.as_of}"
        self.compare("NLV", Decimal(record["nlv_after"]), account.nlv(), bound, place)
        self.compare("cash", Decimal(record["cash"]), max(account.cash, Decimal(0)), bound, place)
        liabilities = Decimal(record["liabilities"])
        self.compare("liabilities", liabilities, account.liabilities(), bound, place)
        self.seals += 1

    def compare(self, what, theirs, ours, quanta, place):
        difference = abs(theirs - ours)
        self.worst[what] = max(self.worst[what], difference)
        if difference > quanta * QUANTUM:
            raise Disagreement(f"{place}: {what} is {theirs}, from fills and events {ours}")


def recompute(registry, events, prices, records):
    """Checks records against the documents; returns the check for its figures."""
    genesis = records[0]
    if len(genesis["opening"]) != 1:
        raise Disagreement("opening positions are not known here")
    for row in registry["assets"]:
        if row["currency"] != registry["base_currency"] or row.get("payoff") == "inverse":
            raise Disagreement(f"{row['asset_id']} is not linear in the base currency")
    account = Account(registry["assets"], Decimal(genesis["opening"][0]["quantity"]))
    check = Check(account, list(events), prices)
    for record in records[1:]:
        check.take(record)
    if not check.seals:
        raise Disagreement("no seal with an NLV")
    return check


def full_time(cell):
    return cell if "T" in cell else f"{cell}T00:00:00.000Z"


def read_scenario(folder):
    registry = json.loads((folder / "registry.json").read_text())
    with open(folder / "events.csv", newline="") as file:
        events = [row | {"time": full_time(row["time"])} for row in csv.DictReader(file)]
    with open(folder / "prices.csv", newline="") as file:
        prices = {full_time(row["date"]): {asset: Decimal(cell) for asset, cell in row.items()
                                           if asset != "date" and cell}
                  for row in csv.DictReader(file)}
    return registry, events, prices


def read_records(folder):
    for path in sorted(folder.glob("[0-9]*.ledger")):
        for line in path.read_text().splitlines():
            yield json.loads(line[65:])


def main():
    if len(sys.argv) not in (3, 4) or sys.argv[3:] not in ([], ["--exact"]):
        sys.exit(__doc__)
    setcontext(Context(prec=60))
    scenario, ledger = map(pathlib.Path, sys.argv[1:3])
    records = list(read_records(ledger))
    # Events before the first cycle are not posted.
    first = next(record["as_of"] for record in records if record["kind"] == "cycle")
    registry, events, prices = read_scenario(scenario)
    events = [event for event in events if event["time"] > first]
    try:
        check = recompute(registry, events, prices, records)
    except Disagreement as disagreement:
        sys.exit(f"recompute_nlv: {disagreement}")
    report(check, registry)
    if sys.argv[3:] and check.worst["NLV"]:
        sys.exit("recompute_nlv: NLV agrees within the bound only")


def report(check, registry):
    account = check.account
    totals = {}
    for row in registry["assets"]:
        if row["asset_id"] in account.result:
            name = row["instrument"]
            totals[name] = totals.get(name, 0) + account.total(row["asset_id"])
            print(f"{row['asset_id']:10} {name:10} {account.total(row['asset_id']):>18,.8f}")
    for name, total in [*totals.items(), ("interest on cash", account.interest)]:
        print(f"{name:21} {total:>18,.8f}")
    print(f"{'NLV':21} {account.nlv():>18,.8f}")
    worst = ", ".join(f"{what} {amount / QUANTUM:.3g}" for what, amount in check.worst.items())
    print(f"largest differences in quanta: {worst}")
    print(f"{check.seals} seals, {account.fills} fills and {check.entries} entries agree; "
          f"final NLV {'to the quantum' if check.worst['NLV'] == 0 else 'within the bound'}")


if __name__ == "__main__":
    main()
