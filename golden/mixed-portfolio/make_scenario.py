"""Makes the tables and the standing documents of this scenario from two price files of golden/.

    python3 make_scenario.py            writes them
    python3 make_scenario.py --check    says which of the committed files differ, and tries that no
                                        target looks ahead; exit code 1 if anything is wrong

Sources: ../mixed-calendars/prices.csv (BTCUSD, EURUSD, XAUUSD; its days are the days of this
scenario) and ../sp500-inverse-vol/prices.csv and registry.json (20 stocks). README.md says which
numbers below are facts and which are assumed.

Targets of a day use closes of earlier days only. m is the mean absolute return over an asset's own
last 20 returns, momentum its return over its own last 50.

    stock              1.4 * (1 / m) / sum of (1 / m) over the stocks
    everything else    sign of momentum * min(most, risk / m)

Targets are cut to 6 digits. Decimal arithmetic with 28 digits; no float, no clock, no random number.
"""

import csv
import datetime
import io
import json
import pathlib
import sys
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

FOLDER = pathlib.Path(__file__).resolve().parent
OTHERS = FOLDER.parent / "mixed-calendars" / "prices.csv"
STOCKS = FOLDER.parent / "sp500-inverse-vol" / "prices.csv"
STOCK_ROWS = FOLDER.parent / "sp500-inverse-vol" / "registry.json"

RETURNS = 20
MOMENTUM = 50
STOCK_GROSS = Decimal("1.4")
TARGET_DIGITS = Decimal("0.000001")
# asset of the source: (risk, most)
SIGNED = {
    "BTCUSD": (Decimal("0.002"), Decimal("0.15")),
    "EURUSD": (Decimal("0.0015"), Decimal("0.4")),
    "XAUUSD": (Decimal("0.0015"), Decimal("0.3")),
}

# The first day of each rate, in percent: the upper end of the federal funds target range, and the
# deposit facility rate of the ECB.
FED_FUNDS = [("2014-01-30", "0.25"), ("2015-12-17", "0.5"), ("2016-12-15", "0.75"),
             ("2017-03-16", "1"), ("2017-06-15", "1.25"), ("2017-12-14", "1.5"),
             ("2018-03-22", "1.75"), ("2018-06-14", "2")]
ECB_DEPOSIT = [("2014-09-10", "-0.2"), ("2015-12-09", "-0.3"), ("2016-03-16", "-0.4")]
DEBIT_SPREAD = Decimal("0.015")
CREDIT_SPREAD = Decimal("0.005")
EURO_SPREAD = Decimal("0.005")
FUNDING_RATE = "0.0001"

BTC, EURO = "BTC-PERP", "EURUSD"
QUARTERS = [(year, month) for year in range(2015, 2019) for month in (3, 6, 9, 12)][1:15]
ROLLED = (6, 12)  # the other quarters are held to their expiry
ROLL_DAYS = 7
GOLD_TICK = Decimal("0.1")

EVENT_MEMBERS = ["time", "kind", "asset_id", "into", "currency", "price", "into_price", "rate",
                 "debit_rate", "credit_rate", "long_rate", "short_rate", "days", "day_count"]


class Contract:
    """A future of the gold price with the expiry on the third Wednesday of its month."""

    def __init__(self, year, month, gold_days):
        self.name = f"XAU-{year % 100:02}{month:02}"
        first = datetime.date(year, month, 1)
        self.expiry = first + datetime.timedelta((2 - first.weekday()) % 7 + 14)
        self.rolled = month in ROLLED
        leave = self.expiry - datetime.timedelta(ROLL_DAYS if self.rolled else 0)
        open_days = [day for day in gold_days if day >= leave.isoformat()]
        # The day on which a position leaves it; after the last day of the data, none.
        self.last = open_days[0] if open_days else "9999-12-31"

    def price(self, day, spot):
        """Spot and what it costs to carry it to the expiry, at the policy rate of the day."""
        days = (self.expiry - datetime.date.fromisoformat(day)).days
        carried = spot * (1 + rate_on(FED_FUNDS, day) * days / 360)
        return carried.quantize(GOLD_TICK, ROUND_HALF_EVEN)


def rate_on(table, day):
    """The rate of a day as a fraction."""
    return [Decimal(rate) for first, rate in table if first <= day][-1] / 100


def sources():
    """Days, and for each asset of the sources its closes by day; closed days are left out."""
    with open(OTHERS, newline="") as file:
        others = list(csv.DictReader(file))
    days = [row["date"] for row in others]
    closes = {asset: {row["date"]: Decimal(row[asset]) for row in others if row[asset]}
              for asset in SIGNED}
    with open(STOCKS, newline="") as file:
        rows = [row for row in csv.DictReader(file) if days[0] <= row["date"] <= days[-1]]
    for stock in [name for name in rows[0] if name != "date"]:
        closes[stock] = {row["date"]: Decimal(row[stock]) for row in rows}
    return days, closes


