import { Code, ConnectError } from "@connectrpc/connect";
import { createSignal, Match, onCleanup, Show, Switch, type JSX } from "solid-js";
import type { DescribePageResponse, User } from "../gen/evcharging/portal/v1/login_pb";
import { explain, isSignedOut, loginClient, setCallingUser } from "./api";
import { toast, Toasts } from "./Dialog";
import { LoginForm } from "./LoginForm";
import { awaitTitle } from "./nextTitle";
import { defineText } from "./text";
import { loginText } from "./textLogin";

const ASK_AGAIN_MS = 3_000;
// The pages of one origin share their cookie, and so hear each other on this.
const LOGIN_CHANNEL = "evcharging-login";

const text = defineText({
  en: { noNetwork: "The network can't be reached. Trying again…", loading: "Loading…" },
  es: { noNetwork: "No se puede contactar con la red. Se vuelve a intentar…", loading: "Cargando…" },
});

type Presence = { kind: "asking"; failed: boolean } | { kind: "out" } | { kind: "in"; user: User };

/** Lets in whoever has signed in. The third argument of the children is for a stream that learns that the cookie is no longer good. */
export function Gate(props: {
  roleTitle: string;
  children: (user: User, signOut: () => void, onSignedOut: () => void) => JSX.Element;
}): JSX.Element {
  const [presence, setPresence] = createSignal<Presence>({ kind: "asking", failed: false });
  const [page, setPage] = createSignal<DescribePageResponse>();
  let retry: ReturnType<typeof setTimeout> | undefined;
  let lastAsk = 0;

  const show = (now: Presence) => {
    const before = presence();
    if (before.kind === "in" && now.kind === "in" && before.user.userId === now.user.userId) {
      return;
    }
    // First, so that what is about to be shown calls in the right name from its beginning.
    setCallingUser(now.kind === "in" ? now.user.userId : undefined);
    setPresence(now);
  };

  const ask = async () => {
    clearTimeout(retry);
    lastAsk += 1;
    const thisAsk = lastAsk;
    let now: Presence;
    try {
      setPage(await loginClient.describePage({}));
      const answer = await loginClient.whoAmI({});
      now = answer.user ? { kind: "in", user: answer.user } : { kind: "out" };
    } catch (error) {
      // Someone whose role has no business here can still sign in as someone else.
      const isOut = isSignedOut(error) || ConnectError.from(error).code === Code.PermissionDenied;
      now = isOut ? { kind: "out" } : { kind: "asking", failed: true };
    }
    // Asked again meanwhile, this answer may be that of another cookie.
    if (thisAsk !== lastAsk) {
      return;
    }
    if (now.kind === "asking") {
      retry = setTimeout(ask, ASK_AGAIN_MS);
    }
    // Trouble on the line takes nobody's page away.
    if (now.kind !== "asking" || presence().kind !== "in") {
      show(now);
    }
  };

  const channel = new BroadcastChannel(LOGIN_CHANNEL);
  channel.onmessage = () => void ask();
  onCleanup(() => {
    clearTimeout(retry);
    channel.close();
    setCallingUser(undefined);
  });

  const signedIn = () => {
    channel.postMessage("login");
    awaitTitle();
    void ask();
  };
  /** Ends what is shown of this user; a late answer to somebody who was here before ends nothing. */
  const leave = (left: Presence) => {
    if (presence() === left) {
      show({ kind: "out" });
    }
  };
  const signOut = async (left: Presence) => {
    try {
      await loginClient.logout({});
      // What is asked still with the old cookie must not bring its user back.
      lastAsk += 1;
      clearTimeout(retry);
      channel.postMessage("logout");
      leave(left);
    } catch (error) {
      // The cookie is still there, so the page must not pretend that it is gone.
      if (isSignedOut(error)) {
        leave(left);
      } else {
        toast(explain(error), "danger");
      }
    }
  };
  void ask();

  const inside = () => {
    const now = presence();
    return now.kind === "in" ? now : undefined;
  };

  const hasFailed = () => {
    const now = presence();
    return now.kind === "asking" && now.failed;
  };

  return (
    <>
      <Switch fallback={<Waiting failed={hasFailed()} />}>
        <Match when={presence().kind === "out"}>
          <LoginForm roleTitle={props.roleTitle} page={page()} onSignedIn={signedIn} />
        </Match>
        <Match when={inside()} keyed>
          {(now) => (
            <>
              <Show when={page()?.isDemo}>
                <aside class="demo-banner" aria-label={loginText().demoTitle}>
                  {loginText().demo}
                </aside>
              </Show>
              {props.children(
                now.user,
                () => void signOut(now),
                () => leave(now),
              )}
            </>
          )}
        </Match>
      </Switch>
      <Toasts />
    </>
  );
}

function Waiting(props: { failed: boolean }): JSX.Element {
  return (
    <main class="login">
      <img src="/logo.svg" alt="EVCharging" width="56" height="56" />
      <p class="muted" role="status">
        {props.failed ? text().noNetwork : text().loading}
      </p>
    </main>
  );
}
