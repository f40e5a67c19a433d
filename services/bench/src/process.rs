//! What a process uses, read from /proc.

use std::{path::PathBuf, time::Duration};

use evcharging_common::error::Error;

/// The kernel counts processor time in these: `getconf CLK_TCK` is 100 on every Linux that Rust runs on.
const TICK: Duration = Duration::from_millis(10);

/// A process to look at.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    pid: u32,
}

impl Usage {
    /// Of a process of this machine.
    pub fn of(pid: u32) -> Self {
        Self { pid }
    }

    /// Processor time since its start, of all its threads.
    pub fn cpu(self) -> Result<Duration, Error> {
        let stat = self.read("stat")?;
        // The name in brackets may hold anything; what follows it is numbers. See proc_pid_stat(5): utime is the 14th, stime the 15th.
        let after_name = stat.rsplit_once(')').map_or("", |(_, after)| after);
        let ticks = after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u32>());
        let ticks = ticks.sum::<Result<u32, _>>().map_err(Error::internal)?;
        Ok(TICK * ticks)
    }

    /// Resident memory, in MiB.
    pub fn resident_mib(self) -> Result<u64, Error> {
        Ok(self.resident_kib()? / 1_024)
    }

    /// The same in KiB.
    pub fn resident_kib(self) -> Result<u64, Error> {
        self.status_kib("VmRSS:")
    }

    /// The most that was ever resident, in MiB.
    pub fn peak_mib(self) -> Result<u64, Error> {
        Ok(self.status_kib("VmHWM:")? / 1_024)
    }

    fn status_kib(self, name: &str) -> Result<u64, Error> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.ok_or_else(|| Error::internal(format!("no {name} in /proc")))
    }

    fn read(self, file: &str) -> Result<String, Error> {
        let path: PathBuf = ["/proc", &self.pid.to_string(), file].iter().collect();
        std::fs::read_to_string(path).map_err(Error::internal)
    }
}

/// Processor time as a share of one core: `23.4 % of a core`.
pub fn share_of_a_core(cpu: Duration, elapsed: Duration) -> String {
    let per_mille_of_a_percent = cpu.as_micros() * 100_000 / elapsed.as_micros().max(1);
    format!("{} % of a core", crate::table::thousandths(per_mille_of_a_percent))
}
