import { Code, ConnectError } from "@connectrpc/connect";
import { createSignal, Show, type JSX } from "solid-js";
import type { DescribePageResponse } from "../gen/evcharging/portal/v1/login_pb";
import { explain, loginClient } from "./api";
import { LanguageSwitch } from "./LanguageSwitch";
import { loginText } from "./textLogin";

/** Lets a person in by name and password. */
export function LoginForm(props: {
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
          <aside class="demo-banner login-demo" aria-label={loginText().demoTitle}>
            <p>{loginText().demo}</p>
            <button type="button" class="button" onClick={() => fillIn(page())}>
              {loginText().fillIn(page().demoUserId, page().demoPassword)}
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
          <span>{loginText().name}</span>
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
          <span>{loginText().password}</span>
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
          {busy() ? loginText().signingIn : loginText().signIn}
        </button>
      </form>
      <LanguageSwitch />
    </main>
  );
}

function loginProblem(error: unknown): string {
  switch (ConnectError.from(error).code) {
    case Code.Unauthenticated:
      return loginText().wrong;
    case Code.PermissionDenied:
      return loginText().noBusiness;
    default:
      return explain(error);
  }
}
