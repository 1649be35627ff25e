-- From a document of docs/documents.md to rows, by PostgreSQL's own JSON: nothing of the reader is used.
-- `ios012_test.load(kind, portfolio_id, document)` dispatches.
CREATE SCHEMA ios012_test;
CREATE FUNCTION ios012_test.put(target text, document jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO ios012_input.%1$I SELECT (jsonb_populate_record(NULL::ios012_input.%1$I, $1)).*', target)
        USING document;
END $$;
CREATE FUNCTION ios012_test.put_all(target text, elements jsonb, more jsonb) RETURNS void LANGUAGE sql AS $$
    SELECT ios012_test.put(target, element || more || jsonb_build_object('place', place))
    FROM jsonb_array_elements(coalesce(elements, '[]')) WITH ORDINALITY AS list (element, place)
$$;
CREATE FUNCTION ios012_test.registry(d jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE of jsonb = jsonb_build_object('registry_version', d->'version'); row jsonb; at bigint; day jsonb;
BEGIN
    PERFORM ios012_test.put('ios001_document', d || of);
    PERFORM ios012_test.put_all('ios001_assets', d->'assets', of);
    PERFORM ios012_test.put_all('ios001_symbols', asset->'symbols', of || jsonb_build_object('asset_id', asset->'asset_id'))
        FROM jsonb_array_elements(d->'assets') AS list (asset);
    PERFORM ios012_test.put_all('ios001_fx_pairs', d->'fx_pairs', of);
    FOR row, at IN SELECT * FROM jsonb_array_elements(coalesce(d->'calendars', '[]')) WITH ORDINALITY LOOP
        of = of || jsonb_build_object('calendar', row->'calendar', 'place', at);
        IF row ? 'always_open' THEN
            PERFORM ios012_test.put('calendar_days', of || '{"kind": "always_open"}');
        ELSE
            PERFORM ios012_test.put('calendar_days', of || jsonb_build_object('kind', 'valid',
                'from_day', row->'valid_from', 'until_day', row->'valid_until'));
        END IF;
        PERFORM ios012_test.put_all('calendar_days', jsonb_agg(session || jsonb_build_object(
                'from_day', session->'from', 'until_day', session->'until')), of || '{"kind": "session"}')
            FROM jsonb_array_elements(coalesce(row->'sessions', '[]')) AS list (session);
        PERFORM ios012_test.put_all('calendar_days', jsonb_agg(jsonb_build_object('from_day', holiday)), of || '{"kind": "holiday"}')
            FROM jsonb_array_elements(coalesce(row->'holidays', '[]')) AS list (holiday);
        PERFORM ios012_test.put_all('calendar_days', jsonb_agg(early || jsonb_build_object('from_day', early->'date')),
                of || '{"kind": "early_close"}')
            FROM jsonb_array_elements(coalesce(row->'early_closes', '[]')) AS list (early);
    END LOOP;
END $$;
CREATE FUNCTION ios012_test.limits(version text, place bigint, section text, subject text, members jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO ios012_input.ios006_constraints
    SELECT version, place, section, subject, key, value #>> '{}' FROM jsonb_each(members)
    WHERE jsonb_typeof(value) = 'string'
$$;
CREATE FUNCTION ios012_test.constraints(d jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE version text = d->>'version'; list text; key text; object text;
BEGIN
    PERFORM ios012_test.limits(version, 0, 'document', '', d - 'schema' - 'version');
    FOR list, key IN VALUES ('assets', 'asset_id'), ('groups', 'group'), ('classes', 'class'), ('currencies', 'currency') LOOP
        PERFORM ios012_test.limits(version, at, list, row->>key, row - key)
            FROM jsonb_array_elements(d->list) WITH ORDINALITY AS rows (row, at);
    END LOOP;
    INSERT INTO ios012_input.ios006_group_members
        SELECT version, row->>'group', at, member
        FROM jsonb_array_elements(d->'groups') AS rows (row),
            jsonb_array_elements_text(row->'members') WITH ORDINALITY AS members (member, at);
    FOREACH object IN ARRAY ARRAY['portfolio', 'execution', 'breakers'] LOOP
        PERFORM ios012_test.limits(version, 0, object, '', coalesce(d->object, '{}'));
        PERFORM ios012_test.limits(version, 0, object, nested.key, nested.value)
            FROM jsonb_each(coalesce(d->object, '{}')) AS nested WHERE jsonb_typeof(nested.value) = 'object';
    END LOOP;
END $$;
CREATE FUNCTION ios012_test.load(kind text, of_portfolio text, d jsonb, regimes_as_of text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE of jsonb = jsonb_build_object('portfolio_id', of_portfolio, 'as_of', d->'as_of');
BEGIN
    CASE kind
    WHEN 'scenario' THEN
        PERFORM ios012_test.put('portfolio', d || (d->'policy')
            || '{"registry_version": "unknown", "constraints_version": "unknown"}');
        PERFORM ios012_test.put_all('portfolio_positions', d->'opening_positions', of);
    WHEN 'registry' THEN
        PERFORM ios012_test.registry(d);
        UPDATE ios012_input.portfolio SET registry_version = d->>'version' WHERE portfolio_id = of_portfolio;
    WHEN 'constraints' THEN
        PERFORM ios012_test.constraints(d);
        UPDATE ios012_input.portfolio SET constraints_version = d->>'version' WHERE portfolio_id = of_portfolio;
    WHEN 'regimes' THEN
        PERFORM ios012_test.put('ios003_document', d);
        PERFORM ios012_test.put_all('ios003_regimes', d->'regimes', of);
    WHEN 'mandate' THEN
        PERFORM ios012_test.put('ios004_document', d || jsonb_build_object('regimes_as_of', regimes_as_of));
        PERFORM ios012_test.put_all('ios004_targets', d->'targets', of);
        PERFORM ios012_test.put_all('ios004_regimes', jsonb_agg(claim || jsonb_build_object('regime_as_of', claim->'as_of')), of)
            FROM jsonb_array_elements(coalesce(d->'regimes', '[]')) AS list (claim);
    WHEN 'market' THEN
        PERFORM ios012_test.put('market_document', d || of);
        PERFORM ios012_test.put_all('market_snapshot', d->'rows', of);
        PERFORM ios012_test.put_all('market_fx', d->'fx', of);
        PERFORM ios012_test.put_all('market_events', d->'events', of);
    END CASE;
END $$;
