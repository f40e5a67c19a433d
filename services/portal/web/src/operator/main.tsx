import { createEffect } from "solid-js";
import { render } from "solid-js/web";
import { Gate } from "../shared/Gate";
import "../shared/theme.css";
import { App } from "./App";
import "./shell.css";
import { shellText } from "./textShell";

function Page() {
  createEffect(() => (document.title = shellText().title));
  return (
    <Gate roleTitle={shellText().role}>
      {(user, signOut, onSignedOut) => (
        <App userId={user.userId} signOut={signOut} onSignedOut={onSignedOut} />
      )}
    </Gate>
  );
}

const root = document.getElementById("root");
if (root !== null) render(() => <Page />, root);
