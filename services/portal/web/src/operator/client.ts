import { isSignedOut, operatorClient as sharedClient } from "../shared/api";

let leave: (() => void) | undefined;

/** Whom to tell that the cookie is no longer good. */
export function whenSignedOut(onSignedOut: () => void): void {
  leave = onSignedOut;
}

/** Calls of the operator's pages. One that fails because nobody is signed in leads to the login form, whoever made it. */
export const operatorClient = new Proxy(sharedClient, {
  get(client, name) {
    const call: unknown = Reflect.get(client, name);
    if (typeof call !== "function") return call;
    return (...given: unknown[]): unknown => {
      const answer: unknown = Reflect.apply(call, client, given);
      // A stream is no promise: its watch notices by itself.
      return answer instanceof Promise ? answer.catch(leaveIfSignedOut) : answer;
    };
  },
});

function leaveIfSignedOut(error: unknown): never {
  if (isSignedOut(error)) leave?.();
  throw error;
}
