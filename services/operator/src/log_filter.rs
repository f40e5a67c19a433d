//! `evcharging admin log`: what one process logs, changed while it runs.

use evcharging_common::{
    clock,
    error::Error,
    grpc_client,
    pb::logs::v1::{
        GetLogFilterRequest, LogFilter, SetLogFilterRequest, log_service_client::LogServiceClient,
    },
    tls::TlsConfig,
};

use crate::output::{plain, print, print_json};

/// Whose log, and what it shall hold.
#[derive(Debug, Clone, clap::Args)]
pub struct LogConfig {
    /// What to log, such as `debug` or `info,evcharging_session=debug`; without it, what is logged now is shown
    filter: Option<String>,
    /// Log as configured again
    #[arg(long, conflicts_with = "filter")]
    reset: bool,
    /// For how many minutes; then the process logs as configured again
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(i64).range(1..=1440))]
    minutes: i64,
    /// Address of the one process whose log it is, such as http://127.0.0.1:50052
    #[arg(long, value_name = "URL")]
    address: String,
    /// The answer as one JSON object
    #[arg(long)]
    json: bool,
    /// How it is called.
    #[command(flatten)]
    tls: TlsConfig,
}

/// Shows or changes what a process logs.
///
/// # Errors
/// When it is away, or can't read the filter.
pub(crate) async fn log(config: LogConfig) -> Result<(), Error> {
    let tls = config.tls.load()?;
    let channel = grpc_client::connect(&config.address, tls.as_ref())
        .map_err(|problem| Error::invalid_argument("--address", problem))?;
    let mut client = LogServiceClient::new(channel);
    let answered = if config.filter.is_some() || config.reset {
        let filter = config.filter.unwrap_or_default();
        let request = SetLogFilterRequest { filter, duration_ms: config.minutes * 60_000 };
        client.set_log_filter(request).await.map(|response| response.into_inner().log_filter)
    } else {
        client.get_log_filter(GetLogFilterRequest {}).await.map(|response| response.into_inner().log_filter)
    };
    let peer = format!("the process at {}", config.address);
    let now = answered.map_err(|status| grpc_client::peer_error(&peer, status))?.unwrap_or_default();
    if config.json {
        return print_json(&now);
    }
    print(&describe(&now));
    Ok(())
}

fn describe(now: &LogFilter) -> String {
    let filter = plain(&now.filter);
    if now.reverts_at_ms == 0 {
        return format!("logs {filter}, as configured");
    }
    let (until, then) = (clock::format_instant(now.reverts_at_ms), plain(&now.configured_filter));
    format!("logs {filter} until {until}, then {then} again")
}
