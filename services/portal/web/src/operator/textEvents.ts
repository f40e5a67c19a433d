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
    CP_ERROR_SIMULATED: ({ cp, who, detail }) => `${who} simulated ${detail} at ${cp}`,
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
  },
  es: {
    CP_REGISTERED: ({ cp }) => `${cp} se registró`,
    CP_FAULTED: ({ cp, detail }) => `${cp} comunica una avería: ${detail}`,
    CP_RECOVERED: ({ cp }) => `${cp} vuelve a funcionar`,
    CP_DISCONNECTED: ({ cp, detail }) => `${cp} está sin conexión: ${detail}`,
    CP_ERROR_SIMULATED: ({ cp, who, detail }) => `${who} simuló ${detail} en ${cp}`,
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
