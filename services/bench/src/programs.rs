//! The programs of the same build, which are measured or help to.

use std::{path::PathBuf, process::Stdio};

use evcharging_common::error::Error;
use tokio::process::Command;

/// A part of `evcharging` that runs beside us: it says only what is wrong, and ends with us.
///
/// # Errors
/// When it was not built.
pub fn quietly(part: &str) -> Result<Command, Error> {
    let mut command = Command::new(binary("evcharging")?);
    command
        .arg(part)
        // Thousands of lines about who connects are not what is measured; who asks for more gets more.
        .env("EVCHARGING_LOG", std::env::var("EVCHARGING_LOG").as_deref().unwrap_or("warn"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    Ok(command)
}

/// A program of the same build.
///
/// # Errors
/// When it was not built.
pub fn binary(program: &str) -> Result<PathBuf, Error> {
    let own = std::env::current_exe().map_err(Error::internal)?;
    let binary = own.with_file_name(program);
    if binary.exists() {
        return Ok(binary);
    }
    let message = format!("{} is missing: `make build` makes it, as `make bench` does", binary.display());
    Err(Error::failed_precondition("NOT_BUILT", message))
}
