//! A text with signatures below it (C2SP signed-note).

use base64ct::{Base64, Encoding as _};

use super::fault;
use super::key::NamedKey;
use crate::LineageError;

/// What begins a line with a signature: a dash and a space.
const SIGNATURE: &str = "\u{2014} ";

/// A note, none of whose signatures is verified.
#[derive(Debug, Clone, Copy)]
pub(super) struct SignedNote<'text> {
    /// What is signed, with its last line feed.
    pub(super) body: &'text str,
    /// An empty line and the signatures.
    below: &'text str,
}

/// One line below a note.
#[derive(Debug)]
pub(super) struct SignatureLine<'text> {
    /// The line, without its line feed.
    pub(super) text: &'text str,
    name: &'text str,
    /// The id of the key and what it has signed.
    signed: Vec<u8>,
}

impl<'text> SignedNote<'text> {
    pub(super) fn split(text: &'text str) -> Result<Self, LineageError> {
        let end = text.rfind("\n\n").ok_or(fault("there is no signature"))?;
        let (body, below) = text.split_at(end + 1);
        Ok(Self { body, below })
    }

    pub(super) fn signatures(self) -> Result<Vec<SignatureLine<'text>>, LineageError> {
        let lines = self
            .below
            .strip_prefix('\n')
            .and_then(|lines| lines.strip_suffix('\n'))
            .ok_or(fault("the last line does not end"))?;
        lines.split('\n').map(SignatureLine::parse).collect()
    }

    /// What a key has signed it with; none if it has not.
    pub(super) fn signature_of(self, key: &NamedKey) -> Result<Option<Vec<u8>>, LineageError> {
        let lines = self.signatures()?;
        let mut of_key = lines.iter().filter_map(|line| line.by(key));
        let signature = of_key.next().map(<[u8]>::to_vec);
        if of_key.next().is_some() {
            return Err(fault("the key has signed twice"));
        }
        Ok(signature)
    }
}

impl<'text> SignatureLine<'text> {
    pub(super) fn parse(text: &'text str) -> Result<Self, LineageError> {
        let form = fault("a signature line is a dash, a name and base64");
        let Some((name, signed)) = text
            .strip_prefix(SIGNATURE)
            .and_then(|rest| rest.split_once(' '))
        else {
            return Err(form);
        };
        let signed = Base64::decode_vec(signed).map_err(|_| form)?;
        Ok(Self { text, name, signed })
    }

    /// The signature, if the line is one of the key.
    pub(super) fn by(&self, key: &NamedKey) -> Option<&[u8]> {
        let signature = self.signed.strip_prefix(&key.id)?;
        (self.name == key.name).then_some(signature)
    }
}

/// The line of a signature, with its line feed.
pub(super) fn signature_line(key: &NamedKey, signature: &[u8]) -> String {
    let signed = Base64::encode_string(&[&key.id, signature].concat());
    format!("{SIGNATURE}{} {signed}\n", key.name)
}
