//! `ios012 init`: a small scenario that runs, to be changed by hand.

use anyhow::Context as _;

use crate::args::{InitArgs, InitKind};
use crate::exit::{Exit, Failure};
use crate::output::{print, print_json};

macro_rules! files {
    ($folder:literal: $($name:literal),*) => {
        &[$(($name, include_str!(concat!("../../../../golden/", $folder, "/", $name)))),*]
    };
}

/// The same files that the golden scenarios are tested with.
const HISTORY: &[(&str, &str)] = files!(
    "quickstart": "scenario.json", "registry.json", "constraints.json", "prices.csv", "targets.csv"
);
const CYCLE: &[(&str, &str)] = files!(
    "one-cycle": "scenario.json", "registry.json", "constraints.json", "mandate.json", "market.json",
    "regimes.json"
);

pub(crate) fn init(args: &InitArgs, json: bool) -> anyhow::Result<Exit> {
    let (files, command) = match args.kind {
        InitKind::History => (HISTORY, "backtest"),
        InitKind::Cycle => (CYCLE, "run"),
    };
    let folder = &args.folder;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    if let Some((name, _)) = files.iter().find(|(name, _)| folder.join(name).exists()) {
        let message = format!(
            "{} holds {name} already; choose a new folder, nothing was written",
            folder.display()
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::write(&path, text)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    if json {
        print_json(|object| {
            object.member("files").array(|array| {
                for (name, _) in files {
                    array.element().string(name);
                }
            });
            object
                .member("folder")
                .string(&folder.display().to_string());
        });
    } else {
        let names: Vec<_> = files.iter().map(|(name, _)| *name).collect();
        print(&format!(
            "wrote {} into {}",
            names.join(", "),
            folder.display()
        ));
        print(&format!(
            "next: ios012 {command} {} --ledger my-ledger",
            folder.display()
        ));
    }
    Ok(Exit::Executed)
}
