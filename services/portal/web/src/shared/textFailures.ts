import { defineText } from "./text";

/** What is said of a failure by its kind alone. */
export const failureText = defineText({
  en: {
    signedOut: "You are signed out. Sign in again.",
    notAllowed: "You are not allowed to do that.",
    tooMany: "That is too much at once. Wait a minute, then try again.",
    unreachable: "The network can't be reached. Check your connection and try again.",
    tooSlow: "The network didn't answer in time. Try again.",
    unknown: "Something went wrong. Try again.",
  },
  es: {
    signedOut: "Tu sesión ha terminado. Vuelve a entrar.",
    notAllowed: "No tienes permiso para hacer eso.",
    tooMany: "Es demasiado a la vez. Espera un minuto y vuelve a probar.",
    unreachable: "No se puede contactar con la red. Comprueba la conexión y vuelve a probar.",
    tooSlow: "La red no ha respondido a tiempo. Vuelve a probar.",
    unknown: "Algo ha fallado. Vuelve a probar.",
  },
});

const reasons = defineText({
  en: {
    LOGIN_THROTTLED: "Too many wrong tries. Wait a minute, then try again.",
    TOO_MANY_LOGINS: "Too many people sign in right now. Try again in a moment.",
    TOO_MANY_PAGES: "Too many pages are open. Close one of them.",
    TOO_MANY_TOP_UPS: "Too many of your top-ups wait for an operator. Wait until one is decided.",
    TOO_BUSY: "The network is very busy. Try again in a moment.",
    TOP_UP_EXISTS: "This top-up was requested with another amount already. Reload the page and try again.",
    REQUEST_CONFLICT: "This request was made in another way already. Reload the page and try again.",
    NO_RESERVATION: "You have no reservation and no charge there any more.",
    SESSION_ENDED: "The charge has ended already.",
    SESSION_STARTED: "The charge has started already: stop it instead.",
    SESSION_STOPPING: "The charge is stopping already.",
    SESSION_UNKNOWN: "The network doesn't know this charge.",
    CP_UNKNOWN: "There is no such charge point.",
    DRIVER_EXISTS: "There is a driver with this name already.",
    CONFLICT: "Somebody changed it at the same time. Try again.",
  },
  es: {
    LOGIN_THROTTLED: "Demasiados intentos fallidos. Espera un minuto y vuelve a probar.",
    TOO_MANY_LOGINS: "Demasiada gente entra ahora mismo. Vuelve a probar en un momento.",
    TOO_MANY_PAGES: "Hay demasiadas páginas abiertas. Cierra una de ellas.",
    TOO_MANY_TOP_UPS: "Demasiadas recargas tuyas esperan a un operador. Espera a que se decida una.",
    TOO_BUSY: "La red está muy ocupada. Vuelve a probar en un momento.",
    TOP_UP_EXISTS: "Esta recarga ya se pidió con otro importe. Recarga la página y vuelve a probar.",
    REQUEST_CONFLICT: "Esta petición ya se hizo de otra manera. Recarga la página y vuelve a probar.",
    NO_RESERVATION: "Ya no tienes ninguna reserva ni carga ahí.",
    SESSION_ENDED: "La carga ya ha terminado.",
    SESSION_STARTED: "La carga ya ha empezado: párala.",
    SESSION_STOPPING: "La carga ya está terminando.",
    SESSION_UNKNOWN: "La red no conoce esta carga.",
    CP_UNKNOWN: "Ese punto de carga no existe.",
    DRIVER_EXISTS: "Ya hay un conductor con ese nombre.",
    CONFLICT: "Alguien lo cambió al mismo tiempo. Vuelve a probar.",
  },
});

/** What a server's reason means, when people need more than its kind; undefined for any other. */
export function explainReason(reason: string): string | undefined {
  return Object.hasOwn(reasons(), reason) ? reasons()[reason as keyof ReturnType<typeof reasons>] : undefined;
}
