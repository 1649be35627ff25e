-- The ledger of IoS-012: docs/postgres.md says what each table is for.

CREATE SCHEMA ios012;

-- Roles belong to the whole cluster: another database may have made them, or be making them now.
DO $$
BEGIN
    BEGIN
        CREATE ROLE ios012_reader NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    BEGIN
        CREATE ROLE ios012_writer NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    IF EXISTS (
        SELECT FROM pg_catalog.pg_roles
        WHERE rolname IN ('ios012_reader', 'ios012_writer')
            AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
    ) THEN
        RAISE EXCEPTION 'the roles ios012_reader and ios012_writer must have no attributes'
            USING ERRCODE = 'IO004';
    END IF;
END
$$;

CREATE TABLE ios012.migration (
    version integer PRIMARY KEY CHECK (version > 0),
    name text NOT NULL,
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE ios012.chain (
    portfolio_id text COLLATE "C" PRIMARY KEY
        CHECK (portfolio_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    lease bigint NOT NULL DEFAULT 0,
    fence bigint NOT NULL DEFAULT 0,
    leased_until timestamptz NOT NULL DEFAULT '-infinity',
    epoch bigint NOT NULL DEFAULT 0,
    records bigint NOT NULL DEFAULT 0,
    head bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (octet_length(head) = 32),
    documents bigint NOT NULL DEFAULT 0,
    CHECK (lease >= 0 AND fence >= lease AND epoch >= 0 AND records >= 0 AND documents >= 0),
    CHECK ((epoch = 0) = (records = 0)),
    CHECK (records > 0 OR head = decode(repeat('00', 32), 'hex'))
);

CREATE TABLE ios012.record_line (
    portfolio_id text COLLATE "C" NOT NULL,
    seq bigint NOT NULL CHECK (seq >= 0),
    epoch bigint NOT NULL CHECK (epoch > 0),
    prev bytea NOT NULL CHECK (octet_length(prev) = 32),
    record_hash bytea NOT NULL CHECK (record_hash = sha256(json)),
    json bytea NOT NULL CHECK (octet_length(json) <= 65535),
    PRIMARY KEY (portfolio_id, seq)
);

CREATE TABLE ios012.document (
    portfolio_id text COLLATE "C" NOT NULL,
    hash bytea NOT NULL CHECK (hash = sha256(json)),
    json bytea NOT NULL CHECK (octet_length(json) <= 16777216),
    PRIMARY KEY (portfolio_id, hash)
);

CREATE TABLE ios012.pack_line (
    portfolio_id text COLLATE "C" NOT NULL,
    place bigint NOT NULL CHECK (place >= 0),
    kind text COLLATE "C" NOT NULL CHECK (kind IN (
        'account', 'command', 'constraints', 'mandate', 'market', 'regime', 'registry'
    )),
    hash bytea NOT NULL,
    PRIMARY KEY (portfolio_id, place),
    FOREIGN KEY (portfolio_id, hash) REFERENCES ios012.document
);

-- Nothing is ever changed or removed, by whomever.
CREATE FUNCTION ios012.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% of %.% is refused: it is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'IO001';
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ios012.migration
    FOR EACH STATEMENT EXECUTE FUNCTION ios012.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ios012.record_line
    FOR EACH STATEMENT EXECUTE FUNCTION ios012.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ios012.document
    FOR EACH STATEMENT EXECUTE FUNCTION ios012.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ios012.pack_line
    FOR EACH STATEMENT EXECUTE FUNCTION ios012.refuse_change();
CREATE TRIGGER no_removal BEFORE DELETE OR TRUNCATE ON ios012.chain
    FOR EACH STATEMENT EXECUTE FUNCTION ios012.refuse_change();

-- A chain goes forward only: by a new owner once the lease has run out, by a settled doubt, or by records.
CREATE FUNCTION ios012.guard_chain() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.portfolio_id <> OLD.portfolio_id
        OR NEW.lease NOT IN (OLD.lease, OLD.lease + 1)
        OR NEW.fence NOT IN (OLD.fence, OLD.fence + 1)
        OR NEW.lease - OLD.lease > NEW.fence - OLD.fence
        OR (NEW.lease > OLD.lease AND OLD.leased_until > clock_timestamp())
        OR NEW.records < OLD.records
        OR NEW.documents < OLD.documents
        OR (NEW.records = OLD.records) <> (NEW.head = OLD.head)
        OR NEW.epoch NOT IN (OLD.epoch, OLD.epoch + 1)
        OR (NEW.epoch > OLD.epoch AND NEW.records = OLD.records)
        OR (NEW.fence > OLD.fence AND (NEW.records > OLD.records OR NEW.documents > OLD.documents))
    THEN
        RAISE EXCEPTION 'the chain does not go so' USING ERRCODE = 'IO002';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER forward_only BEFORE UPDATE ON ios012.chain
    FOR EACH ROW EXECUTE FUNCTION ios012.guard_chain();

-- At the end of a transaction the chain's head is the last record that there is.
CREATE FUNCTION ios012.check_head() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.records > OLD.records AND NOT EXISTS (
        SELECT FROM ios012.record_line AS line
        WHERE line.portfolio_id = NEW.portfolio_id AND line.seq = NEW.records - 1
            AND line.record_hash = NEW.head AND line.epoch = NEW.epoch
    ) OR NEW.documents > OLD.documents AND NOT EXISTS (
        SELECT FROM ios012.pack_line AS line
        WHERE line.portfolio_id = NEW.portfolio_id AND line.place = NEW.documents - 1
    ) THEN
        RAISE EXCEPTION 'the chain names records or documents that are not there'
            USING ERRCODE = 'IO002';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER head_is_there AFTER UPDATE ON ios012.chain
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ios012.check_head();

-- A record says the same in its columns and in its JSON, follows the one before it, and is counted by
-- its chain. The plan is made while the table is small and kept while it grows: it must be the one by index.
CREATE FUNCTION ios012.check_lines() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added
        LEFT JOIN ios012.chain AS chain ON chain.portfolio_id = added.portfolio_id
        LEFT JOIN ios012.record_line AS before
            ON before.portfolio_id = added.portfolio_id AND before.seq = added.seq - 1
        CROSS JOIN LATERAL json_to_record(convert_from(added.json, 'UTF8')::json)
            AS said (portfolio_id text, seq text, prev text, epoch text)
        WHERE chain.records IS NULL
            OR added.seq >= chain.records
            OR (added.seq > 0 AND before.seq IS NULL)
            OR added.prev <> coalesce(before.record_hash, decode(repeat('00', 32), 'hex'))
            OR added.epoch - coalesce(before.epoch, 0) NOT IN (0, 1)
            OR said.portfolio_id IS DISTINCT FROM added.portfolio_id
            OR said.seq IS DISTINCT FROM added.seq::text
            OR said.prev IS DISTINCT FROM encode(added.prev, 'hex')
            OR said.epoch IS DISTINCT FROM added.epoch::text
    ) THEN
        RAISE EXCEPTION 'a record does not continue its chain' USING ERRCODE = 'IO002';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER chained AFTER INSERT ON ios012.record_line
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ios012.check_lines();

CREATE FUNCTION ios012.check_pack() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added
        LEFT JOIN ios012.chain AS chain ON chain.portfolio_id = added.portfolio_id
        LEFT JOIN ios012.pack_line AS before
            ON before.portfolio_id = added.portfolio_id AND before.place = added.place - 1
        WHERE chain.documents IS NULL
            OR added.place >= chain.documents
            OR (added.place > 0 AND before.place IS NULL)
    ) THEN
        RAISE EXCEPTION 'a document does not continue its pack' USING ERRCODE = 'IO002';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER packed AFTER INSERT ON ios012.pack_line
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION ios012.check_pack();

-- They hold also where a session says that it replays a replica's changes.
ALTER TABLE ios012.migration ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE ios012.record_line ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE ios012.record_line ENABLE ALWAYS TRIGGER chained;
ALTER TABLE ios012.document ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE ios012.pack_line ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE ios012.pack_line ENABLE ALWAYS TRIGGER packed;
ALTER TABLE ios012.chain ENABLE ALWAYS TRIGGER no_removal;
ALTER TABLE ios012.chain ENABLE ALWAYS TRIGGER forward_only;
ALTER TABLE ios012.chain ENABLE ALWAYS TRIGGER head_is_there;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ios012 FROM PUBLIC;
GRANT USAGE ON SCHEMA ios012 TO ios012_reader, ios012_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA ios012 TO ios012_reader, ios012_writer;
GRANT INSERT ON ios012.record_line, ios012.document, ios012.pack_line TO ios012_writer;
GRANT INSERT (portfolio_id),
    UPDATE (lease, fence, leased_until, epoch, records, head, documents)
    ON ios012.chain TO ios012_writer;
