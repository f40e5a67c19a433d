import { createMemo, createSignal, Match, Show, Switch, type JSX } from "solid-js";
import { createStore } from "solid-js/store";
import { ChargePointStatus } from "../../gen/evcharging/types/v1/types_pb";
import { formatCount } from "../../shared/format";
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
    view: "View",
    plan: "Plan",
    list: "List",
    shown: (count: number) => (count === 1 ? "1 charge point" : `${formatCount(count)} charge points`),
    nothing: "No charge point fits. Ask for less.",
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
    view: "Vista",
    plan: "Plano",
    list: "Lista",
    shown: (count: number) => (count === 1 ? "1 punto de carga" : `${formatCount(count)} puntos de carga`),
    nothing: "Ningún punto de carga encaja. Pide menos.",
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
  const [openCpId, setOpenCpId] = createSignal<string>();

  const all = createMemo(() => Array.from(store.chargePoints()?.values() ?? []));
  const shown = createMemo(() => choose(all(), wish));
  // The plan tells how many there are of them, too.
  const fitting = createMemo(() => choose(all(), { ...wish, onlyAvailable: false }));
  const availableCount = createMemo(
    () => all().filter(({ status }) => status === ChargePointStatus.AVAILABLE).length,
  );

  return (
    <div class="picker">
      <section class="picker-head">
        <div>
          <h1>{text().title}</h1>
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
            {text().chargeAtAnyHint}
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
