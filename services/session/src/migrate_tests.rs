//! The roles on each server: one that writes, one that the database itself keeps from writing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use evcharging_common::{
    database::{Access, Database},
    read_model::{PageRequest, ReadModel},
    shutdown::CancellationToken,
};

use super::*;
use crate::{
    decide::Rules,
    fixtures,
    store::{SqlStore, test_database::TestDatabase},
    writer::Writer,
};

fn config(url: &str, password: Option<&str>) -> MigrateConfig {
    let password: Option<Secret> = password.map(|password| password.parse().unwrap());
    MigrateConfig {
        database_url: url.parse().unwrap(),
        session_password: password.clone(),
        reader_password: password,
    }
}

/// The same database with a role's credentials.
fn url_of(admin_url: &str, role: &str) -> String {
    admin_url.replace("//test:test@", &format!("//{role}:it's-secret@"))
}

async fn roles_and_rights(variable: &str) {
    let database = TestDatabase::empty_on_server(variable).await;
    let session_url = url_of(&database.url, SESSION_ROLE);
    let reader_url = url_of(&database.url, READER_ROLE);

    // Without tables, nobody starts.
    let refused = SqlStore::open(&database.url).await.err().expect("there are no tables");
    assert!(refused.message.contains("evcharging migrate"), "{refused}");
    // Roles belong to the whole server: another test may have made them before this one.
    match migrate(config(&database.url, None)).await {
        Err(refused) => assert!(refused.message.contains("--session-password must be given"), "{refused}"),
        Ok(done) => assert!(done[1].contains("there, its password stays"), "{done:?}"),
    }

    let done = migrate(config(&database.url, Some("it's-secret"))).await.unwrap().join("\n");
    let made = ["role evcharging_session: made", "role evcharging_session: there, its password was set"];
    assert!(made.iter().any(|made| done.contains(made)), "{done}");
    let again = migrate(config(&database.url, None)).await.unwrap().join("\n");
    assert!(again.contains("tables: up to date"), "{again}");
    assert!(again.contains("role evcharging_reader: there, its password stays"), "{again}");

    // Session's role does all that session does, a start without an administrator included.
    let writer = Writer::start(
        SqlStore::open(&session_url).await.unwrap(),
        Rules::default(),
        CancellationToken::new(),
    );
    writer.0.execute(fixtures::create_driver("driver1")).await.unwrap();
    writer.0.execute(fixtures::top_up("driver1", "first", 5_000_000)).await.unwrap();

    // The reader's reads and is refused by the database when it writes (I1).
    let readers = ReadModel::open_lazily(&reader_url).unwrap();
    readers.refuse_writing_credentials().await.unwrap();
    let drivers = readers.drivers(&PageRequest::first(10)).await.unwrap().items;
    assert_eq!(drivers[0].balance_micros, 5_000_000);
    let mut connection = Database::parse(&reader_url, Access::Read).unwrap().connect().await.unwrap();
    for write in [
        "UPDATE drivers SET balance_micros = 9000000",
        "DELETE FROM outbox",
        "INSERT INTO ledger_entries (driver_id, kind, amount_micros, balance_micros, top_up_id, at) \
         VALUES ('driver1', 'TOP_UP', 1, 1, 't', '2026-01-01')",
    ] {
        let refused = sqlx::query(write).execute(&mut connection).await.unwrap_err().to_string();
        assert!(refused.contains("denied"), "{write}: {refused}");
    }

    // Another service that is given session's credentials says so.
    let mistaken = ReadModel::open_lazily(&session_url).unwrap();
    let refused = mistaken.refuse_writing_credentials().await.unwrap_err();
    assert_eq!(refused.reason, "WRITING_CREDENTIALS");
}

#[tokio::test]
async fn roles_and_rights_on_postgres() {
    roles_and_rights("EVCHARGING_TEST_POSTGRES_URL").await;
}

#[tokio::test]
async fn roles_and_rights_on_mysql() {
    roles_and_rights("EVCHARGING_TEST_MYSQL_URL").await;
}

#[tokio::test]
async fn roles_and_rights_on_mariadb() {
    roles_and_rights("EVCHARGING_TEST_MARIADB_URL").await;
}

#[tokio::test]
async fn a_sqlite_file_gets_its_tables_and_no_roles() {
    let database = TestDatabase::sqlite().await;
    let done = migrate(config(&database.url, None)).await.unwrap().join("\n");
    assert!(done.contains("tables: made") && done.contains("roles: none"), "{done}");
    assert!(migrate(config(&database.url, None)).await.unwrap()[0].contains("up to date"));
}
