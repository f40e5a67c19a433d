//! Pages of a list: bounded, with a token that says where the next one begins.

use sqlx::any::AnyRow;

use crate::error::Error;

const DEFAULT_PAGE_SIZE: u32 = 100;
const LARGEST_PAGE_SIZE: u32 = 1_000;

/// Which page of a list is wanted.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// How many items at most.
    pub size: u32,
    /// The token of the page before; empty for the first.
    pub after: String,
}

impl PageRequest {
    /// Checks what a caller asked.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a negative or too large page size, or a token that is none of ours.
    pub fn parse(page_size: i32, page_token: String) -> Result<Self, Error> {
        let size = match u32::try_from(page_size) {
            Ok(0) => DEFAULT_PAGE_SIZE,
            Ok(size) if size <= LARGEST_PAGE_SIZE => size,
            _ => {
                return Err(Error::invalid_argument(
                    "page_size",
                    format!("must be 0 to {LARGEST_PAGE_SIZE}"),
                ));
            }
        };
        if !page_token.is_empty() && !crate::ids::is_valid(&page_token) {
            return Err(wrong_token());
        }
        Ok(Self { size, after: page_token })
    }

    /// The first page.
    pub fn first(size: u32) -> Self {
        Self { size, after: String::new() }
    }

    /// One item more than the page holds tells whether there is a next one.
    pub(super) fn limit_and_one(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// The token where it is a number.
    pub(super) fn after_number(&self) -> Result<Option<i64>, Error> {
        if self.after.is_empty() {
            return Ok(None);
        }
        self.after.parse().map(Some).map_err(|_| wrong_token())
    }
}

fn wrong_token() -> Error {
    Error::invalid_argument("page_token", "must be the next_page_token of an answer to the same question")
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Where the next page begins; empty when this is the last.
    pub next_page_token: String,
}

impl<T> Page<T> {
    pub(super) fn build(
        request: &PageRequest,
        rows: &[AnyRow],
        read: impl Fn(&AnyRow) -> Result<T, sqlx::Error>,
        token: impl Fn(&T, &AnyRow) -> String,
    ) -> Result<Self, Error> {
        let size = usize::try_from(request.size).unwrap_or(usize::MAX);
        let items = rows.iter().take(size).map(read).collect::<Result<Vec<T>, _>>()?;
        let next_page_token = match items.last() {
            Some(last) if rows.len() > size => token(last, &rows[size - 1]),
            _ => String::new(),
        };
        Ok(Self { items, next_page_token })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_sizes_are_bounded() {
        assert_eq!(PageRequest::parse(0, String::new()).map(|page| page.size), Ok(100));
        assert_eq!(PageRequest::parse(1000, String::new()).map(|page| page.size), Ok(1000));
        for wrong in [-1, 1001] {
            assert!(PageRequest::parse(wrong, String::new()).is_err());
        }
        assert!(PageRequest::parse(1, "no token".to_owned()).is_err());
    }
}
