//! A handle on the one engine of a process or of a part of it: gives it time, and sends what it says.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use evcharging_common::{clock, error::Error, ids, pb::engine::v1::EngineState};
use tokio::{sync::Notify, time::Instant};

use crate::{config::Config, engine::Engine, telemetry_queue::TelemetryQueue};

/// A handle on an engine. Cheap to clone.
#[derive(Clone)]
pub struct EngineHandle {
    shared: Arc<Shared>,
}

struct Shared {
    cp_id: String,
    engine_id: String,
    clock: Instant,
    guarded: Mutex<Guarded>,
    queue: TelemetryQueue,
    /// A supply began or ended, so the next reading is due at another time.
    supply_changed: Notify,
}

struct Guarded {
    engine: Engine,
    is_closed: bool,
}

impl EngineHandle {
    /// An idle engine, as configured.
    pub fn new(config: &Config) -> Self {
        let engine = Engine::new(config.max_power_w, config.vehicle_energy_mwh, config.register_mwh);
        Self {
            shared: Arc::new(Shared {
                cp_id: config.cp_id.clone(),
                engine_id: ids::new_id(),
                clock: Instant::now(),
                guarded: Mutex::new(Guarded { engine, is_closed: false }),
                queue: TelemetryQueue::default(),
                supply_changed: Notify::new(),
            }),
        }
    }

    /// The charge point.
    pub fn cp_id(&self) -> &str {
        &self.shared.cp_id
    }

    /// What a monitor of another charge point is told.
    pub fn refuse_other(&self, cp_id: &str) -> Error {
        let own = self.cp_id();
        let message = format!(
            "this is the engine of {own}, not of {cp_id}; see where the monitor looks for its engine"
        );
        Error::failed_precondition("WRONG_CP", message)
    }

    /// What it has to say to Kafka.
    pub fn queue(&self) -> &TelemetryQueue {
        &self.shared.queue
    }

    /// Takes or keeps the place of the one monitor.
    pub fn check_health(&self, monitor_id: &str) -> Result<EngineState, Error> {
        self.act(|guarded, now_ms| guarded.engine.check_health(monitor_id, now_ms))
    }

    /// Gives the place of a monitor that is gone to whoever comes next.
    pub fn release(&self, monitor_id: &str) {
        self.lock().engine.release(monitor_id);
    }

    /// Begins to supply a session.
    pub fn start(
        &self,
        session_id: &str,
        energy_limit_mwh: i64,
        traceparent: Option<String>,
    ) -> Result<EngineState, Error> {
        ids::check("session_id", session_id)?;
        if energy_limit_mwh <= 0 {
            return Err(Error::invalid_argument("energy_limit_mwh", "must be more than 0"));
        }
        self.act(|guarded, now_ms| {
            if guarded.is_closed {
                return Err(Error::unavailable("the engine is shutting down; try again later", session_id));
            }
            if !guarded.engine.is_supplying(session_id) {
                self.shared.queue.check_room()?;
            }
            guarded.engine.start(session_id, energy_limit_mwh, traceparent, now_ms)
        })
    }

    /// Ceases to supply a session.
    pub fn stop(&self, session_id: &str, traceparent: Option<String>) -> Result<EngineState, Error> {
        if !session_id.is_empty() {
            ids::check("session_id", session_id)?;
        }
        self.act(|guarded, now_ms| {
            // The end of a supply always finds room; that of anything else can be asked again.
            if !session_id.is_empty() && !guarded.engine.is_supplying(session_id) {
                self.shared.queue.check_room()?;
            }
            guarded.engine.stop(session_id, traceparent, now_ms);
            Ok(())
        })
    }

    /// Makes it KO.
    pub fn set_fault(&self, message: &str) -> Result<EngineState, Error> {
        self.act(|guarded, now_ms| {
            self.shared.queue.check_room()?;
            guarded.engine.set_fault(message, now_ms);
            Ok(())
        })
    }

    /// Makes it OK.
    pub fn clear_fault(&self) -> Result<EngineState, Error> {
        self.act(|guarded, _| {
            guarded.engine.clear_fault();
            Ok(())
        })
    }

    /// What it does.
    pub fn state(&self) -> Result<EngineState, Error> {
        self.act(|_, _| Ok(()))
    }

    /// Says a reading each second while energy flows, and sleeps while none does. Never returns.
    pub async fn tick(&self) {
        loop {
            let now_ms = self.now_ms();
            let next_reading_ms = self.lock().engine.next_reading_ms(now_ms);
            let Some(next_reading_ms) = next_reading_ms else {
                self.shared.supply_changed.notified().await;
                continue;
            };
            let wait = Duration::from_millis(u64::try_from(next_reading_ms).unwrap_or_default());
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(self.shared.clock + wait) => {
                    let ticked = self.act(|guarded, _| { guarded.engine.tick(); Ok(()) });
                    debug_assert!(ticked.is_ok(), "a tick refuses nothing");
                }
                () = self.shared.supply_changed.notified() => {}
            }
        }
    }

    /// Ends a supply under way and starts none any more.
    pub fn close(&self) {
        let stopped = self.act(|guarded, now_ms| {
            guarded.is_closed = true;
            guarded.engine.stop("", None, now_ms);
            Ok(())
        });
        debug_assert!(stopped.is_ok(), "a stop of whatever is supplied refuses nothing");
        self.shared.queue.close();
    }

    /// Brings the engine up to now, acts on it, and hands on what it says in the order in which it says it.
    fn act(&self, action: impl FnOnce(&mut Guarded, i64) -> Result<(), Error>) -> Result<EngineState, Error> {
        let mut guarded = self.lock();
        // Read under the lock: for the engine, time never goes back.
        let now_ms = self.now_ms();
        guarded.engine.advance(now_ms);
        let done = action(&mut guarded, now_ms);
        let telemetry = guarded.engine.take_telemetry();
        if !telemetry.is_empty() {
            let wall_now_ms = clock::now_ms();
            for said in telemetry {
                said.event.log(&self.shared.cp_id);
                let at_ms = wall_now_ms - (now_ms - said.at_ms);
                self.shared.queue.push(said.into_record(&self.shared.cp_id, at_ms));
            }
            self.shared.supply_changed.notify_one();
        }
        done.map(|()| EngineState { engine_id: self.shared.engine_id.clone(), ..guarded.engine.state() })
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.shared.clock.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, Guarded> {
        // A panic elsewhere must not stop the meter.
        self.shared.guarded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