def tables(days, closes):
    """The three tables, each a list of rows whose first is the header."""
    contracts = contracts_of(closes)
    targets = [["date", "asset_id", "target_exposure"], *target_rows(days, closes, contracts)]
    events = [EVENT_MEMBERS]
    first = targets[1][0]
    for before, day in zip(days, days[1:]):
        if day > first:
            events += [[row.get(name, "") for name in EVENT_MEMBERS]
                       for row in day_events(before, day, closes, contracts)]
    return {"prices.csv": price_rows(days, closes, contracts), "targets.csv": targets,
            "events.csv": events}


def contracts_of(closes):
    return [Contract(year, month, closes["XAUUSD"]) for year, month in QUARTERS]


def price_rows(days, closes, contracts):
    stocks = sorted(set(closes) - set(SIGNED))
    yield ["date", BTC, EURO, *(contract.name for contract in contracts), *stocks]
    for day in days:
        row = [closes["BTCUSD"].get(day), closes["EURUSD"].get(day)]
        spot = closes["XAUUSD"].get(day)
        front = contracts.index(front_of(contracts, day))
        for place, contract in enumerate(contracts):
            # The next contract has a price too; one that is left on this day has its last.
            named = place in (front, front + 1) or contract.last == day
            row.append(contract.price(day, spot) if spot and named else None)
        row += [closes[stock].get(day) for stock in stocks]
        yield [day, *("" if price is None else text(price) for price in row)]


def front_of(contracts, day):
    """The contract that a mandate of the day names."""
    return next(contract for contract in contracts if day < contract.last)


def target_rows(days, closes, contracts):
    past = {asset: [] for asset in closes}
    for day in days:
        if all(len(prices) > MOMENTUM for prices in past.values()):
            targets = day_targets(past)
            targets[front_of(contracts, day).name] = targets.pop("XAUUSD")
            targets[BTC] = targets.pop("BTCUSD")
            for asset in sorted(targets):
                yield [day, asset, text(targets[asset].quantize(TARGET_DIGITS, ROUND_DOWN))]
        for asset, prices in closes.items():
            if day in prices:
                past[asset].append(prices[day])


def day_targets(past):
    targets = {}
    for asset, (risk, most) in SIGNED.items():
        size = min(most, risk / mean_absolute_return(past[asset]))
        targets[asset] = size if past[asset][-1] >= past[asset][-1 - MOMENTUM] else -size
    inverse = {asset: 1 / mean_absolute_return(prices)
               for asset, prices in past.items() if asset not in SIGNED}
    total = sum(inverse.values())
    for stock in inverse:
        targets[stock] = STOCK_GROSS * inverse[stock] / total
    return targets


def mean_absolute_return(prices):
    last = prices[-RETURNS - 1:]
    return sum(abs(after / before - 1) for before, after in zip(last, last[1:])) / RETURNS


def day_events(before, day, closes, contracts):
    """What happened after the cycle of the day before, up to that of this day."""
    for hour, price_day in [("08", before), ("16", before), ("00", day)]:
        time = f"{price_day}T{hour}:00:00.000Z"
        yield {"time": time, "kind": "funding", "asset_id": BTC, "rate": FUNDING_RATE,
               "price": text(closes["BTCUSD"][price_day])}
    policy, deposit = rate_on(FED_FUNDS, before), rate_on(ECB_DEPOSIT, before)
    yield {"time": time, "kind": "interest", "currency": "USD", "days": "1",
           "debit_rate": text(policy + DEBIT_SPREAD), "day_count": "act_360",
           "credit_rate": text(max(policy - CREDIT_SPREAD, Decimal(0)))}
    euro = closes["EURUSD"][max(known for known in closes["EURUSD"] if known <= day)]
    yield {"time": time, "kind": "financing", "asset_id": EURO, "price": text(euro), "days": "1",
           "long_rate": text(EURO_SPREAD - deposit), "short_rate": text(deposit + EURO_SPREAD),
           "day_count": "act_360"}
    spot = closes["XAUUSD"].get(day)
    if spot:
        held = front_of(contracts, before)
        event = {"time": time, "asset_id": held.name, "price": text(held.price(day, spot))}
        if day < held.last:
            yield event | {"kind": "settlement"}
        elif held.rolled:
            into = front_of(contracts, day)
            yield event | {"kind": "roll", "into": into.name,
                           "into_price": text(into.price(day, spot))}
        else:
            yield event | {"kind": "expiry"}


