import { batch, createSignal } from "solid-js";

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Empty when this is the last. */
  readonly nextToken: string;
}

/** A list that comes in pages. What was asked before a reload is not shown after it. */
export function createPages<Row>(load: (token: string) => Promise<Page<Row>>) {
  const [rows, setRows] = createSignal<readonly Row[]>([]);
  const [nextToken, setNextToken] = createSignal<string>();
  const [isLoading, setIsLoading] = createSignal(false);
  const [error, setError] = createSignal<unknown>();
  let generation = 0;

  /** Adds a page; false when there is none or it could not be had. */
  async function add(token: string, replaces: boolean): Promise<boolean> {
    const mine = generation;
    setIsLoading(true);
    try {
      const page = await load(token);
      if (mine !== generation) return false;
      batch(() => {
        setRows((held) => (replaces ? page.rows : [...held, ...page.rows]));
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

  /** Asks anew for what is shown, and shows it all at once, so that nothing jumps. */
  async function refresh(): Promise<void> {
    const mine = generation;
    const count = rows().length;
    const fresh: Row[] = [];
    let token = "";
    try {
      do {
        const page = await load(token);
        fresh.push(...page.rows);
        token = page.nextToken;
      } while (token !== "" && fresh.length < count);
    } catch {
      // What is shown stays; the next change asks again.
      return;
    }
    if (mine !== generation || isLoading()) return;
    batch(() => {
      setRows(fresh);
      setNextToken(token);
    });
  }

  return {
    rows,
    setRows,
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
