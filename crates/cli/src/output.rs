//! What is printed, and where: results on standard output, the rest on standard error.

use std::io::Write as _;

use ios012_lineage::JsonWriter;
use ios012_lineage::canonical::ObjectWriter;

use crate::exit::Failure;

/// Prints a text and a line feed. A reader that went away (a closed pipe) is no error.
pub(crate) fn print(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints one line for the person at the terminal, beside the result.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Prints one canonical JSON object.
pub(crate) fn print_json(members: impl FnOnce(&mut ObjectWriter<'_>)) {
    let mut text = String::new();
    JsonWriter::new(&mut text).object(members);
    print(&text);
}

/// Prints an error with its causes; as JSON on standard output if that was asked for.
pub(crate) fn error(error: &anyhow::Error, json: bool) {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text.push_str("\n  caused by: ");
            text.push_str(&cause);
        }
    }
    if json {
        let exit = Failure::exit_of(error).code();
        print_json(|object| {
            object.member("error").string(&text);
            object.member("exit_code").display(exit);
        });
    } else {
        note(&format!("error: {text}"));
    }
}
