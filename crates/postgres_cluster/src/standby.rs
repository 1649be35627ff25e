//! A second server that has what the first one has.

use std::fs;

use crate::{Cluster, USER, append, as_server, run, wait_for};

/// The standby's name with the primary, its `application_name`.
const NAME: &str = "standby";

impl Cluster {
    /// Makes a second server that follows this one, and lets each commit of this one wait for it.
    pub fn with_synchronous_standby(&self) -> Self {
        let standby = self.with_standby();
        self.set(&format!("synchronous_standby_names = '{NAME}'"));
        self.wait_for_standby("sync");
        standby
    }

    /// Makes a second server that follows this one. No commit waits for it.
    pub fn with_standby(&self) -> Self {
        let mut standby = Self::without_data();
        let mut copy = as_server(&self.programs.join("pg_basebackup"));
        copy.args(["--no-sync", "--checkpoint=fast", "--wal-method=stream"])
            .arg(format!("--username={USER}"))
            .arg("--host")
            .arg(self.socket_directory())
            .arg("--pgdata")
            .arg(standby.data());
        run(&mut copy);
        let follow = format!(
            "primary_conninfo = 'host={} user={USER} application_name={NAME}'\n\
             wal_retrieve_retry_interval = 100ms\n",
            self.socket_directory().display()
        );
        append(&standby.data().join("postgresql.conf"), &follow);
        let signal = standby.data().join("standby.signal");
        fs::write(signal, "").expect("the cluster's file");
        // Of the primary; the standby's own begins here.
        fs::remove_file(standby.data().join("log")).expect("a server has a log");
        standby.run_server();
        self.wait_for_standby("async");
        standby
    }

    /// Makes a standby a primary. It goes on where its copy ends, and learns nothing more from the old one.
    pub fn promote(&self) {
        let promoted = self.sql(USER, "SELECT pg_promote(true, 60)");
        assert_eq!(promoted.expect("a server runs"), "t", "it is promoted");
    }

    /// Changes a setting while the server runs, for all that follows; it is kept across a restart.
    pub fn set(&self, setting: &str) {
        let sql = |sql: &str| {
            self.sql(USER, sql)
                .expect("a server runs, and the SQL is good")
        };
        let loaded_at = || sql("SELECT pg_conf_load_time()");
        let before = loaded_at();
        sql(&format!("ALTER SYSTEM SET {setting}"));
        sql("SELECT pg_reload_conf()");
        wait_for("new sessions have the setting", || loaded_at() != before);
    }

    fn wait_for_standby(&self, state: &str) {
        let ask = format!(
            "SELECT sync_state FROM pg_stat_replication
             WHERE state = 'streaming' AND application_name = '{NAME}'"
        );
        wait_for("the standby follows", || {
            self.sql(USER, &ask).is_ok_and(|answer| answer == state)
        });
    }
}
