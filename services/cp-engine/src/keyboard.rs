//! Keys that make the engine KO and OK, for whoever sits at its terminal.

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use crossterm::{
    event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
    terminal,
};
use evcharging_common::{
    energy::{format_energy, format_power},
    error::Error,
    pb::engine::v1::EngineState,
    shutdown::CancellationToken,
};
use rustix::termios::{self, OptionalActions, OutputModes};

use crate::engine_handle::EngineHandle;

/// How long a wait for a key may hold up the end.
const POLL: Duration = Duration::from_millis(200);

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Ko,
    Ok,
    State,
    Quit,
}

/// Obeys keys until `end` is cancelled or a key asks to quit, which cancels `shutdown`. Blocks its thread.
pub fn obey(engine: &EngineHandle, shutdown: &CancellationToken, end: &CancellationToken) -> io::Result<()> {
    if !is_ours()? {
        return Ok(());
    }
    let _raw = RawMode::enter()?;
    println!("Keys: k = KO, o = OK, s = state, q or Ctrl-C = quit");
    while !end.is_cancelled() {
        if !event::poll(POLL)? {
            continue;
        }
        let Event::Key(key) = event::read()? else { continue };
        let answer = match wish(key) {
            Some(Wish::Ko) => engine.set_fault("KO by key press"),
            Some(Wish::Ok) => engine.clear_fault(),
            Some(Wish::State) => engine.state(),
            Some(Wish::Quit) => {
                shutdown.cancel();
                break;
            }
            None => continue,
        };
        println!("{}", describe(engine.cp_id(), answer));
    }
    Ok(())
}

/// A process in the background would be stopped if it touched the terminal.
fn is_ours() -> io::Result<bool> {
    let stdin = io::stdin();
    Ok(stdin.is_terminal() && termios::tcgetpgrp(&stdin)? == rustix::process::getpgrp())
}

fn wish(key: KeyEvent) -> Option<Wish> {
    if key.kind != KeyEventKind::Press {
        return None;
    }
    match key.code {
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Wish::Quit),
        KeyCode::Char('k' | 'K') => Some(Wish::Ko),
        KeyCode::Char('o' | 'O') => Some(Wish::Ok),
        KeyCode::Char('s' | 'S') => Some(Wish::State),
        KeyCode::Char('q' | 'Q') => Some(Wish::Quit),
        _ => None,
    }
}

fn describe(cp_id: &str, answer: Result<EngineState, Error>) -> String {
    let state = match answer {
        Ok(state) => state,
        Err(error) => return format!("{cp_id}: {error}"),
    };
    let mode = state.mode().as_str_name().trim_start_matches("ENGINE_MODE_").to_lowercase();
    let mut line = format!("{cp_id}: {mode}, register {}", format_energy(state.register_mwh));
    if state.power_w > 0 {
        line += &format!(", {} for session {}", format_power(state.power_w), state.session_id);
    }
    if !state.fault_message.is_empty() {
        line += &format!(", {}", state.fault_message);
    }
    line
}

/// Keys come at once and unseen while this lives.
struct RawMode;

impl RawMode {
    fn enter() -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        let raw = Self;
        // Raw mode also stops turning line ends into new lines, which would make stairs of the log.
        let stdin = io::stdin();
        let mut modes = termios::tcgetattr(&stdin)?;
        modes.output_modes |= OutputModes::OPOST;
        termios::tcsetattr(&stdin, OptionalActions::Now, &modes)?;
        Ok(raw)
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        if let Err(error) = terminal::disable_raw_mode() {
            tracing::warn!(%error, "the terminal was not restored; type `reset`");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_mean_what_the_line_says() {
        let key = |character, modifiers| wish(KeyEvent::new(KeyCode::Char(character), modifiers));
        for (character, meant) in [
            ('k', Some(Wish::Ko)),
            ('o', Some(Wish::Ok)),
            ('s', Some(Wish::State)),
            ('q', Some(Wish::Quit)),
            ('c', None),
        ] {
            assert_eq!(key(character, KeyModifiers::NONE), meant, "{character}");
        }
        assert_eq!(key('c', KeyModifiers::CONTROL), Some(Wish::Quit));
    }

    #[test]
    fn the_state_is_told_in_one_line() {
        let state = EngineState {
            mode: 2,
            register_mwh: 1_234_567,
            power_w: 22_000,
            session_id: "s-1".to_owned(),
            fault_message: String::new(),
            engine_id: String::new(),
        };
        let line = describe("MAD-01", Ok(state));
        assert_eq!(line, "MAD-01: charging, register 1.234 kWh, 22.0 kW for session s-1");
    }
}
