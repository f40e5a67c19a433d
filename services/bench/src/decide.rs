//! `decide` alone: no store, no queue, one thread.

use std::time::{Duration, Instant};

use evcharging_common::error::Error;
use evcharging_session::{
    command::Command,
    decide::{Rules, decide},
    world::{Changes, World},
};

use crate::{
    commands::Charger,
    table::{Table, per_second},
};

/// Charge points in the world that is decided on.
const CHARGERS: usize = 1_000;

/// Charges everywhere in turn until the time is over.
pub fn measure(duration: Duration, table: &mut Table) -> Result<(), Error> {
    eprintln!("Deciding for {} s ...", duration.as_secs());
    let mut world = World::default();
    let mut chargers: Vec<Charger> = (0..CHARGERS).map(Charger::new).collect();
    for charger in &chargers {
        run(&mut world, &charger.introductions())?;
    }
    let mut decided = 0;
    let mut busy = Duration::ZERO;
    while busy < duration {
        for charger in &mut chargers {
            // Making the commands is not what is measured.
            let commands = charger.charge();
            let began = Instant::now();
            run(&mut world, &commands)?;
            busy += began.elapsed();
            decided += commands.len();
        }
        // Ended sessions leave memory as they leave a batch.
        world.sessions.clear();
    }
    table.add("decide alone, one thread: commands a second", per_second(decided, busy), "");
    Ok(())
}

fn run(world: &mut World, commands: &[Command]) -> Result<(), Error> {
    let mut changes = Changes::default();
    for command in commands {
        let (finished, _) = decide(world, command, &Rules::default(), 1_000_000, "")?;
        world.apply(finished, &mut changes);
    }
    Ok(())
}
