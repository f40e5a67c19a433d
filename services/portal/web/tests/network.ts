// A network of its own for a test file: the real program, on free ports, in a folder that goes with it.
import { test as base, type Browser, type BrowserContext, type Locator, type Page } from "@playwright/test";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const PROGRAM = process.env.EVCHARGING ?? resolve(import.meta.dirname, "../../../../target/debug/evcharging");
const START_TIMEOUT_MS = 60_000;

interface Addresses {
  pid: number;
  kafka: string;
  session: string;
  driver_page: string;
  operator_page: string;
}

export class Network {
  private constructor(
    readonly addresses: Addresses,
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(flags: string[] = [], networkFile?: string): Promise<Network> {
    const folder = mkdtempSync(join(tmpdir(), "evcharging-pages-"));
    const given = [...flags];
    if (networkFile !== undefined) {
      writeFileSync(join(folder, "network.toml"), networkFile);
      given.push("--network", join(folder, "network.toml"));
    }
    const program = spawn(PROGRAM, ["up", "--base-port", "0", "--data-dir", folder, ...given], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, EVCHARGING_LOG: "warn" },
    });
    let output = "";
    program.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    program.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline && program.exitCode === null) {
      // The table of addresses is printed once the network runs.
      if (output.includes("EVCharging runs")) {
        const addresses = JSON.parse(readFileSync(join(folder, "addresses.json"), "utf8")) as Addresses;
        return new Network(addresses, program, folder);
      }
      await new Promise((done) => setTimeout(done, 50));
    }
    program.kill("SIGKILL");
    throw new Error(`the network did not start:\n${output}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  async stop(): Promise<void> {
    const ended = new Promise((done) => this.process.once("exit", done));
    if (this.process.exitCode === null) {
      this.process.kill("SIGTERM");
      const cut = setTimeout(() => this.process.kill("SIGKILL"), 20_000);
      await ended;
      clearTimeout(cut);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const opened: BrowserContext[] = [];

/** Files with the same `flags` and `networkFile` share a network: each test takes drivers and charge points of its own. */
export const test = base.extend<
  { closing: void },
  { flags: string[]; networkFile: string | undefined; network: Network }
>({
  // What a test leaves open would go on in the next one.
  closing: [
    async ({ browserName: _ }, use) => {
      await use();
      for (const context of opened.splice(0)) await context.close();
    },
    { auto: true },
  ],
  flags: [[], { option: true, scope: "worker" }],
  networkFile: [undefined, { option: true, scope: "worker" }],
  network: [
    async ({ flags, networkFile }, use) => {
      const network = await Network.start(flags, networkFile);
      await use(network);
      await network.stop();
    },
    { scope: "worker", timeout: 120_000 },
  ],
});

export { expect } from "@playwright/test";

/** A browser of its own, as another person has it. */
export async function open(browser: Browser, url: string, width = 1280): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height: width < 600 ? 844 : 900 } });
  opened.push(context);
  context.on("weberror", (error) => {
    throw error.error();
  });
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

export async function signIn(page: Page, name: string, password = "pass123"): Promise<void> {
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

export async function driverPage(
  browser: Browser,
  network: Network,
  name: string,
  width?: number,
): Promise<Page> {
  const page = await open(browser, network.addresses.driver_page, width);
  await signIn(page, name);
  return page;
}

export async function operatorPage(
  browser: Browser,
  network: Network,
  name = "operator",
  width?: number,
): Promise<Page> {
  const page = await open(browser, network.addresses.operator_page, width);
  await signIn(page, name);
  return page;
}

/** A charge point's tile on the operator's page. */
export function tileOf(page: Page, cpId: string): Locator {
  const status = "Available|Charging|Reserved|Faulted|Offline|Out of service";
  return page.getByRole("link", { name: new RegExp(`^${cpId} (${status})`) });
}
