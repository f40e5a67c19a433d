//! Columns of a row that are more than a number or a text. They have the same names and types on every database.

use std::str::FromStr;

use sqlx::{Row, any::AnyRow};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A word of our vocabulary.
///
/// # Errors
/// When the column is missing, or holds a word that this program does not know.
pub fn word<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    row: &AnyRow,
    column: &str,
) -> Result<T> {
    parse(column, &row.try_get::<String, _>(column)?)
}

/// A word of our vocabulary, or none.
///
/// # Errors
/// As [`word`].
pub fn optional_word<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    row: &AnyRow,
    column: &str,
) -> Result<Option<T>> {
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| parse(column, &text)).transpose()
}

/// Each database has a type of its own for truth; our views give it as a number.
///
/// # Errors
/// When the column is missing or holds no number.
pub fn truth(row: &AnyRow, column: &str) -> Result<bool> {
    Ok(row.try_get::<i64, _>(column)? != 0)
}

fn parse<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(column: &str, text: &str) -> Result<T> {
    text.parse()
        .map_err(|error| sqlx::Error::ColumnDecode { index: column.to_owned(), source: Box::new(error) })
}
