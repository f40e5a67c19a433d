//! The fast path of commands: every replica follows the topic and carries what concerns its own links.

use evcharging_common::{
    error::Error,
    kafka::{self, KafkaConfig},
    pb::events::v1::{CentralCommand, central_command::Command},
    shutdown::CancellationToken,
    trace_propagation,
    vocabulary::SimulatedErrorKind,
};

use crate::link_table::LinkTable;

/// Carries commands until the token is cancelled. What is missed before the topic is reached is said when the charge point connects.
///
/// # Errors
/// When the client can't be made.
pub async fn run(kafka: &KafkaConfig, table: LinkTable, shutdown: CancellationToken) -> Result<(), Error> {
    let followed = kafka::follow::<CentralCommand>(kafka, "cp-registry-commands", shutdown.clone()).await;
    let mut commands = match followed {
        Ok(commands) => commands,
        Err(_) if shutdown.is_cancelled() => return Ok(()),
        Err(error) => return Err(error),
    };
    while let Some(Some(seen)) = shutdown.run_until_cancelled(commands.recv()).await {
        // The other replicas' charge points are theirs to tell of.
        if !table.has(&seen.event.cp_id) {
            continue;
        }
        let span = seen.process_span();
        let mut command = seen.event;
        if is_offline(&command) {
            span.in_scope(|| table.close(&command.cp_id, None));
        } else {
            // No header travels over the link.
            command.traceparent = trace_propagation::traceparent_of(&span).unwrap_or(command.traceparent);
            span.in_scope(|| table.carry(command));
        }
    }
    Ok(())
}

/// Whether the charge point is to lose its link. Session lets it back in once that is fixed.
fn is_offline(command: &CentralCommand) -> bool {
    matches!(&command.command, Some(Command::SetFault(set)) if set.kind == SimulatedErrorKind::Offline.as_str())
}
