//! `ios012 schema`: the JSON Schema of each document.

use anyhow::Context as _;
use ios012_contracts::{DocumentKind, schema as schema_of};

use crate::args::SchemaArgs;
use crate::exit::Exit;
use crate::output::{note, print, print_json};

pub(crate) fn schema(args: &SchemaArgs, json: bool) -> anyhow::Result<Exit> {
    if let Some(kind) = args.document {
        print(schema_of(kind).trim_end());
    }
    if let Some(folder) = &args.all {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        for kind in DocumentKind::ALL {
            let path = folder.join(format!("{}.json", kind.as_str()));
            std::fs::write(&path, schema_of(kind))
                .with_context(|| format!("{} cannot be written", path.display()))?;
            note(&format!("wrote {}", path.display()));
        }
        if json {
            print_json(|object| {
                object.member("files").array(|array| {
                    for kind in DocumentKind::ALL {
                        array.element().string(&format!("{}.json", kind.as_str()));
                    }
                });
                object
                    .member("folder")
                    .string(&folder.display().to_string());
            });
        }
    }
    Ok(Exit::Executed)
}
