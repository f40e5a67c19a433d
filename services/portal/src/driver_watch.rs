//! What a driver's page is told: its account, its charge, and where one may charge.

use std::{sync::Arc, time::Duration};

use evcharging_common::{
    clock,
    error::Error,
    pb::{
        authorization::v1::GetDriverRequest,
        portal::v1::{AccountState, Charge, PowerPoint, WatchResponse},
        session::v1::ListSessionsRequest,
        telemetry::v1::GetLiveSessionRequest,
        types::v1::{ChargePoint, Driver, Session, SessionState},
    },
    shutdown::CancellationToken,
};
use futures::{Stream, StreamExt, stream};
use tokio::{
    sync::watch,
    time::{Instant, Interval, MissedTickBehavior},
};
use tonic::{Request, Status, metadata::MetadataMap};

use crate::{
    drivers::{Drivers, News},
    hub::{Hub, Tick},
    network::{Changes, Version},
    open_pages::OpenPage,
    operator_watch::KEEP_ALIVE,
    peers::{Peers, answer},
    visitors::{Visitor, Visitors},
};

/// How often the account is asked for even if nothing was heard: what Kafka did not tell, or another portal was asked.
const ASK_AGAIN: Duration = Duration::from_secs(5);
/// How long that may hold up what else there is to tell.
const ASK_TIMEOUT: Duration = Duration::from_secs(3);
/// A charge that ended longer ago is history.
const RECENT_MS: i64 = 120_000;

/// Where a page's news come from.
#[derive(Clone)]
pub struct Sources {
    /// The network.
    pub hub: Hub,
    /// The drivers.
    pub drivers: Drivers,
    /// The services.
    pub peers: Peers,
    /// Who may hear it.
    pub visitors: Visitors,
}

struct Watching {
    sources: Sources,
    metadata: MetadataMap,
    visitor: Visitor,
    news: watch::Receiver<News>,
    ticks: watch::Receiver<Arc<Tick>>,
    ask_again: Interval,
    seen: Version,
    seen_notice: u64,
    seen_changes: u64,
    account_state: AccountState,
    told_driver: Option<Driver>,
    told_charge: Option<Charge>,
    /// The charge that the page shows, which may have ended since.
    session_id: Option<String>,
    told_at: Instant,
    _open: OpenPage,
}

/// Tells a page. The next message is made when the page has taken the last: one that is slow gets the newest, and nothing piles up.
pub fn watch_driver(
    sources: Sources,
    visitor: Visitor,
    metadata: MetadataMap,
    open: OpenPage,
    shutdown: CancellationToken,
) -> impl Stream<Item = Result<WatchResponse, Status>> + Send {
    let mut ask_again = tokio::time::interval(ASK_AGAIN);
    ask_again.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ticks = sources.hub.ticks();
    ticks.mark_changed();
    let news = sources.drivers.listen(&visitor.user_id);
    let now = news.borrow().clone();
    let watching = Watching {
        news,
        ticks,
        sources,
        metadata,
        visitor,
        ask_again,
        seen: 0,
        // A page is told what happens while it watches.
        seen_notice: now.notices.last().map_or(0, |(number, _)| *number),
        seen_changes: now.changes,
        account_state: AccountState { is_current: true, since_ms: clock::now_ms() },
        told_driver: None,
        told_charge: None,
        session_id: None,
        told_at: Instant::now(),
        _open: open,
    };
    let told = stream::try_unfold(watching, |mut watching| async move {
        let response = watching.next().await?;
        Ok(Some((response, watching)))
    });
    told.take_until(shutdown.cancelled_owned())
}

impl Watching {
    async fn next(&mut self) -> Result<WatchResponse, Status> {
        loop {
            let mut response = WatchResponse::default();
            tokio::select! {
                changed = self.news.changed() => {
                    changed.map_err(|_| Status::unavailable("the portal stops"))?;
                    if self.add_news(&mut response) {
                        self.add_account_if_it_can_be_had(&mut response).await?;
                    }
                }
                ticked = self.ticks.changed() => {
                    ticked.map_err(|_| Status::unavailable("the portal stops"))?;
                    self.add_network(&mut response);
                }
                _ = self.ask_again.tick() => self.add_account_if_it_can_be_had(&mut response).await?,
            }
            if response != WatchResponse::default() || self.told_at.elapsed() >= KEEP_ALIVE {
                self.told_at = Instant::now();
                response.sent_at_ms = clock::now_ms();
                return Ok(response);
            }
        }
    }

    /// Tells whether the account has to be asked for.
    fn add_news(&mut self, response: &mut WatchResponse) -> bool {
        let news = self.news.borrow_and_update().clone();
        let newest = news.notices.last().map_or(0, |(number, _)| *number);
        let seen = std::mem::replace(&mut self.seen_notice, newest);
        response.notices =
            news.notices.into_iter().filter(|(number, _)| *number > seen).map(|(_, notice)| notice).collect();
        response.reading =
            news.reading.filter(|reading| Some(&reading.session_id) == self.session_id.as_ref());
        // Readings come each second; what else changed has to be asked for.
        std::mem::replace(&mut self.seen_changes, news.changes) != news.changes
    }