def documents(closes):
    """The registry and the constraints."""
    with open(STOCK_ROWS) as file:
        stock_rows = json.load(file)["assets"]
    contracts = contracts_of(closes)
    assets = [
        asset(BTC, "crypto", "perpetual", "XXXX", "always-open", "1", "0.01", "0.2", "0.1",
              contract_multiplier="0.01", funding_interval_s="28800"),
        asset(EURO, "fx", "fx", "XOFF", "fx-spot", "1000", "0.00001", "0.02", "0.02"),
        *(asset(contract.name, "metal", "future", "XOFF", "metals", "1", "0.1", "0.055", "0.05",
                contract_multiplier="10", expiry=f"{contract.expiry}T00:00:00.000Z")
          for contract in contracts),
        *(asset(row["asset_id"], "equity", "margin", row["exchange"], "us-equities", "1", "0.001",
                "0.5", "0.25") for row in stock_rows),
    ]
    limits = [limit(BTC, "0.1", "0.05", "5"), limit(EURO, "0.35", "0.2", "50")]
    limits += [limit(contract.name, "0.25", "0.15", "20") for contract in contracts]
    limits += [limit(row["asset_id"], "0.12", "0.03", "2", least="0") for row in stock_rows]
    return {"registry.json": {
        "schema": "ios012.registry.v1", "issuer": "ios-001", "version": "1",
        "base_currency": "USD", "assets": assets,
    }, "constraints.json": {
        "schema": "ios012.constraints.v1", "issuer": "ios-006", "version": "1",
        "assets": limits,
        "groups": [
            group("energy", "0.2", "CVX", "RRC", "XOM"),
            group("financials", "0.15", "BAC", "JPM"),
            group("health", "0.45", "JNJ", "LLY", "MRK", "PFE", "UNH"),
            group("technology", "0.18", "AAPL", "AMD", "MSFT"),
        ],
        "classes": [{"class": "equity", "cap": "1.42"}],
        "currencies": [],
        "portfolio": {"gross": "2.05", "net": "1.85", "cash_floor": "0.26", "dead_band": "0.01",
                      "ramp_steps": "1", "jump_band": "0.55", "max_price_age_s": "3600"},
        "execution": {"fee_bps": "2", "slippage_bps": "2", "price_collar_bps": "50",
                      "max_turnover": "0.6"},
    }}


def asset(name, kind, instrument, exchange, calendar, lot, tick, initial, maintenance, **more):
    return {"asset_id": name, "symbols": [{"venue": "paper", "symbol": name}], "class": kind,
            "instrument": instrument, "currency": "USD", "lot_size": lot, "tick_size": tick,
            "min_notional": "0", "contract_multiplier": "1", "leverage_factor": "1",
            "initial_margin_rate": initial, "maintenance_margin_rate": maintenance,
            "exchange": exchange, "calendar": calendar, "active": True} | more


def limit(name, most, step, leverage, least=None):
    return {"asset_id": name, "max_exposure": most, "min_exposure": least or f"-{most}",
            "max_delta_exposure": step, "max_leverage": leverage, "block": "none"}


def group(name, cap, *members):
    return {"group": name, "cap": cap, "members": list(members)}


def text(value):
    """Without zeros at the end, as the engine writes decimals."""
    value = format(value.normalize(), "f")
    return "0" if value == "-0" else value


def made():
    """Each file's name and text."""
    days, closes = sources()
    for name, rows in tables(days, closes).items():
        file = io.StringIO(newline="")
        csv.writer(file, lineterminator="\n").writerows(rows)
        yield name, file.getvalue()
    for name, document in documents(closes).items():
        yield name, json.dumps(document, indent=2) + "\n"


def looks_ahead(days, closes):
    """The first of some days whose targets change when its own and all later closes are doubled."""
    contracts = contracts_of(closes)
    ours = list(target_rows(days, closes, contracts))
    for place in range(100, len(days), 250):
        day = days[place]
        other = {asset: {at: price * 2 if at >= day else price for at, price in prices.items()}
                 for asset, prices in closes.items()}
        theirs = list(target_rows(days[:place + 1], other, contracts))
        if theirs != ours[:len(theirs)]:
            return day
    return None


def check():
    """What is wrong, if anything."""
    differ = [name for name, content in made()
              if not (FOLDER / name).exists() or (FOLDER / name).read_bytes() != content.encode()]
    if differ:
        return f"not what make_scenario.py makes: {', '.join(differ)}"
    day = looks_ahead(*sources())
    return f"the targets of {day} look ahead" if day else None


def main():
    if sys.argv[1:] == ["--check"]:
        wrong = check()
        if wrong:
            sys.exit(wrong)
        print("the files of golden/mixed-portfolio are what make_scenario.py makes; no target looks ahead")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        for name, content in made():
            (FOLDER / name).write_bytes(content.encode())


if __name__ == "__main__":
    main()
