//! `evcharging migrate`: the tables of a network and, on a server, the two roles that use them. It may be run again at any time.

use evcharging_common::{
    database::{Access, Database, Dialect},
    error::Error,
    secret::Secret,
};
use sqlx::{AnyConnection, AssertSqlSafe};

use crate::store::migrations;

#[cfg(test)]
#[path = "migrate_tests.rs"]
mod tests;

/// The role that alone may write: session's.
pub const SESSION_ROLE: &str = "evcharging_session";
/// The role of everyone else.
pub const READER_ROLE: &str = "evcharging_reader";

/// What is migrated, and which passwords the roles get.
#[derive(Debug, Clone, clap::Args)]
pub struct MigrateConfig {
    /// The database, as an administrator: sqlite:FILE, postgres://USER:PASSWORD@HOST/NAME or mysql://USER:PASSWORD@HOST/NAME
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Secret,
    /// Password of the role evcharging_session; needed once, then to change it
    #[arg(long, env = "EVCHARGING_SESSION_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    pub session_password: Option<Secret>,
    /// Password of the role evcharging_reader; needed once, then to change it
    #[arg(long, env = "EVCHARGING_READER_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    pub reader_password: Option<Secret>,
}

/// Makes what is missing and tells what it did, a line each.
///
/// # Errors
/// Says what the database refused, and what to do.
pub async fn migrate(config: MigrateConfig) -> Result<Vec<String>, Error> {
    let database = Database::parse(config.database_url.reveal(), Access::Write)?;
    let mut connection = database.connect().await?;
    let mut done = Vec::new();

    let (known, before) = migrations::versions(&database, &mut connection).await?;
    migrations::apply(&database, &mut connection).await?;
    done.push(match before {
        Some(before) if before >= known => format!("tables: up to date at version {before}"),
        Some(before) => format!("tables: brought from version {before} to {known}"),
        None => format!("tables: made, version {known}"),
    });
    if database.dialect() == Dialect::Sqlite {
        done.push("roles: none, a SQLite file has no users; the other services open it read-only".to_owned());
        return Ok(done);
    }
    for (role, password) in
        [(SESSION_ROLE, config.session_password.as_ref()), (READER_ROLE, config.reader_password.as_ref())]
    {
        done.push(make_role(&mut connection, database.dialect(), role, password).await?);
    }
    for statement in grants(&mut connection, database.dialect()).await? {
        run(&mut connection, statement).await?;
    }
    done.push(format!("rights: {SESSION_ROLE} reads and writes, {READER_ROLE} reads"));
    Ok(done)
}

async fn make_role(
    connection: &mut AnyConnection,
    dialect: Dialect,
    role: &'static str,
    password: Option<&Secret>,
) -> Result<String, Error> {
    let known = match dialect {
        Dialect::Postgres => "SELECT COUNT(*) FROM pg_roles WHERE rolname = $1",
        Dialect::MySql | Dialect::Sqlite => "SELECT COUNT(*) FROM mysql.user WHERE user = ?",
    };
    let is_known = sqlx::query_scalar::<_, i64>(known).bind(role).fetch_one(&mut *connection).await? > 0;
    let Some(password) = password.map(Secret::reveal) else {
        if is_known {
            return Ok(format!("role {role}: there, its password stays"));
        }
        let flag = role.trim_start_matches("evcharging_");
        return Err(Error::invalid_argument(
            &format!("--{flag}-password"),
            format!("must be given: the role {role} is new"),
        ));
    };
    if password.chars().any(|letter| letter.is_control() || letter == '\\') || password.is_empty() {
        let problem = format!("of {role} must be printable and without a backslash");
        return Err(Error::invalid_argument("the password", problem));
    }
    // Neither server takes a password as a bound value here.
    let quoted = password.replace('\'', "''");
    let statement = match (dialect, is_known) {
        (Dialect::Postgres, false) => format!("CREATE ROLE {role} LOGIN PASSWORD '{quoted}'"),
        (Dialect::Postgres, true) => format!("ALTER ROLE {role} LOGIN PASSWORD '{quoted}'"),
        (_, false) => format!("CREATE USER '{role}'@'%' IDENTIFIED BY '{quoted}'"),
        (_, true) => format!("ALTER USER '{role}'@'%' IDENTIFIED BY '{quoted}'"),
    };
    run(connection, statement).await?;
    Ok(format!("role {role}: {}", if is_known { "there, its password was set" } else { "made" }))
}

async fn grants(connection: &mut AnyConnection, dialect: Dialect) -> Result<Vec<String>, Error> {
    if dialect == Dialect::Postgres {
        let name: String =
            sqlx::query_scalar("SELECT quote_ident(current_database())").fetch_one(connection).await?;
        return Ok(vec![
            format!("GRANT CONNECT ON DATABASE {name} TO {SESSION_ROLE}, {READER_ROLE}"),
            format!("GRANT USAGE ON SCHEMA public TO {SESSION_ROLE}, {READER_ROLE}"),
            format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {SESSION_ROLE}"),
            format!("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {SESSION_ROLE}"),
            format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER_ROLE}"),
        ]);
    }
    let name: String = sqlx::query_scalar("SELECT DATABASE()").fetch_one(connection).await?;
    let name = format!("`{}`", name.replace('`', "``"));
    Ok(vec![
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {name}.* TO '{SESSION_ROLE}'@'%'"),
        format!("GRANT SELECT ON {name}.* TO '{READER_ROLE}'@'%'"),
    ])
}

async fn run(connection: &mut AnyConnection, statement: String) -> Result<(), Error> {
    // Made of our own texts and of quoted ones.
    let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await;
    done.map(drop).map_err(|error| {
        let refused = format!("the database refused it: {error}; is this an administrator's URL?");
        Error::failed_precondition("MIGRATION_REFUSED", refused)
    })
}
