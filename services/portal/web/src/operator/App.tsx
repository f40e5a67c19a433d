import { Route, Router } from "@solidjs/router";
import { operatorClient, whenSignedOut } from "./client";
import { ChargePointPage } from "./ChargePointPage";
import { ChartsPage } from "./ChartsPage";
import { OperatorContext } from "./context";
import { DeadLettersPage } from "./DeadLettersPage";
import { DriversPage } from "./DriversPage";
import { EventsPage } from "./EventsPage";
import { createNetwork } from "./network";
import { NetworkPage } from "./NetworkPage";
import { announceOthersCommands } from "./othersCommands";
import { createPolled } from "./polling";
import { ServicesPage } from "./ServicesPage";
import { SessionsPage } from "./SessionsPage";
import { Shell } from "./Shell";
import { shellText } from "./textShell";

const ASK_REQUESTS_EACH_MS = 5000;

export function App(props: { userId: string; signOut: () => void; onSignedOut: () => void }) {
  whenSignedOut(() => props.onSignedOut());
  const network = createNetwork(() => props.onSignedOut());
  announceOthersCommands(network, props.userId);
  const topUps = createPolled(
    async () => (await operatorClient.listTopUpRequests({})).topUps,
    ASK_REQUESTS_EACH_MS,
  );
  const operator = { userId: props.userId, signOut: () => props.signOut(), network, topUps };
  return (
    <OperatorContext.Provider value={operator}>
      <Router root={Shell}>
        <Route path="/" component={NetworkPage} />
        <Route path="/charge-points/:cpId" component={ChargePointPage} />
        <Route path="/sessions" component={SessionsPage} />
        <Route path="/drivers" component={DriversPage} />
        <Route path="/events" component={EventsPage} />
        <Route path="/charts" component={ChartsPage} />
        <Route path="/services" component={ServicesPage} />
        <Route path="/dead-letters" component={DeadLettersPage} />
        <Route path="*" component={() => <p class="empty">{shellText().notFound}</p>} />
      </Router>
    </OperatorContext.Provider>
  );
}
