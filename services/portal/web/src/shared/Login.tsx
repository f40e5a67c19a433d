import { Code, ConnectError } from "@connectrpc/connect";
import { createSignal, Match, onCleanup, Show, Switch, type JSX } from "solid-js";
import type { DescribePageResponse, User } from "../gen/evcharging/portal/v1/login_pb";
import { explain, isSignedOut, loginClient } from "./api";
import { toast, Toasts } from "./Dialog";
import { defineText, language, setLanguage } from "./text";

const ASK_AGAIN_MS = 3_000;

const text = defineText({
  en: {
    name: "Name",
    password: "Password",
    signIn: "Sign in",
    signingIn: "Signing in…",
    wrong: "The name or the password is wrong.",
    noBusiness: "This account has no access to this page.",
    noNetwork: "The network can't be reached. Trying again…",
    loading: "Loading…",
    demoTitle: "Demo network",
    demo: "Demo network: its passwords are public.",
    fillIn: (user: string, password: string) => `Fill in ${user} / ${password}`,
    other: "Español",
  },
  es: {
    name: "Nombre",
    password: "Contraseña",
    signIn: "Entrar",
    signingIn: "Entrando…",
    wrong: "El nombre o la contraseña no son correctos.",
    noBusiness: "Esta cuenta no tiene acceso a esta página.",
    noNetwork: "No se puede contactar con la red. Se vuelve a intentar…",
    loading: "Cargando…",
    demoTitle: "Red de demostración",
    demo: "Red de demostración: sus contraseñas son públicas.",
    fillIn: (user: string, password: string) => `Rellenar ${user} / ${password}`,
    other: "English",
  },
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
                <aside class="demo-banner" aria-label={text().demoTitle}>
                  {text().demo}
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

function LoginForm(props: {
  roleTitle: string;
  page: DescribePageResponse | undefined;
  onSignedIn: () => void;
}): JSX.Element {
  const [busy, setBusy] = createSignal(false);
  const [problem, setProblem] = createSignal("");
  let name!: HTMLInputElement;
  let password!: HTMLInputElement;

  const signIn = async (event: SubmitEvent) => {
    event.preventDefault();
    if (busy()) {
      return;
    }
    setBusy(true);
    setProblem("");
    try {
      await loginClient.login({ userId: name.value.trim(), password: password.value });
      props.onSignedIn();
    } catch (error) {
      setBusy(false);
      setProblem(loginProblem(error));
      password.focus();
      password.select();
    }
  };

  const fillIn = (page: DescribePageResponse) => {
    name.value = page.demoUserId;
    password.value = page.demoPassword;
  };

  return (
    <main class="login">
      <Show when={props.page?.isDemo && props.page}>
        {(page) => (
          <aside class="demo-banner login-demo" aria-label={text().demoTitle}>
            <p>{text().demo}</p>
            <button type="button" class="button" onClick={() => fillIn(page())}>
              {text().fillIn(page().demoUserId, page().demoPassword)}
            </button>
          </aside>
        )}
      </Show>
      <form class="card login-card" onSubmit={(event) => void signIn(event)}>
        <img class="login-logo" src="/logo.svg" alt="" width="56" height="56" />
        <div>
          <p class="brand">EVCharging</p>
          <h1>{props.roleTitle}</h1>
        </div>
        <label class="field">
          <span>{text().name}</span>
          <input
            ref={(input) => {
              name = input;
              // The element is in the page only after this render.
              queueMicrotask(() => input.focus());
            }}
            name="username"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
            maxLength={64}
          />
        </label>
        <label class="field">
          <span>{text().password}</span>
          <input
            ref={password}
            type="password"
            name="password"
            autocomplete="current-password"
            required
            aria-describedby="login-problem"
          />
        </label>
        <p id="login-problem" class="field-problem" role="alert">
          {problem()}
        </p>
        <button type="submit" class="button button-primary button-wide" disabled={busy()}>
          {busy() ? text().signingIn : text().signIn}
        </button>
      </form>
      <LanguageSwitch />
    </main>
  );
}

/** Goes to the other language. */
export function LanguageSwitch(): JSX.Element {
  const other = () => (language() === "en" ? "es" : "en");
  return (
    <button type="button" class="button button-quiet" lang={other()} onClick={() => setLanguage(other())}>
      {text().other}
    </button>
  );
}

function loginProblem(error: unknown): string {
  switch (ConnectError.from(error).code) {
    case Code.Unauthenticated:
      return text().wrong;
    case Code.PermissionDenied:
      return text().noBusiness;
    default:
      return explain(error);
  }
}
