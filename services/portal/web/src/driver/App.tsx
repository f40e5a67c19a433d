import { Navigate, Route, Router } from "@solidjs/router";
import type { JSX } from "solid-js";
import type { User } from "../gen/evcharging/portal/v1/login_pb";
import { Gate } from "../shared/Gate";
import { defineText } from "../shared/text";
import { AccountPage } from "./account/AccountPage";
import { HistoryPage } from "./account/HistoryPage";
import { DriverProvider } from "./context";
import { Home } from "./Home";
import { createOrders } from "./orders";
import { createChargeRequests } from "./requests";
import { Shell } from "./Shell";
import { createDriverStore } from "./store";

const text = defineText({
  en: { title: "Charge your vehicle" },
  es: { title: "Carga tu vehículo" },
});

export function App(): JSX.Element {
  return (
    <Gate roleTitle={text().title}>
      {(user, signOut, onSignedOut) => <SignedIn user={user} signOut={signOut} onSignedOut={onSignedOut} />}
    </Gate>
  );
}

function SignedIn(props: { user: User; signOut: () => void; onSignedOut: () => void }): JSX.Element {
  const store = createDriverStore(props.user.userId, () => props.onSignedOut());
  const requests = createChargeRequests(store);
  const orders = createOrders(store);
  return (
    <DriverProvider value={{ store, requests, orders }}>
      <Router root={(route) => <Shell signOut={props.signOut}>{route.children}</Shell>}>
        <Route path="/" component={Home} />
        <Route path="/history" component={HistoryPage} />
        <Route path="/account" component={AccountPage} />
        <Route path="*" component={() => <Navigate href="/" />} />
      </Router>
    </DriverProvider>
  );
}
