"""Tests of recompute_nlv.py: a small ledger worked out by hand, and lies in it."""

import copy
import unittest
from decimal import Decimal

from recompute_nlv import Disagreement, recompute

DAYS = ["2026-01-05T00:00:00.000Z", "2026-01-06T00:00:00.000Z"]


def asset(name, instrument, multiplier="1"):
    return {"asset_id": name, "instrument": instrument, "currency": "USD",
            "contract_multiplier": multiplier}


REGISTRY = {"base_currency": "USD", "assets": [
    asset("STOCK", "margin"), asset("LENT", "margin"), asset("PERP", "perpetual", "0.01"), asset("GOLD", "future", "10")]}
PRICES = {
    DAYS[0]: {"STOCK": Decimal(50), "PERP": Decimal(40000), "GOLD": Decimal(2000)},
    DAYS[1]: {"STOCK": Decimal(49), "LENT": Decimal(20), "PERP": Decimal(41000), "GOLD": Decimal(2010)},
}
EVENTS = [
    {"time": DAYS[1], "kind": "funding", "asset_id": "PERP", "price": "41000", "rate": "0.0001"},
    {"time": DAYS[1], "kind": "interest", "asset_id": "", "debit_rate": "0.036",
     "credit_rate": "0", "days": "1", "day_count": "act_360"},
    {"time": DAYS[1], "kind": "settlement", "asset_id": "GOLD", "price": "2010"},
]


def entry(event, cash, account):
    return {"kind": "entry", "seq": "0", "time": DAYS[1], "event": event, "lines": [
        {"account": "cash", "amount": cash, "currency": "USD"},
        {"account": account, "amount": "0", "currency": "USD"}]}


def trade(name, side, quantity, price, fee):
    order_id = f"{name}{side}"
    return [{"kind": "order", "order_id": order_id, "asset_id": name, "side": side},
            {"kind": "fill", "order_id": order_id, "quantity": quantity, "price": price,
             "fee": fee}]


def seal(nlv, cash, liabilities):
    return {"kind": "seal", "seq": "0", "nlv_after": nlv, "cash": cash, "liabilities": liabilities}


def ledger():
    """10,000; buys 300 shares at 50.1 (fee 3), sells 5 perpetuals at 39,990 (fee 1), buys a gold
    contract. Cash 10,000 - 15,030 - 3 - 1 - 0.5 of slippage = -5,034.5. The next day 0.205 of
    funding comes in, 5,034.5 * 0.036 / 360 = 0.50345 of interest goes out, from cash that has the
    funding: (5,034.5 - 0.205) * 0.0001 = 0.5034295. Gold brings 100. Two perpetuals are bought back
    at 41,000 without a fee, then a third: 30 is lost on them, 20 on the other two. Ten borrowed
    shares are sold at 20.
    """
    second = Decimal("-4764.7984295")  # -5,034.5 + 0.205 - 0.5034295 + 100 - 30 + 200
    return [
        {"kind": "genesis", "opening": [{"account": "cash", "quantity": "10000"}]},
        {"kind": "cycle", "as_of": DAYS[0]}, {"kind": "decision"},
        *trade("STOCK", "buy", "300", "50.1", "3"), *trade("PERP", "sell", "5", "39990", "1"),
        *trade("GOLD", "buy", "1", "2000", "0"),
        # 300 * 50 of stock, nothing in contracts yet.
        seal("9965.5", "0", "5034.5"),
        {"kind": "cycle", "as_of": DAYS[1]},
        entry("funding", "0.205", "funding"), entry("interest", "-0.5034295", "interest"),
        entry("settlement", "100", "realised"), {"kind": "decision"},
        *trade("PERP", "buy", "2", "41000", "0"), *trade("PERP", "buy", "1", "41000", "0"),
        *trade("LENT", "sell", "10", "20", "0"),
        # 300 * 49 of stock, two perpetuals with a loss of 10 each, 200 to be given back.
        seal(str(14700 - 20 - 200 + second), "0", str(200 - second)),
    ]


def place(records, kind, number=0):
    return [at for at, record in enumerate(records) if record["kind"] == kind][number]


class RecomputeNlv(unittest.TestCase):
    def check(self, records):
        return recompute(REGISTRY, copy.deepcopy(EVENTS), PRICES, records)

    def refuses(self, records, word):
        with self.assertRaisesRegex(Disagreement, word):
            self.check(records)

    def test_the_pencil_agrees(self):
        check = self.check(ledger())
        self.assertEqual((check.seals, check.entries, check.account.fills), (2, 3, 6))
        self.assertEqual(set(check.worst.values()), {Decimal(0)})
        self.assertEqual(check.account.total("PERP"), Decimal("-51.295"))

    def test_a_lie_in_a_fill_is_found(self):
        for member, lie in [("quantity", "301"), ("price", "50.11"), ("fee", "3.0001")]:
            records = ledger()
            records[place(records, "fill")][member] = lie
            self.refuses(records, "seal .*NLV")

    def test_a_lie_in_a_seal_is_found(self):
        for member, lie in [("nlv_after", "9965.501"), ("cash", "1"), ("liabilities", "5034")]:
            records = ledger()
            records[place(records, "seal")][member] = lie
            self.refuses(records, "seal")

    def test_an_entry_of_another_amount_is_found(self):
        for number in range(3):
            records = ledger()
            line = records[place(records, "entry", number)]["lines"][0]
            line["amount"] = str(Decimal(line["amount"]) + Decimal("0.00000002"))
            self.refuses(records, "entry 0: entry is")

    def test_an_entry_that_is_missing_or_twice_is_found(self):
        for number in range(3):
            records = ledger()
            del records[place(records, "entry", number)]
            self.refuses(records, "is due|no entry for")
            records = ledger()
            at = place(records, "entry", number)
            records.insert(at, records[at])
            self.refuses(records, "is due")

    def test_what_it_does_not_know_is_refused(self):
        registry = copy.deepcopy(REGISTRY)
        registry["assets"][0]["currency"] = "EUR"
        with self.assertRaisesRegex(Disagreement, "STOCK"):
            recompute(registry, [], PRICES, ledger())


if __name__ == "__main__":
    unittest.main()
