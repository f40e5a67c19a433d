import { Code, ConnectError } from "@connectrpc/connect";
import { createSignal, Match, onCleanup, Show, Switch, type JSX } from "solid-js";
import type { DescribePageResponse, User } from "../gen/evcharging/portal/v1/login_pb";
import { explain, isSignedOut, loginClient } from "./api";
import { toast, Toasts } from "./Dialog";
import { LoginForm } from "./LoginForm";
import { defineText } from "./text";
import { loginText } from "./textLogin";

const ASK_AGAIN_MS = 3_000;

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
  onCleanup(() => clearTimeout(retry));

  const ask = async () => {
    try {
      setPage(await loginClient.describePage({}));
      const answer = await loginClient.whoAmI({});
      setPresence(answer.user ? { kind: "in", user: answer.user } : { kind: "out" });
    } catch (error) {
      // Someone whose role has no business here can still sign in as someone else.
      if (isSignedOut(error) || ConnectError.from(error).code === Code.PermissionDenied) {
        setPresence({ kind: "out" });
      } else {
        setPresence({ kind: "asking", failed: true });
        retry = setTimeout(ask, ASK_AGAIN_MS);
      }
    }
  };
  const leave = () => setPresence({ kind: "out" });
  const signOut = async () => {
    try {
      await loginClient.logout({});
      leave();
    } catch (error) {
      // The cookie is still there, so the page must not pretend that it is gone.
      if (isSignedOut(error)) {
        leave();
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
          <LoginForm roleTitle={props.roleTitle} page={page()} onSignedIn={() => void ask()} />
        </Match>
        <Match when={inside()} keyed>
          {(now) => (
            <>
              <Show when={page()?.isDemo}>
                <aside class="demo-banner" aria-label={loginText().demoTitle}>
                  {loginText().demo}
                </aside>
              </Show>
              {props.children(now.user, () => void signOut(), leave)}
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
