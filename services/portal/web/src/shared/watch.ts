import { Code, ConnectError } from "@connectrpc/connect";
import { createSignal, type Accessor } from "solid-js";
import { explain, isSignedOut } from "./api";

const SHORTEST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
// The server says something each 5 s at least.
const SILENCE_MS = 15_000;
const SILENCE_CHECK_MS = 1_000;
// A stream that breaks sooner did not help, and a server in trouble must not be asked ever faster.
const LIVED_MS = 10_000;

export interface Watch {
  /** Whether the stream has said something since it was opened. */
  connected: Accessor<boolean>;
  /** Why the server, which can be reached, opens no stream; undefined while nothing is said of that. */
  refusal: Accessor<string | undefined>;
  stop(): void;
}

/** Reads a stream for as long as the page lives and opens it again whenever it breaks, falls silent or slept. */
export function watchForever<Message>(
  open: (signal: AbortSignal) => AsyncIterable<Message>,
  onMessage: (message: Message) => void,
  options: { onSignedOut?: () => void } = {},
): Watch {
  const [connected, setConnected] = createSignal(false);
  const [refusal, setRefusal] = createSignal<string>();
  let stopped = false;
  let stream: AbortController | undefined;
  let heardAtMs = 0;
  let waitMs = SHORTEST_WAIT_MS;
  let wake: (() => void) | undefined;

  const checkSilence = () => {
    if (stream && Date.now() - heardAtMs > SILENCE_MS) {
      stream.abort();
    }
  };
  // The line or the page is back: what is dead is dropped and what waits begins at once.
  const hurry = () => {
    if (document.visibilityState === "visible") {
      waitMs = SHORTEST_WAIT_MS;
      checkSilence();
      wake?.();
    }
  };
  const silenceTimer = setInterval(checkSilence, SILENCE_CHECK_MS);
  window.addEventListener("online", hurry);
  window.addEventListener("pageshow", hurry);
  document.addEventListener("visibilitychange", hurry);

  const stop = () => {
    stopped = true;
    clearInterval(silenceTimer);
    window.removeEventListener("online", hurry);
    window.removeEventListener("pageshow", hurry);
    document.removeEventListener("visibilitychange", hurry);
    stream?.abort();
    wake?.();
    setConnected(false);
  };

  const readOnce = async () => {
    stream = new AbortController();
    const openedAtMs = Date.now();
    heardAtMs = openedAtMs;
    try {
      for await (const message of open(stream.signal)) {
        if (stopped) {
          return;
        }
        heardAtMs = Date.now();
        if (heardAtMs - openedAtMs > LIVED_MS) {
          waitMs = SHORTEST_WAIT_MS;
        }
        setConnected(true);
        setRefusal(undefined);
        onMessage(message);
      }
    } catch (error) {
      if (isSignedOut(error) && !stopped) {
        stop();
        options.onSignedOut?.();
      } else if (!(error instanceof ConnectError)) {
        // The page's own mistake, which must not pass for trouble on the line.
        console.error(error);
      } else {
        setRefusal(error.code === Code.ResourceExhausted ? explain(error) : undefined);
      }
    } finally {
      stream = undefined;
    }
  };

  const run = async () => {
    while (!stopped) {
      await readOnce();
      setConnected(false);
      if (!stopped) {
        // Jitter keeps a thousand pages from knocking at the same instant.
        await pause(waitMs * (0.5 + Math.random() / 2), (resume) => (wake = resume));
        waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      }
    }
  };
  void run();

  return { connected, refusal, stop };
}

function pause(ms: number, keepResume: (resume: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    keepResume(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
