import { createMemo, createSignal, Match, onMount, Show, Switch, type JSX } from "solid-js";
import { createStore } from "solid-js/store";
import { ChargePointStatus, type ChargePoint } from "../../gen/evcharging/types/v1/types_pb";
import { formatCount } from "../../shared/format";
import { focusIfAwaited } from "../../shared/nextTitle";
import { statusName } from "../../shared/Status";
import { defineText } from "../../shared/text";
import { useDriver } from "../context";
import { RequestCard } from "../RequestCard";
import { ANYTHING, choose, type Wish } from "./choice";
import { ChargePointSheet } from "./ChargePointSheet";
import { Filters } from "./Filters";
import { List } from "./List";
import { Plan } from "./Plan";

const text = defineText({
  en: {
    title: "Where do you want to charge?",
    available: (available: number, all: number) =>
      `${formatCount(available)} of ${formatCount(all)} charge points are available`,
    chargeAtAny: "Charge at any",
    chargeAtAnyHint: "The network picks one that is free.",
    accountAway: "Your account can't be reached now: we keep asking for a minute.",
    view: "View",
    plan: "Plan",
    list: "List",
    shown: (count: number) => (count === 1 ? "1 charge point" : `${formatCount(count)} charge points`),
    nothing: "No charge point fits these filters.",
    notFree: (cpId: string, status: string) => `${cpId}: ${status}.`,
    inUse: (cpId: string) => `${cpId} is in use.`,
    clear: "Show all",
    none: "The network has no charge points yet.",
    loading: "Loading charge points…",
  },
  es: {
    title: "¿Dónde quieres cargar?",
    available: (available: number, all: number) =>
      `${formatCount(available)} de ${formatCount(all)} puntos de carga disponibles`,
    chargeAtAny: "Cargar en cualquiera",
    chargeAtAnyHint: "La red elige uno que esté libre.",
    accountAway: "Ahora no se puede consultar tu cuenta: seguimos pidiendo durante un minuto.",
    view: "Vista",
    plan: "Plano",
    list: "Lista",
    shown: (count: number) => (count === 1 ? "1 punto de carga" : `${formatCount(count)} puntos de carga`),
    nothing: "Ningún punto de carga encaja en estos filtros.",
    notFree: (cpId: string, status: string) => `${cpId}: ${status}.`,
    inUse: (cpId: string) => `${cpId} está en uso.`,
    clear: "Mostrar todos",
    none: "La red todavía no tiene puntos de carga.",
    loading: "Buscando puntos de carga…",
  },
});

// They outlast a charge and a look at another page.
const [wish, setWish] = createStore<Wish>({ ...ANYTHING });
const [view, setView] = createSignal<"plan" | "list">("plan");

/** Where to charge. */
export function Picker(): JSX.Element {
  const { store, requests } = useDriver();
  let title!: HTMLHeadingElement;
  onMount(() => focusIfAwaited(title));
  const [openCpId, setOpenCpId] = createSignal<string>();

  const all = createMemo(() => Array.from(store.chargePoints()?.values() ?? []));
  const shown = createMemo(() => choose(all(), wish));
  // The plan tells how many there are of them, too.
  const fitting = createMemo(() => choose(all(), { ...wish, onlyAvailable: false }));
  const availableCount = createMemo(
    () => all().filter(({ status }) => status === ChargePointStatus.AVAILABLE).length,
  );

  // The one that the search names, when it only isn't free.
  const meant = () => {
    const [only, ...others] = fitting();
    const named = fitting().find(({ cpId }) => cpId.toLowerCase() === wish.search.trim().toLowerCase());
    return wish.search.trim() === "" ? undefined : (named ?? (others.length === 0 ? only : undefined));
  };

  return (
    <div class="picker">
      <section class="picker-head">
        <div>
          <h1 ref={title} tabindex="-1">
            {text().title}
          </h1>
          <p class="muted" role="status">
            <Show when={store.chargePoints()} fallback={text().loading}>
              {text().available(availableCount(), all().length)}
            </Show>
          </p>
        </div>
        <div class="picker-any">
          <button
            type="button"
            class="button button-primary button-large button-wide"
            aria-describedby="any-hint"
            disabled={requests.isBusy()}
            onClick={() => requests.ask("", undefined, true)}
          >
            {text().chargeAtAny}
          </button>
          <p id="any-hint" class="muted small">
            {store.accountState()?.isCurrent === false ? text().accountAway : text().chargeAtAnyHint}
          </p>
        </div>
      </section>
      <RequestCard />
      <Show when={store.chargePoints()}>
        <div class="picker-body">
          <Filters all={all()} wish={wish} onChange={(part) => setWish(part)} />
          <section class="picker-results" aria-labelledby="results-title">
            <div class="row row-apart">
              <h2 id="results-title" class="picker-count">
                {text().shown(shown().length)}
              </h2>
              <div class="segmented" role="group" aria-label={text().view}>
                <button type="button" aria-pressed={view() === "plan"} onClick={() => setView("plan")}>
                  {text().plan}
                </button>
                <button type="button" aria-pressed={view() === "list"} onClick={() => setView("list")}>
                  {text().list}
                </button>
              </div>
            </div>
            <Switch fallback={<List chargePoints={shown()} onOpen={setOpenCpId} />}>
              <Match when={all().length === 0}>
                <p class="card empty">{text().none}</p>
              </Match>
              <Match when={shown().length === 0}>
                <div class="card empty">
                  <p>{text().nothing}</p>
                  <Show when={meant()}>{(chargePoint) => <p>{whyNot(chargePoint())}</p>}</Show>
                  <button
                    type="button"
                    class="button"
                    onClick={() => setWish({ ...ANYTHING, onlyAvailable: false })}
                  >
                    {text().clear}
                  </button>
                </div>
              </Match>
              <Match when={view() === "plan"}>
                <Plan chargePoints={shown()} fitting={fitting()} onOpen={setOpenCpId} />
              </Match>
            </Switch>
          </section>
        </div>
      </Show>
      <ChargePointSheet cpId={openCpId()} onClose={() => setOpenCpId(undefined)} />
    </div>
  );
}

function whyNot({ cpId, status }: ChargePoint): string {
  const isTaken = status === ChargePointStatus.CHARGING || status === ChargePointStatus.RESERVED;
  return isTaken ? text().inUse(cpId) : text().notFree(cpId, statusName(status).toLowerCase());
}
