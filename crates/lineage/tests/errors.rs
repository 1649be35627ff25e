//! What an error says: the rule that was broken, and where.
#![expect(clippy::expect_used, reason = "a test may stop")]

use ios012_lineage::{
    FailureCode, Incomplete, LineageError, Record, VerifyFailure, check_canonical,
};

const PAGE: &str = include_str!("../../../docs/lineage-format.md");

/// The first record of a kind on the format page.
fn on_page(kind: &str) -> &'static str {
    let kind = format!(r#""kind":"{kind}""#);
    let line = PAGE.lines().find(|line| line.contains(&kind));
    &line.expect("the page has one")[65..]
}

#[test]
fn a_canonical_error_names_the_byte_and_the_rule() {
    for (text, at, broken) in [
        ("", 0, "expected a value"),
        ("[x]", 1, "expected a value"),
        ("[1]", 1, "a JSON number; numbers are strings here"),
        ("-1", 0, "a JSON number; numbers are strings here"),
        ("nulll", 4, "expected the end"),
        (r#"["a" ]"#, 4, "expected a comma or the array's end"),
        (r#"{"a":null "#, 9, "expected a comma or the object's end"),
        (r#"{"a"}"#, 4, "expected a colon"),
        (r#""a"#, 2, "a string must end"),
        (r#""\u0041""#, 1, "this escape is not the canonical one"),
    ] {
        let error = check_canonical(text).expect_err(text);
        assert!(
            matches!(error, LineageError::Canonical { byte, rule } if (byte, rule) == (at, broken)),
            "{text}: {error}"
        );
    }
}

#[test]
fn a_member_is_named_by_its_path() {
    let decision = on_page("decision");
    let cases = [
        (
            r#""limit":"max_exposure""#,
            r#""limit":"max exposure""#,
            "member `metadata.binding.limit`: a code must match ^[A-Za-z0-9][A-Za-z0-9._:+-]{0,63}$",
        ),
        (
            r#","limit":"max_exposure""#,
            "",
            "member `metadata.binding.limit`: this member is missing",
        ),
        (
            r#""seq":"2""#,
            r#""seq":"02""#,
            "member `seq`: a counter must match ^(0|[1-9][0-9]*)$, below 2^64",
        ),
        (r#","seq":"2""#, "", "member `seq`: this member is missing"),
        (
            r#","transition_cost":"0.4""#,
            "",
            "member `transition_cost`: this member is missing",
        ),
        (
            r#""asset_id":"AAA","#,
            "",
            "member `asset_id`: this member is missing",
        ),
        (
            r#""reason":"limited","#,
            "",
            "member `metadata.reason`: this member is missing",
        ),
        (
            r#""asset_id":"AAA""#,
            r#""asset_id":null"#,
            "member `asset_id`: expected a string (JSON numbers are not allowed)",
        ),
        (
            "ios012.record.v1",
            "ios012.record.v2",
            "member `schema`: must be ios012.record.v1",
        ),
        (decision, "null", "member `record`: expected an object"),
    ];
    for (from, to, said) in cases {
        assert!(decision.contains(from), "no {from}");
        let error = Record::parse(&decision.replacen(from, to, 1)).expect_err(from);
        assert_eq!(error.to_string(), said);
    }
}

/// It stands beside the member after it, not in it.
#[test]
fn a_member_that_does_not_belong_is_named_by_its_own_path() {
    for (from, to, member) in [
        (r#""asset_id""#, r#""as":"1","asset_id""#, "as"),
        (r#""epoch""#, r#""e":"1","epoch""#, "e"),
        (r#""before""#, r#""b":"1","before""#, "metadata.binding.b"),
        (
            r#""transition_cost":"0.4""#,
            r#""transition_cost":"0.4","z":"1""#,
            "z",
        ),
    ] {
        let text = on_page("decision").replacen(from, to, 1);
        let error = Record::parse(&text).expect_err(to);
        assert_eq!(
            error.to_string(),
            format!("member `{member}`: this member is not known here")
        );
    }
}

/// A comma that stands before the first member, in a text that is right but for it.
#[test]
fn no_comma_opens_an_object() {
    for (from, to) in [("{", "{,"), (r#"[{"after""#, r#"[{,"after""#)] {
        let text = on_page("decision").replacen(from, to, 1);
        assert!(matches!(
            Record::parse(&text),
            Err(LineageError::Canonical { .. })
        ));
    }
}

#[test]
fn a_failure_names_its_place_as_far_as_it_has_one() {
    for (line, seq, said) in [
        (Some(5), Some(4), "000001.ledger line 5 (seq 4): prev: why"),
        (Some(5), None, "000001.ledger line 5: prev: why"),
        (None, None, "000001.ledger: prev: why"),
    ] {
        let failure = VerifyFailure {
            code: FailureCode::Prev,
            file: "000001.ledger".to_owned(),
            line,
            seq,
            detail: "why".to_owned(),
        };
        assert_eq!(failure.to_string(), said);
    }
}

#[test]
fn what_a_crash_left_open_is_listed() {
    for (no_genesis, unsealed, torn_record_bytes, torn_document_bytes, said) in [
        (true, false, 0, 0, "there is no record yet"),
        (false, true, 0, 0, "the last cycle has no seal"),
        (false, false, 1, 0, "1 bytes of a torn record"),
        (false, false, 0, 4, "4 bytes of a torn document"),
        (
            true,
            true,
            3,
            4,
            "there is no record yet; the last cycle has no seal; 3 bytes of a torn record; \
             4 bytes of a torn document",
        ),
    ] {
        let open = Incomplete {
            no_genesis,
            unsealed,
            torn_record_bytes,
            torn_document_bytes,
        };
        assert_eq!(open.to_string(), said);
    }
}
