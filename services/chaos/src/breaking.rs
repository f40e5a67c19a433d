//! What is broken when: drawn from the seed.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};
use rustix::process::Signal;

use crate::fleet::{Fleet, Kind};

/// The most processes that are broken at a time.
const MOST_BROKEN: usize = 3;

/// How a process is broken.
#[derive(Debug, Clone, Copy)]
enum Harm {
    Kill,
    Freeze,
    Restart,
}

/// Something that is broken now.
struct Broken {
    member: usize,
    harm: Harm,
    mend_at: Instant,
}

/// Breaks and mends.
pub struct Breaker {
    random: StdRng,
    began: Instant,
    next: Instant,
    broken: Vec<Broken>,
    done: BTreeMap<&'static str, u32>,
}

impl Breaker {
    /// Begins now.
    pub fn new(random: StdRng, began: Instant) -> Self {
        Self { random, began, next: Instant::now(), broken: Vec::new(), done: BTreeMap::new() }
    }

    /// Mends what is due, and breaks something when it is time.
    pub async fn step(&mut self, fleet: &mut Fleet) {
        let now = Instant::now();
        let due: Vec<usize> =
            (0..self.broken.len()).rev().filter(|at| self.broken[*at].mend_at <= now).collect();
        for at in due {
            let broken = self.broken.swap_remove(at);
            self.mend(fleet, &broken);
        }
        if now < self.next {
            return;
        }
        self.next = now + Duration::from_millis(self.random.random_range(1_500..4_000));
        if self.broken.len() < MOST_BROKEN {
            self.break_something(fleet);
        }
    }

    fn break_something(&mut self, fleet: &mut Fleet) {
        let kind = match self.random.random_range(0..100) {
            0..50 => Kind::Service,
            50..65 => Kind::Engine,
            65..80 => Kind::Monitor,
            80..90 => Kind::Database,
            _ => Kind::Broker,
        };
        let candidates: Vec<usize> = (0..fleet.members.len())
            .filter(|at| {
                fleet.members[*at].kind == kind && !self.broken.iter().any(|broken| broken.member == *at)
            })
            .collect();
        let harm = *[Harm::Kill, Harm::Freeze, Harm::Restart].choose(&mut self.random).expect("not empty");
        let ms = self.random.random_range(match harm {
            Harm::Kill => 0..3_000,
            Harm::Freeze => 500..9_000,
            // It ends by itself before.
            Harm::Restart => 4_000..6_000,
        });
        let Some(member) = candidates.choose(&mut self.random).copied() else { return };
        let name = &fleet.members[member].name;
        let (verb, key) = match harm {
            Harm::Kill => (format!("kill -9 {name}, back in {ms} ms"), "killed"),
            Harm::Freeze => (format!("freeze {name} for {ms} ms"), "frozen"),
            Harm::Restart => (format!("restart {name}"), "restarted"),
        };
        println!("{:5.1} s  {verb}", self.began.elapsed().as_secs_f32());
        match harm {
            Harm::Kill => fleet.members[member].kill(),
            Harm::Freeze => fleet.members[member].signal(Signal::STOP),
            Harm::Restart => fleet.members[member].terminate(),
        }
        *self.done.entry(key).or_default() += 1;
        self.broken.push(Broken { member, harm, mend_at: Instant::now() + Duration::from_millis(ms) });
    }

    fn mend(&mut self, fleet: &mut Fleet, broken: &Broken) {
        let member = &mut fleet.members[broken.member];
        match broken.harm {
            Harm::Kill => member.start_again(),
            Harm::Freeze => member.signal(Signal::CONT),
            Harm::Restart => {
                if !member.has_ended() {
                    println!(
                        "{:5.1} s  {} had not ended yet and is killed",
                        self.began.elapsed().as_secs_f32(),
                        member.name
                    );
                    member.kill();
                }
                member.start_again();
            }
        }
    }

    /// Mends all that is broken; tells what died by itself, and starts it again.
    pub async fn mend_all(&mut self, fleet: &mut Fleet) -> Vec<String> {
        for broken in std::mem::take(&mut self.broken) {
            self.mend(fleet, &broken);
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        let mut problems = Vec::new();
        for member in &mut fleet.members {
            if member.has_ended() {
                problems.push(format!("{} had ended by itself", member.name));
                member.start_again();
            }
        }
        problems
    }

    /// How much was broken.
    pub fn summary(&self) -> String {
        let done: Vec<String> = self.done.iter().map(|(what, times)| format!("{times} {what}")).collect();
        done.join(", ")
    }
}
