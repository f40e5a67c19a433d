import { batch, createSignal } from "solid-js";

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Empty when this is the last. */
  readonly nextToken: string;
}

/** How often a refresh begins anew because the list changed under it. */
const MAX_TRIES = 4;

/** A list that comes in pages. What was asked before a reload is not shown after it. */
export function createPages<Row>(load: (token: string) => Promise<Page<Row>>) {
  const [rows, setRows] = createSignal<readonly Row[]>([]);
  const [nextToken, setNextToken] = createSignal<string>();
  const [isLoading, setIsLoading] = createSignal(false);
  const [error, setError] = createSignal<unknown>();
  let generation = 0;
  /** Grows with every change, so that what was asked before one is known to be stale. */
  let version = 0;

  function show(change: (held: readonly Row[]) => readonly Row[]): void {
    version += 1;
    setRows(change);
  }

  /** Adds a page; false when there is none or it could not be had. */
  async function add(token: string, replaces: boolean): Promise<boolean> {
    const mine = generation;
    setIsLoading(true);
    try {
      const page = await load(token);
      if (mine !== generation) return false;
      batch(() => {
        show((held) => (replaces ? page.rows : [...held, ...page.rows]));
        setNextToken(page.nextToken);
        setError(undefined);
      });
      return page.nextToken !== "";
    } catch (failure) {
      if (mine === generation) setError(() => failure);
      return false;
    } finally {
      if (mine === generation) setIsLoading(false);
    }
  }

  async function loadMore(): Promise<boolean> {
    const token = nextToken();
    return token !== undefined && token !== "" && !isLoading() ? add(token, false) : false;
  }

  async function loadUpTo(count: number): Promise<void> {
    while (rows().length < count && (await loadMore()));
  }

  async function loadAnew(count: number): Promise<Page<Row>> {
    const fresh: Row[] = [];
    let token = "";
    do {
      const page = await load(token);
      fresh.push(...page.rows);
      token = page.nextToken;
    } while (token !== "" && fresh.length < count);
    return { rows: fresh, nextToken: token };
  }

  /** Asks anew for what is shown, and shows it all at once, so that nothing jumps. False when it could not be had. */
  async function refresh(): Promise<boolean> {
    const mine = generation;
    try {
      for (let turn = 0; turn < MAX_TRIES; turn += 1) {
        const before = version;
        const fresh = await loadAnew(rows().length);
        if (mine !== generation) return false;
        if (before !== version || isLoading()) continue;
        batch(() => {
          show(() => fresh.rows);
          setNextToken(fresh.nextToken);
        });
        return true;
      }
    } catch {
      // What is shown stays; the next change asks again.
    }
    return false;
  }

  return {
    rows,
    /** Changes what is held; an answer that was asked for before does not undo it. */
    setRows: show,
    refresh,
    isLoading,
    error,
    /** The first page is there. */
    isLoaded: () => nextToken() !== undefined,
    hasMore: () => (nextToken() ?? "") !== "",
    async reload(): Promise<void> {
      generation += 1;
      await add("", true);
    },
    loadMore,
    loadUpTo,
  };
}
