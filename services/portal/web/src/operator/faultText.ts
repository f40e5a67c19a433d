import { FaultKind, SimulatedErrorKind } from "../gen/evcharging/types/v1/types_pb";
import { chargePointText } from "./textChargePoint";

/** What is wrong with a charge point, as its monitor found it. */
export function faultName(kind: FaultKind | undefined): string {
  switch (kind) {
    case FaultKind.ENGINE_KO:
      return chargePointText().engineKo;
    case FaultKind.ENGINE_TIMEOUT:
      return chargePointText().engineTimeout;
    case FaultKind.ENGINE_CONNECTION_LOST:
      return chargePointText().engineConnectionLost;
    default:
      return chargePointText().fault;
  }
}

/** What an operator makes a charge point do to try the network; a kind that is not known yet is told as it is. */
export function simulatedName(kind: SimulatedErrorKind): string {
  switch (kind) {
    case SimulatedErrorKind.FAULT:
      return chargePointText().aFault;
    case SimulatedErrorKind.OUT_OF_SERVICE:
      return chargePointText().beingOutOfService;
    case SimulatedErrorKind.OFFLINE:
      return chargePointText().beingOffline;
    default:
      return SimulatedErrorKind[kind] ?? String(kind);
  }
}
