import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { DriverService } from "../gen/evcharging/portal/v1/driver_pb";
import { LoginService } from "../gen/evcharging/portal/v1/login_pb";
import { OperatorService } from "../gen/evcharging/portal/v1/operator_pb";
import { defineText } from "./text";

const CALL_TIMEOUT_MS = 10_000;

const web = createGrpcWebTransport({
  baseUrl: location.origin,
  useBinaryFormat: true,
  defaultTimeoutMs: CALL_TIMEOUT_MS,
});

// A stream lasts as long as its page; the watch itself notices when one is dead.
const transport: Transport = {
  unary: web.unary,
  stream: (method, signal, timeoutMs, header, input, contextValues) =>
    web.stream(method, signal, timeoutMs ?? 0, header, input, contextValues),
};

export const loginClient = createClient(LoginService, transport);
export const driverClient = createClient(DriverService, transport);
export const operatorClient = createClient(OperatorService, transport);

const text = defineText({
  en: {
    signedOut: "You are signed out. Sign in again.",
    notAllowed: "You are not allowed to do that.",
    tooMany: "Too many tries. Wait a minute, then try again.",
    unreachable: "The network can't be reached. Check your connection and try again.",
    tooSlow: "The network didn't answer in time. Try again.",
    unknown: "Something went wrong. Try again.",
  },
  es: {
    signedOut: "Tu sesión ha terminado. Vuelve a entrar.",
    notAllowed: "No tienes permiso para hacer eso.",
    tooMany: "Demasiados intentos. Espera un minuto y vuelve a probar.",
    unreachable: "No se puede contactar con la red. Comprueba la conexión y vuelve a probar.",
    tooSlow: "La red no ha respondido a tiempo. Vuelve a probar.",
    unknown: "Algo ha fallado. Vuelve a probar.",
  },
});

/** What went wrong, in a sentence for people. */
export function explain(error: unknown): string {
  const failure = ConnectError.from(error);
  switch (failure.code) {
    case Code.Unauthenticated:
      return text().signedOut;
    case Code.PermissionDenied:
      return text().notAllowed;
    case Code.ResourceExhausted:
      return text().tooMany;
    case Code.DeadlineExceeded:
      return text().tooSlow;
    default:
      return isUnreachable(error) ? text().unreachable : failure.rawMessage || text().unknown;
  }
}

export function isSignedOut(error: unknown): boolean {
  return ConnectError.from(error).code === Code.Unauthenticated;
}

/** Whether nobody answered, so that asking the same again may help. */
export function isUnreachable(error: unknown): boolean {
  const { code, cause } = ConnectError.from(error);
  // A browser's fetch fails with a TypeError, whatever the trouble on the line.
  return code === Code.Unavailable || code === Code.DeadlineExceeded || cause instanceof TypeError;
}
