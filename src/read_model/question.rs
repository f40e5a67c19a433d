//! A question to the database, put together from what a caller filters by. Whatever the caller says is a bound value.

use std::fmt::Write;

use super::Filter;

/// A statement in the making, with `?` for each value.
pub(super) struct Question {
    /// Made of our own texts alone.
    pub(super) statement: String,
    /// In the order of their places.
    pub(super) values: Vec<Value>,
}

/// What is bound in a place.
pub(super) enum Value {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
}

impl Question {
    /// A statement that ends with a condition.
    pub(super) fn new(statement: &'static str) -> Self {
        Self { statement: statement.to_owned(), values: Vec::new() }
    }

    /// One more condition, with a place for its value.
    pub(super) fn and(&mut self, condition: &str, value: Value) {
        self.push(format_args!(" AND {condition}"));
        self.values.push(value);
    }

    /// Only rows whose column is this text.
    pub(super) fn equals(&mut self, column: &str, text: &str) {
        self.and(&format!("{column} = ?"), Value::Text(text.to_owned()));
    }

    /// Only what a filter wants; `table` is a prefix such as `s.`.
    pub(super) fn filter(&mut self, table: &str, filter: &Filter) {
        let columns =
            [("driver_id", &filter.driver_id), ("cp_id", &filter.cp_id), ("session_id", &filter.session_id)];
        for (column, wanted) in columns {
            if !wanted.is_empty() {
                self.equals(&format!("{table}{column}"), wanted);
            }
        }
    }

    /// The statement's end.
    pub(super) fn order_and_limit(&mut self, order: &str, limit: i64) {
        self.push(format_args!(" ORDER BY {order} LIMIT ?"));
        self.values.push(Value::Number(limit));
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing into a String can't fail.
        let _ = self.statement.write_fmt(text);
    }
}
