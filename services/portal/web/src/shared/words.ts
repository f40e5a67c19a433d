import {
  ChargePointStatus,
  EndReason,
  RefusalReason,
  SessionState,
} from "../gen/evcharging/types/v1/types_pb";
import { defineText } from "./text";

const statusNames = defineText<Record<ChargePointStatus, string>>({
  en: {
    [ChargePointStatus.UNSPECIFIED]: "Unknown",
    [ChargePointStatus.OUT_OF_SERVICE]: "Out of service",
    [ChargePointStatus.FAULTED]: "Faulted",
    [ChargePointStatus.CHARGING]: "Charging",
    [ChargePointStatus.RESERVED]: "Reserved",
    [ChargePointStatus.OFFLINE]: "Offline",
    [ChargePointStatus.AVAILABLE]: "Available",
  },
  es: {
    [ChargePointStatus.UNSPECIFIED]: "Desconocido",
    [ChargePointStatus.OUT_OF_SERVICE]: "Fuera de servicio",
    [ChargePointStatus.FAULTED]: "Averiado",
    [ChargePointStatus.CHARGING]: "Cargando",
    [ChargePointStatus.RESERVED]: "Reservado",
    [ChargePointStatus.OFFLINE]: "Sin conexión",
    [ChargePointStatus.AVAILABLE]: "Disponible",
  },
});

const sessionNames = defineText<Record<SessionState, string>>({
  en: {
    [SessionState.UNSPECIFIED]: "Unknown",
    [SessionState.RESERVED]: "Reserved",
    [SessionState.STARTING]: "Starting",
    [SessionState.CHARGING]: "Charging",
    [SessionState.STOPPING]: "Stopping",
    [SessionState.COMPLETED]: "Completed",
    [SessionState.INTERRUPTED]: "Interrupted",
    [SessionState.CANCELLED]: "Cancelled",
  },
  es: {
    [SessionState.UNSPECIFIED]: "Desconocida",
    [SessionState.RESERVED]: "Reservada",
    [SessionState.STARTING]: "Empezando",
    [SessionState.CHARGING]: "Cargando",
    [SessionState.STOPPING]: "Terminando",
    [SessionState.COMPLETED]: "Completada",
    [SessionState.INTERRUPTED]: "Interrumpida",
    [SessionState.CANCELLED]: "Cancelada",
  },
});

const endReasons = defineText<Record<EndReason, string>>({
  en: {
    [EndReason.UNSPECIFIED]: "Not ended",
    [EndReason.DRIVER_STOPPED]: "Stopped by the driver",
    [EndReason.OPERATOR_STOPPED]: "Stopped by an operator",
    [EndReason.BALANCE_EXHAUSTED]: "The balance was used up",
    [EndReason.TARGET_REACHED]: "The vehicle is full or took what was asked for",
    [EndReason.FAULT]: "The charge point reported a fault",
    [EndReason.LINK_LOST]: "The link to the charge point was lost",
    [EndReason.OUT_OF_SERVICE]: "The charge point was taken out of service",
    [EndReason.RESERVATION_EXPIRED]: "The reservation ran out",
    [EndReason.START_TIMEOUT]: "The charge point did not begin in time",
    [EndReason.START_REFUSED]: "The charge point refused to start",
    [EndReason.RESERVATION_CANCELLED]: "The reservation was given back",
    [EndReason.NETWORK_RESTART]: "The network started anew",
  },
  es: {
    [EndReason.UNSPECIFIED]: "Sin terminar",
    [EndReason.DRIVER_STOPPED]: "Detenida por el conductor",
    [EndReason.OPERATOR_STOPPED]: "Detenida por un operador",
    [EndReason.BALANCE_EXHAUSTED]: "El saldo se agotó",
    [EndReason.TARGET_REACHED]: "El vehículo está lleno o tomó lo pedido",
    [EndReason.FAULT]: "El punto de carga comunicó una avería",
    [EndReason.LINK_LOST]: "Se perdió la conexión con el punto de carga",
    [EndReason.OUT_OF_SERVICE]: "El punto de carga se puso fuera de servicio",
    [EndReason.RESERVATION_EXPIRED]: "La reserva caducó",
    [EndReason.START_TIMEOUT]: "El punto de carga no empezó a tiempo",
    [EndReason.START_REFUSED]: "El punto de carga se negó a empezar",
    [EndReason.RESERVATION_CANCELLED]: "La reserva se devolvió",
    [EndReason.NETWORK_RESTART]: "La red volvió a arrancar",
  },
});

