import { Show } from "solid-js";
import type { Session } from "../gen/evcharging/types/v1/types_pb";
import { formatDateTime, formatEnergy, formatMoney } from "../shared/format";
import { SessionBadge } from "../shared/Status";
import { ForKeyed } from "./ForKeyed";
import { IdLink, shortId } from "./IdLink";
import { chargePointText } from "./textChargePoint";
import { listText } from "./textLists";
import { shellText } from "./textShell";

export function LastSessions(props: { sessions: readonly Session[] }) {
  return (
    <section class="card stack last-sessions" aria-labelledby="last-title">
      <h2 id="last-title">{chargePointText().lastSessions}</h2>
      <Show when={props.sessions.length > 0} fallback={<p class="muted">{chargePointText().noSessions}</p>}>
        <div class="table-frame" tabindex="0" role="group" aria-labelledby="last-title">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{shellText().session}</th>
                <th scope="col">{shellText().driver}</th>
                <th scope="col">{listText().state}</th>
                <th scope="col">{listText().reserved}</th>
                <th scope="col" class="cell-number">
                  {shellText().energy}
                </th>
                <th scope="col" class="cell-number">
                  {shellText().cost}
                </th>
              </tr>
            </thead>
            <tbody>
              <ForKeyed each={props.sessions} by={(session) => session.sessionId}>
                {(session) => (
                  <tr>
                    <td>
                      <IdLink kind="session" id={session().sessionId} text={shortId(session().sessionId)} />
                    </td>
                    <td>
                      <IdLink kind="driver" id={session().driverId} />
                    </td>
                    <td>
                      <SessionBadge state={session().state} />
                    </td>
                    <td>{formatDateTime(session().createdAtMs)}</td>
                    <td class="cell-number">{formatEnergy(session().energyMwh)}</td>
                    <td class="cell-number">{formatMoney(session().costMicros, session().currency)}</td>
                  </tr>
                )}
              </ForKeyed>
            </tbody>
          </table>
        </div>
      </Show>
    </section>
  );
}
