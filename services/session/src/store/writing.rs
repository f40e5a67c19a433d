//! The end of a batch: everything that it changes is written, and committed.

use std::fmt::Write as _;

use evcharging_common::{database::Dialect, spans};
use serde::Serialize;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::{
    BatchWrites,
    queries::{Queries, Statement, inserting},
    sql::{json, traced},
};

/// A statement that writes any number of rows, and those rows as a JSON array.
struct RowsToWrite {
    statement: Statement,
    rows: String,
}

/// Writes what a batch changes and ends its transaction.
pub(super) async fn commit(
    connection: &mut AnyConnection,
    dialect: Dialect,
    queries: &Queries,
    writes: &BatchWrites<'_>,
) -> Result<(), sqlx::Error> {
    // Changed sessions first: what has ended leaves its charge point and driver to what opens in the same batch. Among the new ones, what
    // has ended already comes first for the same reason.
    let first = to_write(queries.update_sessions, &writes.changed_sessions)?;
    let mut new_sessions = writes.new_sessions.clone();
    new_sessions.sort_by_key(|session| session.is_open());
    let then = [
        // What is new was not there to be locked: should another batch have been faster, the insert fails and this one is decided anew.
        to_write(inserting(queries.write_charge_points), &writes.new_charge_points)?,
        to_write(queries.write_charge_points, &writes.charge_points)?,
        to_write(inserting(queries.write_drivers), &writes.new_drivers)?,
        to_write(queries.write_drivers, &writes.drivers)?,
        to_write(queries.insert_sessions, &new_sessions)?,
        to_write(queries.write_ledger_entries, writes.ledger_entries)?,
        to_write(queries.write_audit_events, writes.audit_events)?,
        to_write(queries.write_outbox, writes.outbox_events)?,
        to_write(queries.write_recorded, writes.recorded)?,
        to_write(queries.forget_sent, writes.sent_outbox_ids)?,
    ];
    if let Some(first) = first {
        write(connection, dialect, first).await?;
    }
    let then = then.into_iter().flatten();
    if dialect == Dialect::Postgres {
        write_at_once(connection, then.collect()).await?;
    } else {
        for rows in then {
            write(connection, dialect, rows).await?;
        }
    }
    let span = spans::statement(dialect.system_name(), "commit", "COMMIT");
    traced(span, sqlx::raw_sql("COMMIT").execute(connection)).await.map(drop)
}

/// Nothing for no rows.
fn to_write<T: Serialize>(statement: Statement, rows: &[T]) -> Result<Option<RowsToWrite>, sqlx::Error> {
    if rows.is_empty() { Ok(None) } else { Ok(Some(RowsToWrite { statement, rows: json(rows)? })) }
}

async fn write(
    connection: &mut AnyConnection,
    dialect: Dialect,
    RowsToWrite { statement, rows }: RowsToWrite,
) -> Result<(), sqlx::Error> {
    let written = sqlx::query(statement.text).bind(rows).execute(connection);
    traced(statement.span(dialect), written).await.map(drop)
}

/// Writes all of it with one statement, of which each is a part: a batch of a few commands takes as long as its statements are many. None may
/// need what another one does: their order is the database's.
async fn write_at_once(connection: &mut AnyConnection, all: Vec<RowsToWrite>) -> Result<(), sqlx::Error> {
    if all.is_empty() {
        return Ok(());
    }
    let mut statement = String::new();
    for (index, rows) in all.iter().enumerate() {
        let (before, number) = (if index == 0 { "WITH" } else { "," }, index + 1);
        let part = rows.statement.text.replace("$1", &format!("${number}"));
        // Writing into a string can't fail.
        let _ = write!(statement, "{before} part_{number} AS ({part}\n)");
    }
    statement.push_str(" SELECT");
    // Made of our own statements alone; what they write is bound.
    let summary = format!("write {} tables", all.len());
    let span = spans::statement(Dialect::Postgres.system_name(), &summary, &statement);
    let query =
        all.into_iter().fold(sqlx::query(AssertSqlSafe(statement)), |query, rows| query.bind(rows.rows));
    traced(span, query.execute(connection)).await.map(drop)
}
