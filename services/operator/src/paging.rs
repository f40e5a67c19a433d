//! Long lists: as many pages as are wanted, and how to see more.

use std::future::Future;

use evcharging_common::error::Error;

const LARGEST_PAGE: u32 = 1_000;

/// How much of a list is wanted.
#[derive(Debug, Clone, clap::Args)]
pub struct Paging {
    /// How many to show at most
    #[arg(long, default_value_t = 50, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub limit: u32,
    /// Where to go on: the token that the page before ended with
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TOKEN")]
    pub page_token: String,
}

/// What was found of a list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Listing<T> {
    pub items: Vec<T>,
    /// Where to go on; empty when that was all.
    pub next_page_token: String,
}

impl Paging {
    /// Calls `fetch(page_size, page_token)` until there is enough or no more.
    pub(crate) async fn collect<T, F>(
        &self,
        mut fetch: impl FnMut(i32, String) -> F,
    ) -> Result<Listing<T>, Error>
    where
        F: Future<Output = Result<(Vec<T>, String), Error>>,
    {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let mut listing = Listing { items: Vec::new(), next_page_token: self.page_token.clone() };
        loop {
            let left = u32::try_from(limit - listing.items.len()).unwrap_or(LARGEST_PAGE);
            let page_size = i32::try_from(left.min(LARGEST_PAGE)).unwrap_or(1);
            let (items, next_page_token) = fetch(page_size, listing.next_page_token).await?;
            let is_stuck = items.is_empty();
            listing.items.extend(items);
            listing.next_page_token = next_page_token;
            if listing.next_page_token.is_empty() || listing.items.len() >= limit || is_stuck {
                return Ok(listing);
            }
        }
    }
}
