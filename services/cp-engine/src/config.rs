//! What an engine needs to know before it starts.

use std::net::SocketAddr;

use evcharging_common::{
    energy::parse_energy, error::Error, grpc_server::ListenConfig, ids, kafka::KafkaConfig,
    pricing::MAX_SESSION_ENERGY_MWH,
};

/// The strongest charge point that is simulated, in watts.
const MAX_POWER_W: i64 = 1_000_000;
/// The highest initial register, in mWh: far from any overflow.
const MAX_REGISTER_MWH: i64 = 1_000_000_000_000_000;

/// The engine of one charge point.
#[derive(Debug, Clone, clap::Args)]
#[command(mut_arg("listen", |arg| arg.default_value("127.0.0.1:50060")))]
pub struct Config {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub listen: ListenConfig,
    /// Address to serve the framed protocol on, to one monitor; none when absent
    #[arg(long, env = "EVCHARGING_LISTEN_FRAMED", value_name = "IP:PORT")]
    pub listen_framed: Option<SocketAddr>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub kafka: KafkaConfig,
    /// Id of the charge point
    #[arg(long, env = "EVCHARGING_CP_ID", value_name = "ID")]
    pub cp_id: String,
    /// The most power it supplies, in watts
    #[arg(long, env = "EVCHARGING_MAX_POWER_W", default_value_t = 22_000, value_name = "WATTS")]
    pub max_power_w: i64,
    /// What each vehicle takes until it is full, for example 40kWh or 500Wh
    #[arg(long = "vehicle-energy", env = "EVCHARGING_VEHICLE_ENERGY", default_value = "40kWh", value_parser = parse_energy, value_name = "ENERGY")]
    pub vehicle_energy_mwh: i64,
    /// What the meter's cumulative register shows at the beginning, in mWh
    #[arg(long, env = "EVCHARGING_REGISTER_MWH", default_value_t = 0, value_name = "MWH")]
    pub register_mwh: i64,
}

impl Config {
    /// Checks what the command line could not.
    ///
    /// # Errors
    /// Names the flag and what is wrong with it.
    pub fn validate(&self) -> Result<(), Error> {
        ids::check("--cp-id", &self.cp_id)?;
        if !(1..=MAX_POWER_W).contains(&self.max_power_w) {
            return Err(Error::invalid_argument("--max-power-w", format!("must be 1 to {MAX_POWER_W} W")));
        }
        if !(1..=MAX_SESSION_ENERGY_MWH).contains(&self.vehicle_energy_mwh) {
            return Err(Error::invalid_argument(
                "--vehicle-energy",
                "must be more than 0 and at most 1000kWh",
            ));
        }
        if !(0..=MAX_REGISTER_MWH).contains(&self.register_mwh) {
            return Err(Error::invalid_argument(
                "--register-mwh",
                format!("must be 0 to {MAX_REGISTER_MWH} mWh"),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use clap::{Args, FromArgMatches};

    use super::*;

    fn parse(arguments: &[&str]) -> Config {
        let command = Config::augment_args(clap::Command::new("cp-engine").no_binary_name(true));
        Config::from_arg_matches(&command.try_get_matches_from(arguments).unwrap()).unwrap()
    }

    #[test]
    fn an_id_is_all_that_must_be_given() {
        let config = parse(&["--cp-id", "MAD-01"]);
        assert_eq!(config.listen.listen.port(), 50060);
        assert_eq!((config.max_power_w, config.vehicle_energy_mwh), (22_000, 40_000_000));
        assert_eq!(config.validate(), Ok(()));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (flag, value) in [
            ("--cp-id", "a b"),
            ("--max-power-w", "0"),
            ("--vehicle-energy", "1001kWh"),
            ("--register-mwh", "1000000000000001"),
        ] {
            let mut arguments = vec![flag, value];
            if flag != "--cp-id" {
                arguments.extend(["--cp-id", "MAD-01"]);
            }
            let error = parse(&arguments).validate().unwrap_err();
            assert!(error.message.starts_with(flag), "{error}");
        }
    }
}
