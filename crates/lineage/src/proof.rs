//! The proof that one record is in a ledger, in one file that needs nothing else (C2SP tlog-proof).
//!
//! Its extra data are the record's canonical JSON, which is the leaf: so who has the proof and the
//! log's public key has the record too, and knows that it was signed.

use base64ct::{Base64, Encoding as _};

use crate::chain::RECORD_LIMIT;
use crate::checkpoint::{counter, hash_of_base64, hash_to_base64};
use crate::tree::Inclusion;
use crate::{Checkpoint, Envelope, Hash, LineageError, Record, VerifierKey};

/// The first line of every proof.
const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// No tree of 2^63 leaves or less has a longer path.
const LONGEST_PATH: usize = 63;

/// The text of a proof, which held when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordProof(String);

impl RecordProof {
    /// Puts a proof together: the place of the leaf, its path, and a checkpoint, taken as it is.
    pub(crate) fn new(index: u64, path: &[Hash], leaf: &[u8], checkpoint: &str) -> Self {
        let leaf = Base64::encode_string(leaf);
        let mut text = format!("{HEADER}\nextra {leaf}\nindex {index}\n");
        for hash in path {
            text.push_str(&hash_to_base64(*hash));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(checkpoint);
        Self(text)
    }

    /// The exact bytes of the file.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// A record of which a proof showed that a log has signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenRecord {
    /// Its place in the log, from 0.
    pub index: u64,
    /// Records that the log had signed by then.
    pub size: u64,
    /// The members every record has.
    pub envelope: Envelope,
    /// The record.
    pub record: Record,
    /// Its canonical JSON: the leaf.
    pub json: String,
    /// The checkpoint, which the log has signed; witnesses may have, too.
    pub checkpoint: String,
}

impl ProvenRecord {
    /// Reads a proof and checks all of it: the form, the signature, the path, and that the leaf is the record that
    /// stands at its place.
    ///
    /// # Errors
    /// [`LineageError::Proof`], [`LineageError::Checkpoint`], or what is wrong with the record.
    pub fn open(text: &str, key: &VerifierKey) -> Result<Self, LineageError> {
        let (head, signed) = text
            .split_once("\n\n")
            .ok_or(fault("no empty line ends the path"))?;
        let checkpoint = Checkpoint::open(signed, key)?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(fault("the first line is not c2sp.org/tlog-proof@v1"));
        }
        let leaf = lines.next().and_then(|line| line.strip_prefix("extra "));
        let leaf = leaf.ok_or(fault(
            "the second line is not `extra` and the record in base64",
        ))?;
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let index = index
            .and_then(counter)
            .ok_or(fault("the third line is not `index` and a counter"))?;
        let path: Option<Vec<Hash>> = lines.map(hash_of_base64).collect();
        let path = path
            .filter(|path| path.len() <= LONGEST_PATH)
            .ok_or(fault("the path is no list of SHA-256 in base64"))?;
        let (root, size) = (checkpoint.root(), checkpoint.size());
        let path = &path;
        let json = record_of(leaf)?;
        if !(Inclusion { index, size, path }).holds(json.as_bytes(), root) {
            return Err(fault("the record does not lead to the signed root"));
        }
        let (envelope, record) = Record::parse(&json)?;
        if envelope.seq != index {
            return Err(fault("the record stands at another place than it says"));
        }
        Ok(Self {
            index,
            size,
            envelope,
            record,
            json,
            checkpoint: signed.to_owned(),
        })
    }
}

fn record_of(base64: &str) -> Result<String, LineageError> {
    let form = || fault("the record is no base64 of a text, or too long");
    if base64.len() > RECORD_LIMIT.div_ceil(3) * 4 {
        return Err(form());
    }
    let leaf = Base64::decode_vec(base64).map_err(|_| form())?;
    String::from_utf8(leaf).map_err(|_| form())
}

const fn fault(rule: &'static str) -> LineageError {
    LineageError::Proof { rule }
}
