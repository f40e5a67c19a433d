//! The statements of each database, every one in a file of its own under `queries/`.

use evcharging_common::{database::Dialect, spans};
use tracing::Span;

/// A statement, and the name of its file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement {
    pub(super) name: &'static str,
    pub(super) text: &'static str,
}

impl Statement {
    /// The span in which it runs; none outside a trace.
    pub(super) fn span(self, dialect: Dialect) -> Span {
        spans::statement(dialect.system_name(), self.name, self.text)
    }
}

macro_rules! queries {
    ($($name:ident),+ $(,)?) => {
        /// What the store says to its database.
        pub(super) struct Queries {
            $(pub(super) $name: Statement,)+
        }

        /// SQLite's.
        static SQLITE: Queries = Queries { $($name: Statement { name: stringify!($name), text: include_str!(concat!("queries/sqlite/", stringify!($name), ".sql")) },)+ };
        /// PostgreSQL's.
        static POSTGRES: Queries = Queries { $($name: Statement { name: stringify!($name), text: include_str!(concat!("queries/postgres/", stringify!($name), ".sql")) },)+ };
        /// Those of MySQL and MariaDB.
        static MYSQL: Queries = Queries { $($name: Statement { name: stringify!($name), text: include_str!(concat!("queries/mysql/", stringify!($name), ".sql")) },)+ };
    };
}

queries!(
    load_sessions,
    load_charge_points,
    load_drivers,
    load_recorded,
    write_charge_points,
    write_drivers,
    update_sessions,
    insert_sessions,
    write_ledger_entries,
    write_audit_events,
    write_outbox,
    write_recorded,
    forget_sent,
    waiting_events,
    due_sessions,
    due_charge_points,
    open_sessions,
    connected_charge_points,
    remove_recorded,
    other_replicas,
    remove_replicas,
    renew_replica,
    release_replica,
    claim_lease,
    lease_holder,
    release_leases,
    write_user,
    remove_user,
    write_token_key,
    remove_token_keys,
    write_top_up,
    decide_top_up,
    finish_top_up,
    reopen_top_up,
);

impl Queries {
    /// Those of a database.
    pub(super) fn of(dialect: Dialect) -> &'static Self {
        match dialect {
            Dialect::Sqlite => &SQLITE,
            Dialect::Postgres => &POSTGRES,
            Dialect::MySql => &MYSQL,
        }
    }
}

/// The part of a statement that writes new rows, without what it does to those that are there.
pub(super) fn inserting(statement: Statement) -> Statement {
    let text = statement.text.split_once("\nON ").map_or(statement.text, |(insert, _)| insert);
    Statement { text, ..statement }
}
