import { Code, ConnectError, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { DriverService } from "../gen/evcharging/portal/v1/driver_pb";
import { LoginService } from "../gen/evcharging/portal/v1/login_pb";
import { OperatorService } from "../gen/evcharging/portal/v1/operator_pb";
import { explainReason, failureText } from "./textFailures";

const CALL_TIMEOUT_MS = 10_000;

const USER_HEADER = "x-evcharging-user";

const ERROR_INFO = "google.rpc.ErrorInfo";
// Field 1, a string.
const REASON_TAG = 0x0a;

let callingUser: string | undefined;

/** Whom the page shows. The cookie may become another's in another tab; the server then refuses the call. */
export function setCallingUser(userId: string | undefined): void {
  callingUser = userId;
}

const sayWhoCalls: Interceptor = (next) => (request) => {
  if (callingUser !== undefined) {
    request.header.set(USER_HEADER, callingUser);
  }
  return next(request);
};

function transportWith(interceptors: Interceptor[]): Transport {
  const web = createGrpcWebTransport({
    baseUrl: location.origin,
    useBinaryFormat: true,
    defaultTimeoutMs: CALL_TIMEOUT_MS,
    interceptors,
  });
  return {
    unary: web.unary,
    // A stream lasts as long as its page; the watch itself notices when one is dead.
    stream: (method, signal, timeoutMs, header, input, contextValues) =>
      web.stream(method, signal, timeoutMs ?? 0, header, input, contextValues),
  };
}

const ofSomebody = transportWith([sayWhoCalls]);

export const loginClient = createClient(LoginService, transportWith([]));
export const driverClient = createClient(DriverService, ofSomebody);
export const operatorClient = createClient(OperatorService, ofSomebody);

/** What went wrong, in a sentence for people. */
export function explain(error: unknown): string {
  const failure = ConnectError.from(error);
  const told = explainReason(reasonOf(failure));
  if (told !== undefined) {
    return told;
  }
  switch (failure.code) {
    case Code.Unauthenticated:
      return failureText().signedOut;
    case Code.PermissionDenied:
      return failureText().notAllowed;
    case Code.ResourceExhausted:
      return failureText().tooMany;
    case Code.DeadlineExceeded:
      return failureText().tooSlow;
    default:
      return isUnreachable(error) ? failureText().unreachable : failure.rawMessage || failureText().unknown;
  }
}

/** The reason in the google.rpc.ErrorInfo that comes with each failure. */
function reasonOf(failure: ConnectError): string {
  for (const detail of failure.details) {
    if ("type" in detail && detail.type === ERROR_INFO && detail.value[0] === REASON_TAG) {
      // A reason is at most 63 characters, so that its length is one byte.
      const end = 2 + (detail.value[1] ?? 0);
      return new TextDecoder().decode(detail.value.subarray(2, end));
    }
  }
  return "";
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
