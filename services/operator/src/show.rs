//! `evcharging show`: the network as its services see it.

use evcharging_common::{
    error::Error,
    ids,
    pb::{
        authorization::v1::ListDriversRequest,
        cp_registry::v1::ListChargePointsRequest,
        session::v1::{ListEventsRequest, ListSessionsRequest, ListTicketsRequest},
    },
    vocabulary::ChargePointStatus,
};
use serde::Serialize;

use crate::{
    addresses::ServiceAddresses,
    output::{plain, print, print_json, remark},
    paging::{Listing, Paging},
    tables::{Tabular, table},
};

/// What is shown.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum ShowConfig {
    /// Charge points, by id
    ChargePoints {
        /// Only those with this status: available, charging, reserved, offline, faulted or out-of-service
        #[arg(long, value_parser = parse_status)]
        status: Option<ChargePointStatus>,
        /// Only those whose location contains this text
        #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
        location: String,
        /// How and from where
        #[command(flatten)]
        list: ListConfig,
    },
    /// Charges, newest first
    Sessions {
        /// Only this driver's
        #[arg(long, default_value = "", hide_default_value = true, value_name = "ID", value_parser = parse_filter)]
        driver_id: String,
        /// Only this charge point's
        #[arg(long, default_value = "", hide_default_value = true, value_name = "ID", value_parser = parse_filter)]
        cp_id: String,
        /// Only those that have not ended
        #[arg(long)]
        open: bool,
        /// How and from where
        #[command(flatten)]
        list: ListConfig,
    },
    /// Bills, newest first
    Tickets {
        /// Only this driver's
        #[arg(long, default_value = "", hide_default_value = true, value_name = "ID", value_parser = parse_filter)]
        driver_id: String,
        /// Only this charge point's
        #[arg(long, default_value = "", hide_default_value = true, value_name = "ID", value_parser = parse_filter)]
        cp_id: String,
        /// How and from where
        #[command(flatten)]
        list: ListConfig,
    },
    /// Drivers and their balances, by id
    Drivers {
        /// How and from where
        #[command(flatten)]
        list: ListConfig,
    },
    /// What happened, newest first
    Events {
        /// Only this driver's
        #[arg(long, default_value = "", hide_default_value = true, value_name = "ID", value_parser = parse_filter)]
        driver_id: String,
        /// Only this charge point's
        #[arg(long, default_value = "", hide_default_value = true, value_name = "ID", value_parser = parse_filter)]
        cp_id: String,
        /// Only this session's
        #[arg(long, default_value = "", hide_default_value = true, value_name = "ID", value_parser = parse_filter)]
        session_id: String,
        /// How and from where
        #[command(flatten)]
        list: ListConfig,
    },
}

/// What every list has.
#[derive(Debug, Clone, clap::Args)]
pub struct ListConfig {
    /// How much of it.
    #[command(flatten)]
    pub paging: Paging,
    /// One JSON object a line, as grpcurl shows it: fields that are zero, false or empty are left out
    #[arg(long)]
    pub json: bool,
    /// From where.
    #[command(flatten)]
    pub addresses: ServiceAddresses,
}

/// Empty stands for no filter.
fn parse_filter(text: &str) -> Result<String, String> {
    if text.is_empty() { Ok(String::new()) } else { ids::parse(text) }
}

pub(crate) fn parse_status(text: &str) -> Result<ChargePointStatus, String> {
    let known = || {
        let words = ChargePointStatus::ALL.iter().rev();
        words.map(|word| word.as_str().to_lowercase().replace('_', "-")).collect::<Vec<_>>().join(", ")
    };
    text.to_uppercase().replace('-', "_").parse().map_err(|_| format!("must be one of {}", known()))
}

/// Shows a list on standard output.
///
/// # Errors
/// When the service is away, or refuses the question; the text says what to do.
pub async fn show(config: ShowConfig) -> Result<(), Error> {
    match config {
        ShowConfig::ChargePoints { status, location, list } => {
            let peer = list.addresses.registry()?;
            let found = list.paging.collect(|page_size, page_token| {
                let status = status.map_or(0, Into::into);
                let location_contains = location.clone();
                let mut peer = peer.clone();
                async move {
                    let question =
                        ListChargePointsRequest { page_size, page_token, status, location_contains };
                    let response = peer.client.list_charge_points(question).await;
                    peer.answer(response).map(|page| (page.charge_points, page.next_page_token))
                }
            });
            print_listing(&found.await?, list.json)
        }
        ShowConfig::Sessions { driver_id, cp_id, open, list } => {
            let peer = list.addresses.session()?;
            let found = list.paging.collect(|page_size, page_token| {
                let (driver_id, cp_id, mut peer) = (driver_id.clone(), cp_id.clone(), peer.clone());
                async move {
                    let question =
                        ListSessionsRequest { page_size, page_token, driver_id, cp_id, open_only: open };
                    let response = peer.client.list_sessions(question).await;
                    peer.answer(response).map(|page| (page.sessions, page.next_page_token))
                }
            });
            print_listing(&found.await?, list.json)
        }
        ShowConfig::Tickets { driver_id, cp_id, list } => {
            let peer = list.addresses.session()?;
            let found = list.paging.collect(|page_size, page_token| {
                let (driver_id, cp_id, mut peer) = (driver_id.clone(), cp_id.clone(), peer.clone());
                async move {
                    let question = ListTicketsRequest { page_size, page_token, driver_id, cp_id };
                    let response = peer.client.list_tickets(question).await;
                    peer.answer(response).map(|page| (page.tickets, page.next_page_token))
                }
            });
            print_listing(&found.await?, list.json)
        }
        ShowConfig::Drivers { list } => {
            let peer = list.addresses.authorization()?;
            let found = list.paging.collect(|page_size, page_token| {
                let mut peer = peer.clone();
                async move {
                    let response =
                        peer.client.list_drivers(ListDriversRequest { page_size, page_token }).await;
                    peer.answer(response).map(|page| (page.drivers, page.next_page_token))
                }
            });
            print_listing(&found.await?, list.json)
        }
        ShowConfig::Events { driver_id, cp_id, session_id, list } => {
            let peer = list.addresses.session()?;
            let found = list.paging.collect(|page_size, page_token| {
                let (driver_id, cp_id, session_id) = (driver_id.clone(), cp_id.clone(), session_id.clone());
                let mut peer = peer.clone();
                async move {
                    let question = ListEventsRequest { page_size, page_token, driver_id, cp_id, session_id };
                    let response = peer.client.list_events(question).await;
                    peer.answer(response).map(|page| (page.events, page.next_page_token))
                }
            });
            print_listing(&found.await?, list.json)
        }
    }
}

fn print_listing<T: Tabular + Serialize>(listing: &Listing<T>, json: bool) -> Result<(), Error> {
    if json {
        listing.items.iter().try_for_each(print_json)?;
    } else if listing.items.is_empty() {
        remark(&format!("no {} found", T::NAME));
    } else {
        print(&table(&listing.items));
    }
    if !listing.next_page_token.is_empty() {
        let shown = listing.items.len();
        remark(&format!(
            "{shown} {} shown and there are more: --limit shows more, --page-token {} goes on from here",
            T::NAME,
            plain(&listing.next_page_token)
        ));
    }
    Ok(())
}
