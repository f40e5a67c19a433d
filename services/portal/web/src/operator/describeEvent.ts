import {
  EndReason,
  FaultKind,
  SimulatedErrorKind,
  type AuditEvent,
} from "../gen/evcharging/types/v1/types_pb";
import { endReasonText } from "../shared/words";
import { faultName, simulatedName } from "./faultText";
import { actorNames, eventSentences, linkReasons } from "./textEvents";

/** What happened, in a sentence. A kind that is not known yet is told in the network's own words. */
export function describeEvent(event: AuditEvent): string {
  const sentence = eventSentences()[event.kind];
  if (sentence === undefined) return event.message || event.kind;
  return sentence({
    cp: event.cpId,
    driver: event.driverId,
    who: event.actor === "driver" ? event.driverId : actorName(event.actor),
    detail: detailOf(event),
  });
}

export function actorName(actor: string): string {
  return actorNames()[actor] ?? actor;
}

/** An operator, rather than a part of the network. */
export const isPerson = (actor: string): boolean => actorNames()[actor] === undefined;

/** The part of a message that its sentence does not say already. */
function detailOf(event: AuditEvent): string {
  const { kind, message, driverId } = event;
  switch (kind) {
    case "CP_ERROR_SIMULATED":
      return simulatedText(before(message, " at "));
    case "CP_FAULTED":
      return faultText(message);
    case "CP_DISCONNECTED":
      return linkReasons()[after(message, ": ")] ?? after(message, ": ");
    case "TOPPED_UP":
      return message.startsWith(`${driverId} `) ? message.slice(driverId.length + 1) : message;
    case "ENDED":
    case "STOP_ASKED":
      return reasonText(after(message, ": "));
    default:
      return after(message, ": ");
  }
}

function simulatedText(name: string): string {
  const kind = SimulatedErrorKind[name as keyof typeof SimulatedErrorKind];
  return kind === undefined ? name : simulatedName(kind);
}

/** "KIND: what that is: cause". The page has its own words for what that is; the cause stays as the charge point told it. */
function faultText(message: string): string {
  const [name = "", , ...cause] = message.split(": ");
  const kind = FaultKind[name as keyof typeof FaultKind];
  if (kind === undefined) return message;
  return lowerFirst(faultName(kind)) + (cause.length > 0 ? ` (${cause.join(": ")})` : "");
}

function reasonText(name: string): string {
  const reason = EndReason[name as keyof typeof EndReason];
  return reason === undefined ? name : lowerFirst(endReasonText(reason));
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

function before(text: string, mark: string): string {
  const place = text.indexOf(mark);
  return place < 0 ? text : text.slice(0, place);
}

function after(text: string, mark: string): string {
  const place = text.indexOf(mark);
  return place < 0 ? text : text.slice(place + mark.length);
}
