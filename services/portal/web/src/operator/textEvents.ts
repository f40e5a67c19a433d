import { defineText } from "../shared/text";

/** What a sentence about an event is made of. */
export interface EventParts {
  readonly cp: string;
  readonly driver: string;
  readonly who: string;
  readonly detail: string;
}

/** One sentence for each kind of event. */
export const eventSentences = defineText<Record<string, (parts: EventParts) => string>>({
  en: {
    CP_REGISTERED: ({ cp }) => `${cp} registered`,
    CP_FAULTED: ({ cp, detail }) => `${cp} reports a fault: ${detail}`,
    CP_RECOVERED: ({ cp }) => `${cp} is whole again`,
    CP_DISCONNECTED: ({ cp, detail }) => `${cp} is offline: ${detail}`,
    CP_ERROR_SIMULATED: ({ cp, who, detail }) => `${who} simulated at ${cp}: ${detail}`,
    CP_ERROR_FIXED: ({ cp, who }) => `${who} fixed ${cp}`,
    CP_IN_SERVICE: ({ cp, who }) => `${who} put ${cp} into service`,
    CP_OUT_OF_SERVICE: ({ cp, who }) => `${who} took ${cp} out of service`,
    DRIVER_CREATED: ({ driver }) => `${driver} is new`,
    DRIVER_BLOCKED: ({ driver, who }) => `${who} blocked ${driver}`,
    DRIVER_UNBLOCKED: ({ driver, who }) => `${who} unblocked ${driver}`,
    TOPPED_UP: ({ who, driver, detail }) => `${who} topped up ${driver}: ${detail}`,
    RESERVED: ({ cp, driver }) => `${driver} reserved ${cp}`,
    START_ASKED: ({ cp, driver }) => `${driver} asked ${cp} to start`,
    STARTED: ({ cp, driver }) => `${driver} charges at ${cp}`,
    STOP_ASKED: ({ cp, who, detail }) => `${who} asked ${cp} to stop: ${detail}`,
    ENDED: ({ cp, driver, detail }) => `${driver} ended at ${cp}: ${detail}`,
    LATE_SUPPLY_END: ({ cp, driver }) =>
      `${cp} told what ${driver} took only after the bill, with another reading`,
    LIMIT_EXCEEDED: ({ cp, driver }) => `${cp} supplied more to ${driver} than the limit that is billed`,
  },
  es: {
    CP_REGISTERED: ({ cp }) => `${cp} se registró`,
    CP_FAULTED: ({ cp, detail }) => `${cp} comunica una avería: ${detail}`,
    CP_RECOVERED: ({ cp }) => `${cp} vuelve a funcionar`,
    CP_DISCONNECTED: ({ cp, detail }) => `${cp} está sin conexión: ${detail}`,
    CP_ERROR_SIMULATED: ({ cp, who, detail }) => `${who} simuló en ${cp}: ${detail}`,
    CP_ERROR_FIXED: ({ cp, who }) => `${who} arregló ${cp}`,
    CP_IN_SERVICE: ({ cp, who }) => `${who} puso ${cp} en servicio`,
    CP_OUT_OF_SERVICE: ({ cp, who }) => `${who} puso ${cp} fuera de servicio`,
    DRIVER_CREATED: ({ driver }) => `${driver} es nuevo`,
    DRIVER_BLOCKED: ({ driver, who }) => `${who} bloqueó a ${driver}`,
    DRIVER_UNBLOCKED: ({ driver, who }) => `${who} desbloqueó a ${driver}`,
    TOPPED_UP: ({ who, driver, detail }) => `${who} recargó a ${driver}: ${detail}`,
    RESERVED: ({ cp, driver }) => `${driver} reservó ${cp}`,
    START_ASKED: ({ cp, driver }) => `${driver} pidió a ${cp} que empezara`,
    STARTED: ({ cp, driver }) => `${driver} carga en ${cp}`,
    STOP_ASKED: ({ cp, who, detail }) => `${who} pidió a ${cp} que parara: ${detail}`,
    ENDED: ({ cp, driver, detail }) => `${driver} terminó en ${cp}: ${detail}`,
    LATE_SUPPLY_END: ({ cp, driver }) =>
      `${cp} comunicó lo que tomó ${driver} después de la factura, con otra lectura`,
    LIMIT_EXCEEDED: ({ cp, driver }) => `${cp} suministró a ${driver} más que el límite que se cobra`,
  },
});

/** Why a link is gone, as the network says it. */
export const linkReasons = defineText<Record<string, string>>({
  en: {
    "its link is gone": "its link is gone",
    "its presence was not renewed": "it has not been heard in time",
    "an operator simulates that it is offline": "an operator simulates it",
  },
  es: {
    "its link is gone": "se perdió su conexión",
    "its presence was not renewed": "no se le oyó a tiempo",
    "an operator simulates that it is offline": "un operador lo simula",
  },
});

/** Who is not a person. */
export const actorNames = defineText<Record<string, string>>({
  en: {
    charge_point: "the charge point",
    driver: "the driver",
    network: "the network",
  },
  es: {
    charge_point: "el punto de carga",
    driver: "el conductor",
    network: "la red",
  },
});
