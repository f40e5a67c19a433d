//! The charge point's status and what it means for a new request: pure functions of its facts.

use evcharging_common::vocabulary::{ChargePointStatus, RefusalReason, SessionState};

use crate::entities::ChargePoint;

/// The status that follows from the facts, first that applies. `occupant` is the state of the open session there.
pub fn status(charge_point: &ChargePoint, occupant: Option<SessionState>) -> ChargePointStatus {
    if !charge_point.in_service {
        ChargePointStatus::OutOfService
    } else if charge_point.fault_kind.is_some() {
        ChargePointStatus::Faulted
    } else if let Some(state) = occupant {
        if state == SessionState::Reserved {
            ChargePointStatus::Reserved
        } else {
            ChargePointStatus::Charging
        }
    } else if charge_point.is_connected() {
        ChargePointStatus::Available
    } else {
        ChargePointStatus::Offline
    }
}

/// Why a new request can't have a charge point with this status; `None` when it can. An offline one can be reserved: the start is
/// delivered when it connects.
pub fn refusal(status: ChargePointStatus) -> Option<RefusalReason> {
    match status {
        ChargePointStatus::Available | ChargePointStatus::Offline => None,
        ChargePointStatus::Reserved => Some(RefusalReason::CpReserved),
        ChargePointStatus::Charging => Some(RefusalReason::CpOccupied),
        ChargePointStatus::Faulted => Some(RefusalReason::CpFaulted),
        ChargePointStatus::OutOfService => Some(RefusalReason::CpOutOfService),
    }
}

#[cfg(test)]
mod tests {
    use evcharging_common::vocabulary::FaultKind;

    use super::*;
    use crate::fixtures::charge_point;

    #[test]
    fn every_combination_of_facts_has_its_status() {
        use ChargePointStatus::{Available, Charging, Faulted, Offline, OutOfService, Reserved};
        for in_service in [true, false] {
            for fault in [None, Some(FaultKind::EngineKo)] {
                for connected in [true, false] {
                    for occupant in [None, Some(SessionState::Reserved), Some(SessionState::Charging)] {
                        let mut facts = charge_point("MAD-01");
                        facts.in_service = in_service;
                        facts.fault_kind = fault;
                        facts.link_id = connected.then(|| "link".to_owned());
                        let expected = match (in_service, fault, occupant, connected) {
                            (false, ..) => OutOfService,
                            (true, Some(_), ..) => Faulted,
                            (true, None, Some(SessionState::Reserved), _) => Reserved,
                            (true, None, Some(_), _) => Charging,
                            (true, None, None, true) => Available,
                            (true, None, None, false) => Offline,
                        };
                        assert_eq!(status(&facts, occupant), expected);
                    }
                }
            }
        }
    }

    #[test]
    fn each_status_that_refuses_has_its_own_reason() {
        let reasons: Vec<_> = ChargePointStatus::ALL.iter().filter_map(|status| refusal(*status)).collect();
        let distinct: std::collections::HashSet<_> = reasons.iter().collect();
        assert_eq!((reasons.len(), distinct.len()), (4, 4));
    }
}
