//! Published vectors, and one value in each form as Python's library writes it.

use ios012_canary::{Canaries, Encoding, Kind, Search};

/// Each form of it differs from each other one.
const VALUE: &[u8] = br#"hvs.Ab/+"\9~zQ7-_k?J>>~~??xyz"#;

/// From Python 3.11: `base64`, `binascii`, `json`, `str`, `urllib.parse`; base64 after zero, one and two bytes.
const FORMS: [(Encoding, &str); 22] = [
    (Encoding::Raw, r#"hvs.Ab/+"\9~zQ7-_k?J>>~~??xyz"#),
    (Encoding::Lowercase, r#"hvs.ab/+"\9~zq7-_k?j>>~~??xyz"#),
    (Encoding::Uppercase, r#"HVS.AB/+"\9~ZQ7-_K?J>>~~??XYZ"#),
    (Encoding::Reversed, r#"zyx??~~>>J?k_-7Qz~9\"+/bA.svh"#),
    (
        Encoding::HexLower,
        "6876732e41622f2b225c397e7a51372d5f6b3f4a3e3e7e7e3f3f78797a",
    ),
    (
        Encoding::HexUpper,
        "6876732E41622F2B225C397E7A51372D5F6B3F4A3E3E7E7E3F3F78797A",
    ),
    (
        Encoding::HexSpaced,
        "68 76 73 2e 41 62 2f 2b 22 5c 39 7e 7a 51 37 2d 5f 6b 3f 4a 3e 3e 7e 7e 3f 3f 78 79 7a",
    ),
    (
        Encoding::HexColons,
        "68:76:73:2e:41:62:2f:2b:22:5c:39:7e:7a:51:37:2d:5f:6b:3f:4a:3e:3e:7e:7e:3f:3f:78:79:7a",
    ),
    (
        Encoding::HexList,
        "[68, 76, 73, 2e, 41, 62, 2f, 2b, 22, 5c, 39, 7e, 7a, 51, 37, 2d, 5f, 6b, 3f, 4a, 3e, 3e, 7e, 7e, 3f]",
    ),
    (
        Encoding::HexEscaped,
        r"\x68\x76\x73\x2e\x41\x62\x2f\x2b\x22\x5c\x39\x7e\x7a\x51\x37\x2d\x5f\x6b\x3f\x4a\x3e\x3e\x7e\x7e",
    ),
    (Encoding::Base64, "aHZzLkFiLysiXDl+elE3LV9rP0o+Pn5+Pz94eXo="),
    (Encoding::Base64, "LWh2cy5BYi8rIlw5fnpRNy1faz9KPj5+fj8/eHl6"),
    (
        Encoding::Base64,
        "aWRodnMuQWIvKyJcOX56UTctX2s/Sj4+fn4/P3h5eg==",
    ),
    (
        Encoding::Base64Url,
        "aHZzLkFiLysiXDl-elE3LV9rP0o-Pn5-Pz94eXo=",
    ),
    (
        Encoding::Base64Url,
        "LWh2cy5BYi8rIlw5fnpRNy1faz9KPj5-fj8_eHl6",
    ),
    (
        Encoding::Base64Url,
        "aWRodnMuQWIvKyJcOX56UTctX2s_Sj4-fn4_P3h5eg==",
    ),
    (
        Encoding::UrlLower,
        "%68%76%73%2e%41%62%2f%2b%22%5c%39%7e%7a%51%37%2d%5f%6b%3f%4a%3e%3e%7e%7e%3f%3f%78%79%7a",
    ),
    (
        Encoding::UrlUpper,
        "%68%76%73%2E%41%62%2F%2B%22%5C%39%7E%7A%51%37%2D%5F%6B%3F%4A%3E%3E%7E%7E%3F%3F%78%79%7A",
    ),
    (
        Encoding::UrlReserved,
        "hvs.Ab%2F%2B%22%5C9~zQ7-_k%3FJ%3E%3E~~%3F%3Fxyz",
    ),
    (Encoding::Quoted, r#""hvs.Ab/+\"\\9~zQ7-_k?J>>~~??xyz""#),
    (
        Encoding::DecimalList,
        "[104, 118, 115, 46, 65, 98, 47, 43, 34, 92, 57, 126, 122, 81, 55, 45, 95, 107, 63, 74, 62, 62, 126]",
    ),
    (
        Encoding::DecimalPacked,
        "[104,118,115,46,65,98,47,43,34,92,57,126,122,81,55,45,95,107,63,74,62,62,126,126,63,63,120,121,122]",
    ),
];

#[test]
fn each_form_of_another_library_is_found_and_nothing_else() {
    let canaries = canaries(VALUE);
    let search = Search::new(&canaries).unwrap();
    for (encoding, text) in FORMS {
        assert_only(&search, encoding, text.as_bytes());
    }
    let json = |digits: fn(&u8) -> String| VALUE.iter().map(digits).collect::<String>();
    let lower = json(|byte| format!("\\u00{byte:02x}"));
    assert_eq!(
        serde_json::from_str::<String>(&format!("\"{lower}\""))
            .unwrap()
            .as_bytes(),
        VALUE
    );
    assert_only(&search, Encoding::JsonLower, lower.as_bytes());
    let upper = json(|byte| format!("\\u00{byte:02X}"));
    assert_only(&search, Encoding::JsonUpper, upper.as_bytes());
    let units = || str::from_utf8(VALUE).unwrap().encode_utf16();
    let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
    assert_only(&search, Encoding::Utf16Le, &little);
    let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
    assert_only(&search, Encoding::Utf16Be, &big);
    for lines in [
        format!("{VALUE:#?}"),
        format!("{:#?}", Some(Some(Some(VALUE)))),
    ] {
        assert_only(&search, Encoding::DecimalLines, lines.as_bytes());
    }
}

/// RFC 4648, section 10: `foobar` is `Zm9vYmFy` and `666F6F626172`.
#[test]
fn the_vectors_of_rfc_4648_are_found() {
    let canaries = canaries(b"foobarfoobarfoobar");
    let search = Search::new(&canaries).unwrap();
    assert_only(&search, Encoding::Base64, "Zm9vYmFy".repeat(3).as_bytes());
    assert_only(
        &search,
        Encoding::HexUpper,
        "666F6F626172".repeat(3).as_bytes(),
    );
}

#[test]
fn forms_of_fresh_canaries_are_each_found_as_themselves() {
    let canaries = Canaries::new().unwrap();
    let mut search = Search::new(&canaries).unwrap();
    search.control_bytes().unwrap();
    search.bytes("a text", b"no secret");
    search.report().finish().unwrap();
    // Letters and digits need no quotes and look the same in every base64 and address.
    assert_eq!(
        search.report().forms(),
        Kind::ALL.len() * (Encoding::ALL.len() - 3)
    );
}

#[test]
fn forms_of_an_awkward_value_are_each_found_as_themselves() {
    let awkward: Vec<u8> = (0..=255).rev().collect();
    for value in [
        VALUE,
        &awkward,
        b"3141592653589793",
        b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ] {
        let canaries = canaries(value);
        let mut search = Search::new(&canaries).unwrap();
        search.control_bytes().unwrap();
        search.bytes("a text", b"no secret");
        search.report().finish().unwrap();
    }
}

#[test]
fn ten_megabytes_of_noise_hold_nothing() {
    let canaries = Canaries::new().unwrap();
    let mut search = Search::new(&canaries).unwrap();
    let mut noise = vec![0; 10 << 20];
    getrandom::fill(&mut noise).unwrap();
    search.bytes("bytes", &noise);
    // The same as text of many forms' characters.
    for byte in &mut noise {
        *byte = b"0123456789abcdefABCDEFxyz+/%\\u, "[usize::from(*byte % 32)];
    }
    search.bytes("text", &noise);
    assert_eq!(search.report().findings(), []);
    assert_eq!(search.report().bytes(), 20 << 20);
}

fn canaries(value: &[u8]) -> Canaries {
    let mut canaries = Canaries::none();
    canaries.add(Kind::VaultToken, value).unwrap();
    canaries
}

fn assert_only(search: &Search<'_>, encoding: Encoding, text: &[u8]) {
    let mut search = search.empty();
    let output = [b"before: ", text, b" after"].concat();
    search.bytes("output", &output);
    let found = search.report().times(Kind::VaultToken, encoding);
    assert!(found > 0, "{encoding} was not found");
    let is_other = |other: Encoding| match encoding {
        // The same where a window has none of the special characters of the two alphabets.
        Encoding::Base64 | Encoding::Base64Url => !is_base64(other),
        // The same as raw where a window has no character to escape.
        Encoding::Quoted | Encoding::UrlReserved => ![encoding, Encoding::Raw].contains(&other),
        // The same but for where a character begins.
        Encoding::Utf16Le | Encoding::Utf16Be => {
            ![Encoding::Utf16Le, Encoding::Utf16Be].contains(&other)
        }
        _ => other != encoding,
    };
    let findings = search.report().findings();
    let others = findings
        .iter()
        .filter(|finding| is_other(finding.encoding))
        .count();
    assert_eq!(others, 0, "{encoding}: {findings:?}");
}

fn is_base64(encoding: Encoding) -> bool {
    matches!(encoding, Encoding::Base64 | Encoding::Base64Url)
}