    /// Asks for the account. A service that is away for a moment ends no page: it is asked again soon, and the rest is told all the same.
    async fn add_account_if_it_can_be_had(&mut self, response: &mut WatchResponse) -> Result<(), Error> {
        let asked = tokio::time::timeout(ASK_TIMEOUT, self.add_account(response)).await;
        let is_current = match asked {
            Ok(Err(error)) if !error.is_retryable() => return Err(error),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a driver's account could not be had for its page");
                false
            }
            Ok(Ok(())) => true,
            Err(_) => false,
        };
        if is_current != self.account_state.is_current {
            self.account_state = AccountState { is_current, since_ms: clock::now_ms() };
            response.account_state = Some(self.account_state);
        }
        Ok(())
    }

    fn add_network(&mut self, response: &mut WatchResponse) {
        let tick = self.ticks.borrow_and_update().clone();
        if tick.to == 0 {
            return;
        }
        let (changes, seen) = self.sources.hub.changes(&tick, self.seen);
        self.seen = seen;
        let Changes { charge_points, is_complete, messaging, .. } = changes;
        response.charge_points = charge_points.into_iter().map(without_names).collect();
        response.charge_points_complete = is_complete;
        response.messaging = messaging;
    }

    /// Asks for the account and the charge, and tells what is new of them.
    async fn add_account(&mut self, response: &mut WatchResponse) -> Result<(), Error> {
        self.visitor = self.sources.visitors.visitor(&self.metadata).await?;
        let driver_id = self.visitor.user_id.clone();
        let request = self.visitor.request(GetDriverRequest { driver_id: driver_id.clone() });
        let account = answer("authorization", self.sources.peers.authorization().get_driver(request).await)?;
        let session = match account.open_session {
            Some(session) => Some(session),
            None => self.last_session(&driver_id).await?,
        };
        match session {
            Some(session) => self.add_charge(response, session).await?,
            None if self.told_driver.is_none() => response.no_charge = true,
            None => {}
        }
        if account.driver != self.told_driver {
            response.driver = account.driver.clone();
            self.told_driver = account.driver;
        }
        Ok(())
    }

    /// The driver's newest session, as long as it is what the page shows or ended just now.
    async fn last_session(&self, driver_id: &str) -> Result<Option<Session>, Error> {
        let told = self.told_charge.as_ref();
        let is_settled = told.is_some_and(|charge| {
            let ended = charge.session.as_ref().is_some_and(|session| session.ended_at_ms.is_some());
            ended && (charge.ticket.is_some() || is_cancelled(charge.session.as_ref()))
        });
        if is_settled || (told.is_none() && self.told_driver.is_some()) {
            return Ok(None);
        }
        let list = ListSessionsRequest {
            driver_id: driver_id.to_owned(),
            page_size: 1,
            ..ListSessionsRequest::default()
        };
        let request = self.visitor.request(list);
        let sessions = answer("session", self.sources.peers.session().list_sessions(request).await)?.sessions;
        let is_shown = |session: &Session| Some(&session.session_id) == self.session_id.as_ref();
        let is_recent = |session: &Session| {
            session.ended_at_ms.is_none_or(|ended_at_ms| clock::now_ms() - ended_at_ms < RECENT_MS)
        };
        Ok(sessions.into_iter().next().filter(|session| is_shown(session) || is_recent(session)))
    }

    async fn add_charge(&mut self, response: &mut WatchResponse, session: Session) -> Result<(), Error> {
        let session_id = session.session_id.clone();
        let is_new = self.session_id.as_ref() != Some(&session_id);
        // The session is the driver's own, as its service has just said: its steps and its ticket are asked in the portal's own name.
        let asked = || Request::new(session_id.clone());
        let mut charge = Charge {
            steps: self.sources.peers.steps(asked()).await?,
            power: if is_new { self.power(&session_id).await } else { Vec::new() },
            ticket: if session.ended_at_ms.is_some() && !is_cancelled(Some(&session)) {
                self.sources.peers.ticket(asked()).await?
            } else {
                None
            },
            session: Some(session),
        };
        self.session_id = Some(session_id);
        let is_told = self.told_charge.as_ref().is_some_and(|told| {
            told.steps == charge.steps && told.ticket == charge.ticket && has_state_of(told, &charge)
        });
        if !is_told {
            let power = std::mem::take(&mut charge.power);
            self.told_charge = Some(charge.clone());
            response.charge = Some(Charge { power, ..charge });
        }
        Ok(())
    }

    /// What telemetry still knows; a curve that begins now is no reason to show nothing.
    async fn power(&self, session_id: &str) -> Vec<PowerPoint> {
        let request = GetLiveSessionRequest { session_id: session_id.to_owned() };
        let Ok(live) = self.sources.peers.telemetry().get_live_session(request).await else {
            return Vec::new();
        };
        let series = live.into_inner().series.into_iter();
        series.map(|point| PowerPoint { at_ms: point.measured_at_ms, power_w: point.power_w }).collect()
    }
}

/// Nothing was supplied, so there will be no ticket.
fn is_cancelled(session: Option<&Session>) -> bool {
    session.is_some_and(|session| session.state() == SessionState::Cancelled)
}

/// Whether a page that was told the one needs not be told the other: energy and cost come by readings.
fn has_state_of(told: &Charge, now: &Charge) -> bool {
    let (Some(told), Some(now)) = (&told.session, &now.session) else { return false };
    told.session_id == now.session_id
        && told.state == now.state
        && told.end_reason == now.end_reason
        && told.ended_at_ms == now.ended_at_ms
        && told.started_at_ms == now.started_at_ms
}

/// Who charges where is nobody else's business.
fn without_names(charge_point: ChargePoint) -> ChargePoint {
    ChargePoint { session_id: String::new(), driver_id: String::new(), ..charge_point }
}