const refusals = defineText<Record<RefusalReason, string>>({
  en: {
    [RefusalReason.UNSPECIFIED]: "The charge was refused. Try again.",
    [RefusalReason.DRIVER_UNKNOWN]: "The network doesn't know your account. Ask the operator.",
    [RefusalReason.DRIVER_BLOCKED]: "Your account is blocked. Ask the operator.",
    [RefusalReason.DRIVER_BUSY]: "You have a charge or a reservation already. End it first.",
    [RefusalReason.BALANCE_TOO_LOW]: "Your balance is too low for a charge. Top it up first.",
    [RefusalReason.CP_UNKNOWN]: "There is no such charge point. Choose another one.",
    [RefusalReason.CP_OCCUPIED]: "Another driver charges there. Choose another charge point.",
    [RefusalReason.CP_RESERVED]: "Another driver reserved it. Choose another charge point.",
    [RefusalReason.CP_FAULTED]: "It is broken. Choose another charge point.",
    [RefusalReason.CP_OUT_OF_SERVICE]: "It is out of service. Choose another charge point.",
    [RefusalReason.NO_CP_AVAILABLE]: "No charge point is free now. Try again in some minutes.",
    [RefusalReason.REQUEST_EXPIRED]: "The request reached the network too late. Try again.",
    [RefusalReason.REQUEST_INVALID]: "The network can't use this request. Reload the page and try again.",
    [RefusalReason.UNAVAILABLE]: "The network could not decide in time; nothing was reserved. Try again.",
  },
  es: {
    [RefusalReason.UNSPECIFIED]: "La carga fue rechazada. Vuelve a probar.",
    [RefusalReason.DRIVER_UNKNOWN]: "La red no conoce tu cuenta. Pregunta al operador.",
    [RefusalReason.DRIVER_BLOCKED]: "Tu cuenta está bloqueada. Pregunta al operador.",
    [RefusalReason.DRIVER_BUSY]: "Ya tienes una carga o una reserva. Termínala primero.",
    [RefusalReason.BALANCE_TOO_LOW]: "Tu saldo no llega para una carga. Recárgalo primero.",
    [RefusalReason.CP_UNKNOWN]: "Ese punto de carga no existe. Elige otro.",
    [RefusalReason.CP_OCCUPIED]: "Otro conductor carga ahí. Elige otro punto de carga.",
    [RefusalReason.CP_RESERVED]: "Otro conductor lo reservó. Elige otro punto de carga.",
    [RefusalReason.CP_FAULTED]: "Está averiado. Elige otro punto de carga.",
    [RefusalReason.CP_OUT_OF_SERVICE]: "Está fuera de servicio. Elige otro punto de carga.",
    [RefusalReason.NO_CP_AVAILABLE]: "Ahora no hay ningún punto libre. Prueba dentro de unos minutos.",
    [RefusalReason.REQUEST_EXPIRED]: "La petición llegó tarde a la red. Vuelve a probar.",
    [RefusalReason.REQUEST_INVALID]: "La red no entiende la petición. Recarga la página y vuelve a probar.",
    [RefusalReason.UNAVAILABLE]: "La red no pudo decidir a tiempo; no se reservó nada. Vuelve a probar.",
  },
});

const steps = defineText<Record<string, string>>({
  en: {
    RESERVED: "Reserved",
    START_ASKED: "Start asked",
    STARTED: "Energy flows",
    SESSION_STARTED: "Charge started",
    STOP_ASKED: "Stop asked",
    ENDED: "Ended",
    CP_FAULTED: "Charge point faulted",
    CP_RECOVERED: "Charge point is well again",
    CP_ERROR_SIMULATED: "Error simulated",
    CP_ERROR_FIXED: "Error fixed",
    CP_OFFLINE_SIMULATED: "Kept offline",
    CP_DISCONNECTED: "Charge point disconnected",
    CP_REGISTERED: "Charge point registered",
    CP_OUT_OF_SERVICE: "Taken out of service",
    CP_IN_SERVICE: "Back in service",
    DRIVER_CREATED: "Driver created",
    DRIVER_BLOCKED: "Driver blocked",
    DRIVER_UNBLOCKED: "Driver unblocked",
    TOPPED_UP: "Balance topped up",
    LATE_SUPPLY_END: "Last reading came late",
    LIMIT_EXCEEDED: "More was supplied than is billed",
  },
  es: {
    RESERVED: "Reservada",
    START_ASKED: "Inicio pedido",
    STARTED: "La energía fluye",
    SESSION_STARTED: "Carga empezada",
    STOP_ASKED: "Parada pedida",
    ENDED: "Terminada",
    CP_FAULTED: "Punto de carga averiado",
    CP_RECOVERED: "El punto de carga vuelve a funcionar",
    CP_ERROR_SIMULATED: "Error simulado",
    CP_ERROR_FIXED: "Error arreglado",
    CP_OFFLINE_SIMULATED: "Mantenido sin conexión",
    CP_DISCONNECTED: "Punto de carga desconectado",
    CP_REGISTERED: "Punto de carga registrado",
    CP_OUT_OF_SERVICE: "Puesto fuera de servicio",
    CP_IN_SERVICE: "De nuevo en servicio",
    DRIVER_CREATED: "Conductor creado",
    DRIVER_BLOCKED: "Conductor bloqueado",
    DRIVER_UNBLOCKED: "Conductor desbloqueado",
    TOPPED_UP: "Saldo recargado",
    LATE_SUPPLY_END: "La última lectura llegó tarde",
    LIMIT_EXCEEDED: "Se suministró más de lo que se cobra",
  },
});

// A newer server may send what this page does not know yet, which is then shown as unknown.
export function statusName(status: ChargePointStatus): string {
  return statusNames()[status] ?? statusNames()[ChargePointStatus.UNSPECIFIED];
}

export function sessionName(state: SessionState): string {
  return sessionNames()[state] ?? sessionNames()[SessionState.UNSPECIFIED];
}

export function endReasonText(reason: EndReason): string {
  return endReasons()[reason] ?? String(reason);
}

/** Why a charge was refused, and what a driver can do now. */
export function refusalText(reason: RefusalReason): string {
  return refusals()[reason] ?? refusals()[RefusalReason.UNSPECIFIED];
}

/** What a kind of audit event means; one that is unknown is told as it is. */
export function stepText(kind: string): string {
  return steps()[kind] ?? kind;
}
