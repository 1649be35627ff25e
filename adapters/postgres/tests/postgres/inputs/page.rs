//! docs/postgres.md is true: its columns are those of the schema, and its view works.

use ios012_core::UtcTime;

use super::load::Inputs;

const PAGE: &str = include_str!("../../../../../docs/postgres.md");

/// What stands between two texts of the page.
fn between(from: &str, to: &str) -> String {
    let after = PAGE.split_once(from).expect("it is there").1;
    after.split_once(to).expect("it ends").0.to_owned()
}

#[test]
fn the_page_lists_the_columns_of_the_schema() {
    let inputs = Inputs::empty("one-cycle");
    let listed = between("more columns are not looked at:\n\n```text\n", "\n```");
    let listed = listed.replace("\n    ", " ");
    let mut listed: Vec<&str> = listed.lines().collect();
    listed.sort_unstable();
    let there = inputs.sql(
        "SELECT relname || ': ' || string_agg(attname || ' ' || CASE atttypid::regtype::text
                WHEN 'timestamp with time zone' THEN 'timestamptz' WHEN 'time without time zone' THEN 'time'
                ELSE atttypid::regtype::text END || CASE WHEN attnotnull THEN '' ELSE '?' END, ', ' ORDER BY attnum)
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
        WHERE relnamespace = 'ios012_input'::regnamespace AND relkind = 'r' AND attnum > 0
        GROUP BY relname ORDER BY relname COLLATE \"C\"",
    );
    assert_eq!(listed, there.lines().collect::<Vec<_>>());
}

/// A row for each day becomes a calendar by the view of the page.
#[test]
fn the_view_of_the_page_makes_a_calendar_of_days() {
    let (inputs, _) = Inputs::one_cycle();
    inputs.sql(
        "CREATE TABLE exchange_days (exchange text, day date, open time, close time);
        INSERT INTO exchange_days SELECT calendar, day, opens, '21:00'
        FROM (SELECT DISTINCT calendar FROM ios012_input.ios001_assets) AS calendars,
            (VALUES (date '2026-11-18', time '14:30'), ('2026-11-19', NULL), ('2026-11-20', '14:30')) AS days (day, opens)",
    );
    inputs.sql(&between("becomes a calendar so:\n\n```sql\n", "\n```"));
    let (standing, _) = inputs.read().expect("good rows");
    let calendar = standing.registry().calendar(0).expect("a calendar");
    let is_open = |time: &str| {
        let time: UtcTime = time.parse().expect("a time");
        calendar.is_open(time)
    };
    let told: Vec<_> = [
        "2026-11-18T14:29:59.000Z",
        "2026-11-18T14:30:00.000Z",
        "2026-11-19T14:30:00.000Z",
        "2026-11-20T20:59:59.000Z",
        "2026-11-20T21:00:00.000Z",
    ]
    .map(is_open)
    .to_vec();
    assert_eq!(told, [false, true, false, true, false].map(Some));
}
