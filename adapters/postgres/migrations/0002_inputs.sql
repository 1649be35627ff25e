-- The documents that a cycle is decided from: docs/postgres.md says what each table is for. A view with the
-- same columns may stand in the place of each, so nothing refers to them, and whoever reads them trusts no key.

CREATE SCHEMA ios012_input;

CREATE TABLE ios012_input.portfolio (
    portfolio_id text COLLATE "C" PRIMARY KEY,
    title text NOT NULL,
    description text NOT NULL,
    base_currency text NOT NULL,
    opening_cash numeric NOT NULL,
    signatures text NOT NULL,
    roles_sha256 text,
    registry_version text NOT NULL,
    constraints_version text NOT NULL
);

CREATE TABLE ios012_input.portfolio_positions (
    portfolio_id text COLLATE "C" NOT NULL,
    asset_id text COLLATE "C" NOT NULL,
    quantity numeric NOT NULL,
    cost numeric NOT NULL,
    PRIMARY KEY (portfolio_id, asset_id)
);

CREATE TABLE ios012_input.ios001_document (
    registry_version text COLLATE "C" PRIMARY KEY,
    issuer text NOT NULL,
    base_currency text NOT NULL,
    key_id text,
    signature text
);

CREATE TABLE ios012_input.ios001_assets (
    registry_version text COLLATE "C" NOT NULL,
    asset_id text COLLATE "C" NOT NULL,
    class text NOT NULL,
    instrument text NOT NULL,
    currency text NOT NULL,
    lot_size numeric NOT NULL,
    tick_size numeric NOT NULL,
    min_notional numeric NOT NULL,
    contract_multiplier numeric NOT NULL,
    leverage_factor numeric NOT NULL,
    initial_margin_rate numeric NOT NULL,
    maintenance_margin_rate numeric NOT NULL,
    exchange text NOT NULL,
    calendar text NOT NULL,
    active boolean NOT NULL,
    payoff text,
    expiry timestamptz,
    funding_interval_s bigint,
    PRIMARY KEY (registry_version, asset_id)
);

CREATE TABLE ios012_input.ios001_symbols (
    registry_version text COLLATE "C" NOT NULL,
    asset_id text COLLATE "C" NOT NULL,
    place integer NOT NULL DEFAULT 0,
    venue text COLLATE "C" NOT NULL,
    symbol text NOT NULL,
    PRIMARY KEY (registry_version, asset_id, venue)
);

CREATE TABLE ios012_input.ios001_fx_pairs (
    registry_version text COLLATE "C" NOT NULL,
    place integer NOT NULL DEFAULT 0,
    pair text COLLATE "C" NOT NULL,
    base text NOT NULL,
    quote text NOT NULL,
    PRIMARY KEY (registry_version, pair)
);

CREATE TABLE ios012_input.calendar_days (
    registry_version text COLLATE "C" NOT NULL,
    calendar text COLLATE "C" NOT NULL,
    place integer NOT NULL DEFAULT 0,
    kind text COLLATE "C" NOT NULL,
    from_day date,
    until_day date,
    weekdays text[],
    open time,
    close time,
    UNIQUE NULLS NOT DISTINCT (registry_version, calendar, kind, from_day, until_day, weekdays, open)
);

CREATE TABLE ios012_input.ios006_constraints (
    constraints_version text COLLATE "C" NOT NULL,
    place integer NOT NULL DEFAULT 0,
    section text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL DEFAULT '',
    member text COLLATE "C" NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (constraints_version, section, subject, member)
);

CREATE TABLE ios012_input.ios006_group_members (
    constraints_version text COLLATE "C" NOT NULL,
    group_id text COLLATE "C" NOT NULL,
    place integer NOT NULL DEFAULT 0,
    asset_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (constraints_version, group_id, asset_id)
);

CREATE TABLE ios012_input.ios003_document (
    as_of timestamptz PRIMARY KEY,
    issuer text NOT NULL,
    version text NOT NULL
);

