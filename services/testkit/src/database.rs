//! The database of one test network: a file, or a database of its own on one of the servers that `tools/with-backends` starts.

use std::time::Duration;

use evcharging_common::{
    database::{Access, Database},
    ids,
};
use sqlx::AssertSqlSafe;
use tokio::sync::Mutex;

use crate::Process;

/// The password of both roles on the servers of the tests.
const PASSWORD: &str = "a-password-of-a-test";
/// The roles belong to the whole server, and two administrators must not change them at once.
static ROLES: Mutex<()> = Mutex::const_new(());

/// Where a database is, once for each kind of credentials.
pub struct TestDatabase {
    /// Session's.
    pub session_url: String,
    /// Everyone else's.
    pub reader_url: String,
}

impl TestDatabase {
    /// As EVCHARGING_TEST_DATABASE says: `postgres`, `mysql`, `mariadb`, or a file when it says nothing.
    pub async fn new(folder: &std::path::Path) -> Self {
        match std::env::var("EVCHARGING_TEST_DATABASE").as_deref() {
            Ok("postgres") => Self::on_server("EVCHARGING_TEST_POSTGRES_URL").await,
            Ok("mysql") => Self::on_server("EVCHARGING_TEST_MYSQL_URL").await,
            Ok("mariadb") => Self::on_server("EVCHARGING_TEST_MARIADB_URL").await,
            Ok("" | "sqlite") | Err(_) => {
                let url = format!("sqlite:{}", folder.join("evcharging.db").display());
                Self { session_url: url.clone(), reader_url: url }
            }
            Ok(other) => {
                panic!("EVCHARGING_TEST_DATABASE={other} is none of sqlite, postgres, mysql, mariadb")
            }
        }
    }

    /// An empty database, and what `evcharging migrate` makes of it.
    pub async fn on_server(variable: &str) -> Self {
        let server_url = std::env::var(variable)
            .unwrap_or_else(|_| panic!("{variable} is not set: tools/with-backends starts the servers"));
        Self::at(&server_url).await
    }

    /// The same on the server of this URL.
    pub async fn at(server_url: &str) -> Self {
        let name = format!("test_{}", ids::new_id().replace('-', ""));
        let server = Database::parse(server_url, Access::Write).expect("a server's URL");
        let mut connection = server.connect().await.expect("the server answers");
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&mut connection)
            .await
            .expect("a database is made");
        let (server_url, _) = server_url.rsplit_once('/').expect("the URL names a database");
        let admin_url = format!("{server_url}/{name}");

        let _one_at_a_time = ROLES.lock().await;
        let arguments = [
            "migrate",
            "--database-url",
            &admin_url,
            "--session-password",
            PASSWORD,
            "--reader-password",
            PASSWORD,
        ];
        let mut migrate = Process::start("migrate", &arguments.map(str::to_owned));
        assert_eq!(migrate.wait(Duration::from_secs(60)), 0, "{}", migrate.output());
        let (_, host) = admin_url.split_once('@').expect("the URL has credentials");
        let (scheme, _) = admin_url.split_once(':').expect("a URL has a scheme");
        let url_of = |role: &str| format!("{scheme}://{role}:{PASSWORD}@{host}");
        Self { session_url: url_of("evcharging_session"), reader_url: url_of("evcharging_reader") }
    }
}
