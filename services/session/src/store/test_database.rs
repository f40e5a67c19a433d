//! A database of its own for one test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use evcharging_common::{
    database::{Access, Database},
    ids,
};
use sqlx::AssertSqlSafe;

use super::{SqlStore, migrations};

/// An empty database with our tables. A file goes with the test, a server's databases with the server.
pub(crate) struct TestDatabase {
    pub(crate) url: String,
    _folder: Option<tempfile::TempDir>,
}

impl TestDatabase {
    /// A file.
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("evcharging.db").display());
        Self { url, _folder: Some(folder) }
    }

    /// On PostgreSQL.
    pub(crate) async fn postgres() -> Self {
        Self::on_server("EVCHARGING_TEST_POSTGRES_URL").await
    }

    /// On the newest PostgreSQL.
    pub(crate) async fn postgres18() -> Self {
        Self::on_server("EVCHARGING_TEST_POSTGRES18_URL").await
    }

    /// On MySQL.
    pub(crate) async fn mysql() -> Self {
        Self::on_server("EVCHARGING_TEST_MYSQL_URL").await
    }

    /// On MariaDB.
    pub(crate) async fn mariadb() -> Self {
        Self::on_server("EVCHARGING_TEST_MARIADB_URL").await
    }

    async fn on_server(variable: &str) -> Self {
        let database = Self::empty_on_server(variable).await;
        let opened = Database::parse(&database.url, Access::Write).unwrap();
        migrations::apply(&opened, &mut opened.connect().await.unwrap()).await.unwrap();
        database
    }

    /// Without tables.
    pub(crate) async fn empty_on_server(variable: &str) -> Self {
        let Ok(server_url) = std::env::var(variable) else {
            panic!(
                "{variable} is not set: `tools/with-backends cargo test ...` starts the servers, as `make test` does"
            );
        };
        let name = format!("test_{}", ids::new_id().replace('-', ""));
        let server = Database::parse(&server_url, Access::Write).unwrap();
        let mut connection = server.connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await
            .unwrap();
        let (server_url, _) = server_url.rsplit_once('/').unwrap();
        Self { url: format!("{server_url}/{name}"), _folder: None }
    }

    pub(crate) async fn open(&self) -> SqlStore {
        SqlStore::open(&self.url).await.unwrap()
    }
}
