//! A command with everything that it was judged by, as one document of the ledger.

use ios012_lineage::JsonWriter;
use serde::{Deserialize, Serialize};

use crate::document::{Document, Raw, read_signed};
use crate::{AuthorisedCommand, Context, GovernanceError, Roles, authorise};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawBundle {
    command: String,
    roles: String,
    schema: String,
    signatures: Vec<String>,
}

impl Raw for RawBundle {
    const DOCUMENT: Document = Document::Bundle;

    fn schema(&self) -> &str {
        &self.schema
    }
}

/// Verifies a command again from the document that [`AuthorisedCommand::bundle`] gave. Its roles file
/// is the one that stands in it: which one counted is a matter of who pinned it then.
///
/// # Errors
/// As [`authorise`], and for a document of another form.
pub fn authorise_bundle(
    bundle: &str,
    context: Context<'_>,
) -> Result<AuthorisedCommand, GovernanceError> {
    let raw: RawBundle = read_signed(bundle.as_bytes())?;
    let roles = Roles::parse(raw.roles.as_bytes())?;
    let signatures: Vec<_> = raw.signatures.iter().map(String::as_bytes).collect();
    authorise(raw.command.as_bytes(), &signatures, &roles, context)
}

/// The document of bytes that were verified, so that they are UTF-8.
pub(crate) fn write(command: &[u8], signatures: &[&[u8]], roles: &Roles) -> String {
    let mut text = String::new();
    JsonWriter::new(&mut text).object(|object| {
        object
            .member("command")
            .string(&String::from_utf8_lossy(command));
        object.member("roles").string(roles.canonical());
        object
            .member("schema")
            .string(Document::Bundle.schema_name());
        object.member("signatures").array(|array| {
            for signature in signatures {
                array.element().string(&String::from_utf8_lossy(signature));
            }
        });
    });
    text
}
