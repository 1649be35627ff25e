//! A good set of documents, and how it is read as a whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use ed25519_dalek::{Signer, SigningKey};
use ios012_contracts::{
    Constraints, ContractsError, CycleInput, Cycles, HistorySummary, KeyRegistry, LastAccepted,
    Mandate, Market, Refusal, Regimes, Registry, Scenario, Standing, Tables,
};
use ios012_core::AssetId;

/// The files of a folder, and what the books and the ledger say.
#[derive(Clone)]
pub(crate) struct Set {
    pub(crate) files: BTreeMap<&'static str, Vec<u8>>,
    pub(crate) last: Option<LastAccepted>,
    pub(crate) held: Vec<AssetId>,
}

impl Set {
    pub(crate) fn good() -> Self {
        macro_rules! files {
            ($($name:literal)*) => {
                [$(($name, include_bytes!(concat!("../data/", $name)).to_vec()),)*]
            };
        }
        let files = files! {
            "scenario.json" "registry.json" "constraints.json" "mandate.json" "market.json"
            "regimes.json" "prices.csv" "targets.csv" "shock_scores.csv" "volatility.csv"
        };
        Self {
            files: files.into(),
            last: None,
            held: vec!["MSFT".parse().expect("an asset")],
        }
    }

    /// A good set with an asset of each instrument, in three currencies, after a first cycle.
    pub(crate) fn mixed() -> Self {
        macro_rules! files {
            ($($name:literal)*) => {
                [$(($name, include_bytes!(concat!("../data/mixed/", $name)).to_vec()),)*]
            };
        }
        let files = files! {
            "scenario.json" "registry.json" "constraints.json" "mandate.json" "market.json"
            "prices.csv" "targets.csv" "fx.csv" "events.csv"
        };
        let held = ["SAP", "BTC-PERP", "GC-2612"];
        Self {
            files: files.into(),
            last: Some(LastAccepted {
                as_of: "2026-12-17T21:00:00.000Z".parse().expect("a time"),
                mandate_hash: Some("1".repeat(64).parse().expect("a hash")),
            }),
            held: held.map(|id| id.parse().expect("an asset")).into(),
        }
    }

    /// The good set with keys.json, and its mandate signed with the key of RFC 8032, test 1.
    pub(crate) fn signed() -> Self {
        let mut set = Self::good();
        let keys = include_bytes!("../data/keys.json").to_vec();
        set.files.insert("keys.json", keys);
        set.sign("rfc8032-1");
        set
    }

    /// Signs the mandate as it is now.
    pub(crate) fn sign(&mut self, key_id: &str) {
        let empty = format!("{}==", "A".repeat(86));
        let members = format!(r#""key_id": "{key_id}", "signature": "{empty}", "issuer""#);
        self.edit("mandate.json", r#""issuer""#, &members);
        let mandate = Mandate::parse("mandate.json", self.bytes("mandate.json"));
        let canonical = mandate
            .expect("a mandate")
            .document()
            .canonical()
            .to_owned();
        let unsigned = canonical.replace(&format!(r#""signature":"{empty}","#), "");
        let message = format!("ios012.mandate.v1\n{unsigned}");
        let signature = signing_key().sign(message.as_bytes()).to_bytes();
        self.edit("mandate.json", &empty, &base64(&signature));
    }

    /// Replaces the first `from` of a file.
    pub(crate) fn edit(&mut self, file: &'static str, from: &str, to: &str) {
        let bytes = self.files.get_mut(file).expect("a file of the set");
        let text = String::from_utf8(bytes.clone()).expect("UTF-8");
        assert!(text.contains(from), "{file} does not hold {from:?}");
        *bytes = text.replacen(from, to, 1).into_bytes();
    }

    pub(crate) fn bytes(&self, file: &str) -> &[u8] {
        self.files.get(file).map(Vec::as_slice).unwrap_or_default()
    }

    fn optional<T>(
        &self,
        file: &str,
        parse: fn(&str, &[u8]) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Refusal> {
        self.files
            .get(file)
            .map(|bytes| parse(file, bytes))
            .transpose()
    }

    pub(crate) fn standing(&self) -> Result<Arc<Standing>, Refusal> {
        let standing = Standing::check(
            Scenario::parse("scenario.json", self.bytes("scenario.json"))?,
            Arc::new(Registry::parse(
                "registry.json",
                self.bytes("registry.json"),
            )?),
            Arc::new(Constraints::parse(
                "constraints.json",
                self.bytes("constraints.json"),
            )?),
            self.optional("keys.json", KeyRegistry::parse)?,
        )?;
        Ok(Arc::new(standing))
    }

    /// Reads the set as one cycle.
    pub(crate) fn cycle(&self) -> Result<CycleInput, Refusal> {
        CycleInput::check(
            &self.standing()?,
            self.optional("regimes.json", Regimes::parse)?.map(Arc::new),
            Mandate::parse("mandate.json", self.bytes("mandate.json"))?,
            Market::parse("market.json", self.bytes("market.json"))?,
            self.last,
            &self.held,
        )
    }

    pub(crate) fn cycles(&self) -> Result<Cycles<&[u8]>, ContractsError> {
        let file = |name| self.files.get(name).map(Vec::as_slice);
        let tables = Tables {
            prices: self.bytes("prices.csv"),
            targets: self.bytes("targets.csv"),
            shock_scores: file("shock_scores.csv"),
            volatility: file("volatility.csv"),
            fx: file("fx.csv"),
            events: file("events.csv"),
        };
        Cycles::new(self.standing()?, tables)
    }

    /// Reads the set as a history.
    pub(crate) fn history(&self) -> Result<HistorySummary, ContractsError> {
        self.cycles()?.check()
    }
}

/// The secret key of RFC 8032, section 7.1, test 1: public, so good for nothing but tests.
pub(crate) fn signing_key() -> SigningKey {
    let secret = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    SigningKey::from_bytes(&unhex(secret).try_into().expect("32 bytes"))
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).expect("hex")).expect("hex");
    text.as_bytes()
        .chunks(2)
        .map(|pair| digit(pair[0]) * 16 + digit(pair[1]))
        .collect()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64ct::{Base64, Encoding};
    Base64::encode_string(bytes)
}
