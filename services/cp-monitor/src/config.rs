//! What a monitor needs to know before it starts.

use std::{fmt, net::SocketAddr, str::FromStr};

use evcharging_common::{
    error::Error,
    ids,
    money::{MICROS_PER_UNIT, parse_money},
    pb::cp_registry::v1::Hello,
    tls::TlsConfig,
};

/// The longest location, in characters.
const MAX_LOCATION_CHARS: usize = 128;
/// The strongest charge point, in watts.
const MAX_POWER_W: i64 = 1_000_000;
/// The highest price of a kWh, in micros, as the registry has it.
const MAX_PRICE_MICROS_PER_KWH: i64 = 100 * MICROS_PER_UNIT;

/// The monitor of one charge point.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Id of the charge point
    #[arg(long, env = "EVCHARGING_CP_ID", value_name = "ID")]
    pub cp_id: String,
    /// Where it stands, for people
    #[arg(long, env = "EVCHARGING_LOCATION", value_name = "TEXT")]
    pub location: String,
    /// Price of a kWh, for example 0.45
    #[arg(long = "price", env = "EVCHARGING_PRICE", value_parser = parse_money, value_name = "MONEY")]
    pub price_micros_per_kwh: i64,
    /// The most power it supplies, in watts
    #[arg(long, env = "EVCHARGING_MAX_POWER_W", default_value_t = 22_000, value_name = "WATTS")]
    pub max_power_w: i64,
    /// Its secret key, 8 to 128 characters; the first that a charge point registers with is its own from then on
    #[arg(long, env = "EVCHARGING_CP_KEY", hide_env_values = true, value_name = "KEY")]
    pub key: ChargePointKey,
    /// Address of the engine
    #[arg(
        long,
        env = "EVCHARGING_ENGINE_ADDRESS",
        default_value = "http://127.0.0.1:50060",
        value_name = "URL"
    )]
    pub engine_address: String,
    /// Address of the cp-registry; several replicas separated by commas
    #[arg(
        long,
        env = "EVCHARGING_CP_REGISTRY_ADDRESS",
        default_value = "http://127.0.0.1:50053",
        value_name = "URL"
    )]
    pub cp_registry_address: String,
    /// HOST:PORT of an engine that speaks the framed protocol, or tls://HOST:PORT, instead of --engine-address
    #[arg(long, env = "EVCHARGING_ENGINE_FRAMED", value_name = "HOST:PORT")]
    pub engine_framed: Option<String>,
    /// HOST:PORT of a gateway to be linked by, in the framed protocol, or tls://HOST:PORT, instead of --cp-registry-address; several
    /// replicas separated by commas
    #[arg(long, env = "EVCHARGING_CENTRAL_FRAMED", value_name = "HOST:PORT")]
    pub central_framed: Option<String>,
    /// Address to serve gRPC health on: it serves while the charge point is linked to the network; none when absent
    #[arg(long, env = "EVCHARGING_HEALTH_LISTEN", value_name = "IP:PORT")]
    pub health_listen: Option<SocketAddr>,
    /// How the registry is called, and the engine if its address says https.
    #[command(flatten)]
    pub tls: TlsConfig,
}

impl Config {
    /// Checks what the command line could not.
    ///
    /// # Errors
    /// Names the flag and what is wrong with it.
    pub fn validate(&self) -> Result<(), Error> {
        ids::check("--cp-id", &self.cp_id)?;
        let location_chars = self.location.chars().count();
        if self.location.trim().is_empty()
            || location_chars > MAX_LOCATION_CHARS
            || self.location.contains(char::is_control)
        {
            let problem = format!("must be 1 to {MAX_LOCATION_CHARS} printable characters");
            return Err(Error::invalid_argument("--location", problem));
        }
        if self.central_framed.is_some() {
            for (flag, text) in [("--location", &self.location), ("--key", &self.key.0)] {
                if text.contains('#') {
                    return Err(Error::invalid_argument(
                        flag,
                        "must hold no # where --central-framed is given",
                    ));
                }
            }
        }
        if !(0..=MAX_PRICE_MICROS_PER_KWH).contains(&self.price_micros_per_kwh) {
            return Err(Error::invalid_argument("--price", "must be 0 to 100 a kWh"));
        }
        if !(1..=MAX_POWER_W).contains(&self.max_power_w) {
            return Err(Error::invalid_argument("--max-power-w", format!("must be 1 to {MAX_POWER_W} W")));
        }
        Ok(())
    }

    /// What the registry is told first.
    pub(crate) fn hello(&self) -> Hello {
        Hello {
            cp_id: self.cp_id.clone(),
            location: self.location.clone(),
            price_micros_per_kwh: self.price_micros_per_kwh,
            max_power_w: self.max_power_w,
            key: self.key.0.clone(),
        }
    }
}

/// The secret with which a charge point proves who it is. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ChargePointKey(String);

impl FromStr for ChargePointKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_good = (8..=128).contains(&text.chars().count()) && !text.contains(char::is_control);
        if is_good {
            Ok(Self(text.to_owned()))
        } else {
            Err("a charge point's key has 8 to 128 printable characters".to_owned())
        }
    }
}

impl fmt::Debug for ChargePointKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use clap::{Args, FromArgMatches};

    use super::*;

    const GOOD: [(&str, &str); 4] =
        [("--cp-id", "MAD-01"), ("--location", "Madrid"), ("--price", "0.45"), ("--key", "open sesame")];

    fn parse(changed: (&str, &str)) -> Result<Config, clap::Error> {
        let command = Config::augment_args(clap::Command::new("cp-monitor").no_binary_name(true));
        let mut arguments = std::collections::BTreeMap::from(GOOD);
        arguments.insert(changed.0, changed.1);
        let arguments = arguments.into_iter().flat_map(|(flag, value)| [flag, value]);
        Config::from_arg_matches(&command.try_get_matches_from(arguments)?)
    }

    #[test]
    fn a_good_configuration_passes_and_keeps_its_secret() {
        let config = parse(("--price", "0.45 EUR")).unwrap();
        assert_eq!(config.validate(), Ok(()));
        assert_eq!(config.hello().price_micros_per_kwh, 450_000);
        assert_eq!(config.hello().key, "open sesame");
        assert!(!format!("{config:?}").contains("sesame"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        let long = "x".repeat(129);
        for changed in [
            ("--cp-id", "a b"),
            ("--location", " "),
            ("--location", long.as_str()),
            ("--price", "100.01"),
            ("--max-power-w", "0"),
        ] {
            let error = parse(changed).unwrap().validate().unwrap_err();
            assert!(error.message.starts_with(changed.0), "{error}");
        }
        for changed in [("--key", "short"), ("--key", long.as_str()), ("--price", "cheap")] {
            assert!(parse(changed).is_err(), "{changed:?}");
        }
    }
}