CREATE TABLE ios012_input.ios003_regimes (
    as_of timestamptz NOT NULL,
    asset_id text COLLATE "C" NOT NULL,
    label text NOT NULL,
    confidence numeric NOT NULL,
    model_id text NOT NULL,
    confirmed boolean NOT NULL,
    PRIMARY KEY (as_of, asset_id)
);

CREATE TABLE ios012_input.ios004_document (
    portfolio_id text COLLATE "C" NOT NULL,
    as_of timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    issuer text NOT NULL,
    cash_weight numeric,
    regimes_as_of timestamptz,
    key_id text,
    signature text,
    PRIMARY KEY (portfolio_id, as_of)
);

CREATE TABLE ios012_input.ios004_targets (
    portfolio_id text COLLATE "C" NOT NULL,
    as_of timestamptz NOT NULL,
    asset_id text COLLATE "C" NOT NULL,
    target_exposure numeric NOT NULL,
    PRIMARY KEY (portfolio_id, as_of, asset_id)
);

CREATE TABLE ios012_input.ios004_regimes (
    portfolio_id text COLLATE "C" NOT NULL,
    as_of timestamptz NOT NULL,
    asset_id text COLLATE "C" NOT NULL,
    label text NOT NULL,
    model_id text NOT NULL,
    regime_as_of timestamptz NOT NULL,
    PRIMARY KEY (portfolio_id, as_of, asset_id)
);

CREATE TABLE ios012_input.market_document (
    portfolio_id text COLLATE "C" NOT NULL,
    as_of timestamptz NOT NULL,
    currency text NOT NULL,
    portfolio_shock_score numeric,
    PRIMARY KEY (portfolio_id, as_of)
);

CREATE TABLE ios012_input.market_snapshot (
    portfolio_id text COLLATE "C" NOT NULL,
    as_of timestamptz NOT NULL,
    asset_id text COLLATE "C" NOT NULL,
    reference_price numeric NOT NULL,
    price_time timestamptz NOT NULL,
    market_open boolean NOT NULL,
    volatility numeric,
    shock_score numeric,
    PRIMARY KEY (portfolio_id, as_of, asset_id)
);

CREATE TABLE ios012_input.market_fx (
    portfolio_id text COLLATE "C" NOT NULL,
    as_of timestamptz NOT NULL,
    place integer NOT NULL DEFAULT 0,
    pair text COLLATE "C" NOT NULL,
    rate numeric NOT NULL,
    rate_time timestamptz NOT NULL,
    PRIMARY KEY (portfolio_id, as_of, pair)
);

CREATE TABLE ios012_input.market_events (
    portfolio_id text COLLATE "C" NOT NULL,
    as_of timestamptz NOT NULL,
    place integer NOT NULL DEFAULT 0,
    "time" timestamptz NOT NULL,
    kind text COLLATE "C" NOT NULL,
    asset_id text COLLATE "C",
    "into" text,
    currency text COLLATE "C",
    price numeric,
    into_price numeric,
    rate numeric,
    debit_rate numeric,
    credit_rate numeric,
    long_rate numeric,
    short_rate numeric,
    days bigint,
    day_count text,
    per_unit numeric,
    numerator bigint,
    denominator bigint,
    amount numeric,
    UNIQUE NULLS NOT DISTINCT (portfolio_id, as_of, "time", kind, asset_id, currency)
);

-- Whoever listens hears of a mandate when its transaction commits, so with all its rows.
CREATE FUNCTION ios012_input.tell_mandate() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('ios012_mandate', NEW.portfolio_id);
    RETURN NULL;
END
$$;

CREATE TRIGGER told AFTER INSERT OR UPDATE ON ios012_input.ios004_document
    FOR EACH ROW EXECUTE FUNCTION ios012_input.tell_mandate();

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ios012_input FROM PUBLIC;
GRANT USAGE ON SCHEMA ios012_input TO ios012_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA ios012_input TO ios012_reader;
