"""Makes prices.csv, targets.csv and shock_scores.csv of this scenario.

    python3 make_targets.py PRICES_CSV VIX_DAILY_CSV

PRICES_CSV has a row per day and a column per asset, the closes of QuantConnect/Lean's Data folder;
a cell is empty where the market was closed. VIX_DAILY_CSV is vix-daily.csv of datasets/finance-vix
(date, open, high, low, close).

Prices: rounded half to even to 8 digits after the point. It takes away the noise of a float
(202.79000000000002 is 202.79).

Targets: on every day of prices.csv on which each asset has at least 21 prices up to that day,

    weight = 0.95 * (1 / m) / sum of (1 / m) over the assets

where m is the mean absolute return over the asset's own last 20 returns (21 prices; days on which
its market was closed are passed over). Weights are cut to 6 digits after the point, so their sum
is at most 0.95. The day's own close is used: the mandate is of the close.

Scores: the VIX close of the day, or the last one before it where none was published. It stands
for the portfolio, and for SPY.

Decimal arithmetic with 28 digits; no float.
"""

import csv
import pathlib
import sys
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

RETURNS = 20
INVESTED = Decimal("0.95")
DIGITS = Decimal("0.000001")
PRICE_DIGITS = Decimal("0.00000001")
FOLDER = pathlib.Path(__file__).resolve().parent


def main(prices_file, vix_file):
    with open(prices_file, newline="") as file:
        days = [rounded(day) for day in csv.DictReader(file)]
    with open(vix_file, newline="") as file:
        vix = {row["date"]: Decimal(row["close"]) for row in csv.DictReader(file)}
    dates = [day["date"] for day in days]
    write("prices.csv", list(days[0]), (day.values() for day in days))
    write("shock_scores.csv", ["date", "portfolio", "SPY"], scores(dates, vix))
    write("targets.csv", ["date", "asset_id", "target_exposure"], targets(days))


def rounded(day):
    def price(cell):
        return text(Decimal(cell).quantize(PRICE_DIGITS, ROUND_HALF_EVEN)) if cell else ""

    return {name: cell if name == "date" else price(cell) for name, cell in day.items()}


def scores(dates, vix):
    published = sorted(vix)
    place = 0
    for date in dates:
        while place < len(published) and published[place] <= date:
            place += 1
        score = text(vix[published[place - 1]])
        yield date, score, score


def targets(days):
    assets = sorted(name for name in days[0] if name != "date")
    prices = {asset: [] for asset in assets}
    for day in days:
        for asset in assets:
            if day[asset]:
                prices[asset].append(Decimal(day[asset]))
        if any(len(prices[asset]) <= RETURNS for asset in assets):
            continue
        inverse = {asset: 1 / mean_absolute_return(prices[asset]) for asset in assets}
        total = sum(inverse.values())
        for asset in assets:
            weight = INVESTED * inverse[asset] / total
            yield day["date"], asset, text(weight.quantize(DIGITS, ROUND_DOWN))


def mean_absolute_return(prices):
    last = prices[-RETURNS - 1 :]
    returns = [abs(after / before - 1) for before, after in zip(last, last[1:])]
    return sum(returns) / RETURNS


def text(value):
    """Without zeros at the end, as the engine writes decimals."""
    return format(value.normalize(), "f")


def write(name, header, rows):
    with open(FOLDER / name, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(header)
        table.writerows(rows)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
