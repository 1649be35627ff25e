//! `ios012 database`, and `ios012 run --daemon`: what needs the feature `postgres`.

use crate::args::{DaemonArgs, DatabaseCommand};
use crate::exit::Exit;

#[cfg(feature = "postgres")]
pub(crate) use with::{daemon, database};
#[cfg(not(feature = "postgres"))]
pub(crate) use without::{daemon, database};

#[cfg(not(feature = "postgres"))]
mod without {
    use super::{DaemonArgs, DatabaseCommand, Exit};
    use crate::exit::Failure;

    pub(crate) fn daemon(_: &DaemonArgs, _: bool) -> anyhow::Result<Exit> {
        Err(refused())
    }

    pub(crate) fn database(_: &DatabaseCommand, _: bool) -> anyhow::Result<Exit> {
        Err(refused())
    }

    fn refused() -> anyhow::Error {
        let message = "this ios012 was built without PostgreSQL; build it with `cargo build --release \
                       --package ios012-cli --features postgres`";
        Failure::new(Exit::Usage, message)
    }
}

#[cfg(feature = "postgres")]
mod with {
    use std::time::Duration;

    use ios012_postgres::{Access, PostgresStore, Settings, migrate};

    use super::{DaemonArgs, DatabaseCommand, Exit};
    use crate::daemon::{Daemon, parameters};
    use crate::output::{print, print_json};

    pub(crate) fn daemon(args: &DaemonArgs, json: bool) -> anyhow::Result<Exit> {
        Daemon::begin(args, json)?.run()
    }

    pub(crate) fn database(command: &DatabaseCommand, json: bool) -> anyhow::Result<Exit> {
        match command {
            DatabaseCommand::Migrate(args) => {
                let migrated = migrate(&parameters(&args.database)?)?;
                if json {
                    print_json(|object| {
                        object.member("applied").display(migrated.applied.len());
                        object.member("version").display(migrated.version);
                    });
                } else {
                    print(&format!(
                        "the tables are of version {}; {} migrations were applied",
                        migrated.version,
                        migrated.applied.len()
                    ));
                }
            }
            DatabaseCommand::Export(args) => {
                let answer = Duration::from_secs(30);
                let settings = Settings::new(Duration::from_secs(100), answer)?;
                let (parameters, portfolio_id) =
                    (parameters(&args.database)?, args.portfolio.clone());
                let mut store =
                    PostgresStore::new(parameters, settings, Access::Reader, portfolio_id)?;
                let (records, head) = store.export(&args.directory)?;
                if json {
                    print_json(|object| {
                        object.member("head").display(head);
                        object.member("records").display(records);
                    });
                } else {
                    print(&format!("{records} records, head {head}"));
                }
            }
        }
        Ok(Exit::Executed)
    }
}
