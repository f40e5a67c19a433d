import { EndReason, type AuditEvent } from "../gen/evcharging/types/v1/types_pb";
import { endReasonText } from "../shared/words";
import { actorNames, eventSentences } from "./textEvents";

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

/** The part of a message that its sentence does not say already. */
function detailOf(event: AuditEvent): string {
  const { kind, message, driverId } = event;
  if (kind === "CP_ERROR_SIMULATED") return before(message, " at ");
  if (kind === "TOPPED_UP")
    return message.startsWith(`${driverId} `) ? message.slice(driverId.length + 1) : message;
  if (kind === "CP_FAULTED") return message;
  const detail = after(message, ": ");
  return kind === "ENDED" || kind === "STOP_ASKED" ? reasonText(detail) : detail;
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
