import { createMemo, createResource, createSignal, For, onMount, Show, type JSX } from "solid-js";
import type { Ticket } from "../../gen/evcharging/types/v1/types_pb";
import { driverClient, explain, isSignedOut } from "../../shared/api";
import { downloadCsv } from "../../shared/csv";
import { Dialog } from "../../shared/Dialog";
import { focusIfAwaited } from "../../shared/nextTitle";
import { defineText } from "../../shared/text";
import { useDriver } from "../context";
import { TicketView } from "../TicketView";
import { MonthOfTickets } from "./MonthOfTickets";
import { byMonth, csvOf } from "./tickets";

const PAGE_SIZE = 1_000;
const MOST_TICKETS = 5_000;

const text = defineText({
  en: {
    title: "History",
    export: "Export as CSV",
    loading: "Loading tickets…",
    empty: "No charge yet. Your tickets will be here.",
    again: "Try again",
    ticket: (cpId: string) => `Ticket of ${cpId}`,
    most: `Only the newest ${MOST_TICKETS} are shown.`,
  },
  es: {
    title: "Historial",
    export: "Exportar como CSV",
    loading: "Buscando recibos…",
    empty: "Ninguna carga todavía. Aquí estarán tus recibos.",
    again: "Volver a probar",
    ticket: (cpId: string) => `Recibo de ${cpId}`,
    most: `Solo se muestran los ${MOST_TICKETS} más nuevos.`,
  },
});

/** All tickets of the driver. */
export function HistoryPage(): JSX.Element {
  const { store } = useDriver();
  const [open, setOpen] = createSignal<Ticket>();
  // A ticket that comes while the page is open belongs on it.
  const newest = () => store.charge()?.ticket?.sessionId ?? "";
  const [tickets, { refetch }] = createResource(
    () => ({ newest: newest() }),
    async () => {
      try {
        return await allTickets();
      } catch (error) {
        if (isSignedOut(error)) {
          store.onSignedOut();
        }
        throw error;
      }
    },
  );
  const known = () => (tickets.error ? undefined : tickets.latest);
  const months = createMemo(() => byMonth(known() ?? []));

  let titleElement!: HTMLHeadingElement;
  onMount(() => focusIfAwaited(titleElement));

  return (
    <div class="account">
      <header class="row row-apart">
        <h1 ref={titleElement} tabindex="-1">
          {text().title}
        </h1>
        <Show when={known()?.length}>
          <button
            type="button"
            class="button"
            onClick={() => {
              const { fileName, header, rows } = csvOf(known() ?? [], store.driverId);
              downloadCsv(fileName, header, rows);
            }}
          >
            {text().export}
          </button>
        </Show>
      </header>
      <Show when={tickets.error}>
        <div class="banner banner-danger" role="alert">
          <p class="grow">{explain(tickets.error)}</p>
          <button type="button" class="button" onClick={() => void refetch()}>
            {text().again}
          </button>
        </div>
      </Show>
      <Show when={tickets.loading && !known()}>
        <p class="card empty" role="status">
          {text().loading}
        </p>
      </Show>
      <Show when={known()?.length === 0}>
        <p class="card empty">{text().empty}</p>
      </Show>
      <For each={months()}>
        {(month, place) => <MonthOfTickets month={month} isNewest={place() === 0} onOpen={setOpen} />}
      </For>
      <Show when={known()?.length === MOST_TICKETS}>
        <p class="muted small">{text().most}</p>
      </Show>
      <Dialog
        open={open() !== undefined}
        onClose={() => setOpen(undefined)}
        title={text().ticket(open()?.cpId ?? "")}
      >
        <Show when={open()}>{(ticket) => <TicketView ticket={ticket()} />}</Show>
      </Dialog>
    </div>
  );
}

async function allTickets(): Promise<Ticket[]> {
  const tickets: Ticket[] = [];
  let pageToken = "";
  do {
    const page = await driverClient.listTickets({ pageSize: PAGE_SIZE, pageToken });
    tickets.push(...page.tickets);
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && tickets.length < MOST_TICKETS);
  return tickets.slice(0, MOST_TICKETS);
}
