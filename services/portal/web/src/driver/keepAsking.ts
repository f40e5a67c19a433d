import { isUnreachable } from "../shared/api";

const SHORTEST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;

/** Calls until somebody answers, or undefined once it should not go on. Only for calls that may be repeated. */
export async function keepAsking<Answer>(
  call: () => Promise<Answer>,
  goesOn: () => boolean,
  onTrouble: () => void,
): Promise<Answer | undefined> {
  for (let waitMs = SHORTEST_WAIT_MS; goesOn(); waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await call();
    } catch (error) {
      if (!isUnreachable(error)) {
        throw error;
      }
      onTrouble();
    }
    await pause(waitMs * (0.5 + Math.random() / 2));
  }
  return undefined;
}

/** Waits, but no longer than until the line is back. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      resolve();
    }
    window.addEventListener("online", done);
  });
}
