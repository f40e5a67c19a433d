import type { ChargePoint, Session } from "../gen/evcharging/types/v1/types_pb";
import { SessionState } from "../gen/evcharging/types/v1/types_pb";
import { defineText } from "../shared/text";
import { isOpen } from "./charges";

const text = defineText({
  en: {
    fault: "The charge point reports a fault.",
    simulated: "The charge point has an error.",
    noLink: "The link to the charge point is down.",
  },
  es: {
    fault: "El punto de carga comunica una avería.",
    simulated: "El punto de carga tiene un error.",
    noLink: "No hay conexión con el punto de carga.",
  },
});

/** An error at the charge point of the charge that is shown. */
export interface ChargePointError {
  cpId: string;
  message: string;
  isFixed: boolean;
}

/** What is wrong at the charge point of a charge under way, for a page that came after it was told. */
export function errorOf(session: Session, chargePoint: ChargePoint): ChargePointError | undefined {
  if (!isOpen(session)) {
    return undefined;
  }
  const message = messageOf(session, chargePoint);
  return message === undefined ? undefined : { cpId: session.cpId, message, isFixed: false };
}

function messageOf(session: Session, chargePoint: ChargePoint): string | undefined {
  if (chargePoint.faultKind !== undefined || chargePoint.faultMessage !== "") {
    return chargePoint.faultMessage || text().fault;
  }
  if (chargePoint.simulatedError !== undefined) {
    return text().simulated;
  }
  // What is only reserved can wait for its link.
  return !chargePoint.connected && session.state !== SessionState.RESERVED ? text().noLink : undefined;
}
