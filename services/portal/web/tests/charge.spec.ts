import { readFileSync } from "node:fs";
import { driverPage, expect, open, operatorPage, test, tileOf } from "./network";

test("a whole charge, from the press to the ticket and the new balance", async ({ browser, network }) => {
  const page = await driverPage(browser, network, "driver1");
  await page.getByRole("button", { name: "Charge at any" }).click();
  await expect(page.getByRole("heading", { name: /^Charging at/ })).toBeVisible();
  await expect(page.getByText("Energy flows")).toBeVisible();
  // Energy that is shown grows by itself.
  await expect(page.getByText(/0\.0[1-9]\d/).first()).toBeVisible();
  await page.getByRole("button", { name: "Stop charging" }).click();
  await expect(page.getByRole("heading", { name: "Charge completed" })).toBeVisible();
  await expect(page.getByText(/^[0-9a-f]{32}$/)).toBeVisible();
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByRole("button", { name: "Charge at any" })).toBeVisible();
  await page.getByRole("link", { name: "History" }).click();
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: /CSV/ }).click();
  const download = await waiting;
  expect(download.suggestedFilename()).toMatch(/\.csv$/);
  const lines = readFileSync(await download.path(), "utf8")
    .trim()
    .split("\r\n");
  expect(lines).toHaveLength(2);
  const [header, ticket] = lines.map((line) => line.split(","));
  const cost = Number(ticket?.[header?.indexOf("cost") ?? -1]);
  expect(cost).toBeGreaterThan(0);
  await expect(page.getByText(`€${(50 - cost).toFixed(2)}`).first()).toBeVisible();
});

test("a page reloaded and a second tab show the same charge, and nothing is doubled", async ({
  browser,
  network,
}) => {
  const page = await driverPage(browser, network, "driver2");
  await page.getByRole("button", { name: "Charge at any" }).click();
  const heading = page.getByRole("heading", { name: /^Charging at/ });
  await expect(page.getByText("Energy flows")).toBeVisible();
  const title = await heading.textContent();
  await page.reload();
  await expect(heading).toHaveText(title ?? "");
  const second = await page.context().newPage();
  await second.goto(network.addresses.driver_page);
  await expect(second.getByRole("heading", { name: title ?? "" })).toBeVisible();
  await second.getByRole("button", { name: "Stop charging" }).click();
  await expect(page.getByRole("heading", { name: "Charge completed" })).toBeVisible();
  await expect(second.getByRole("heading", { name: "Charge completed" })).toBeVisible();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("link", { name: "History" }).click();
  await expect(page.getByText(/1 charge\b/).first()).toBeVisible();
});

test("a reservation waits for its start, and is given back", async ({ browser, network }) => {
  const page = await driverPage(browser, network, "driver3");
  await page.getByRole("button", { name: /^BCN-01/ }).click();
  await page.getByRole("button", { name: "Reserve only" }).click();
  await expect(page.getByRole("button", { name: "Start charging" })).toBeVisible();
  const operator = await operatorPage(browser, network);
  await expect(tileOf(operator, "BCN-01")).toContainText("driver3");
  await page.getByRole("button", { name: "Give back" }).click();
  await expect(tileOf(operator, "BCN-01")).toContainText("Available");
});

test("two drivers race for one charge point: one charges, the other is told what to do", async ({
  browser,
  network,
}) => {
  const pages = await Promise.all(["driver4", "driver5"].map((name) => driverPage(browser, network, name)));
  for (const page of pages) {
    await page.getByRole("button", { name: /^SVQ-01/ }).click();
  }
  await Promise.all(pages.map((page) => page.getByRole("button", { name: "Charge now" }).click()));
  const winners = pages.map((page) => page.getByRole("heading", { name: "Charging at SVQ-01" }));
  const losers = pages.map((page) => page.getByText(/Not possible at SVQ-01.*Choose another charge point/));
  await expect(winners[0]!.or(losers[0]!)).toBeVisible();
  await expect(winners[1]!.or(losers[1]!)).toBeVisible();
  const won = await Promise.all(winners.map((heading) => heading.isVisible()));
  expect(won.filter(Boolean)).toHaveLength(1);
  const loser = pages[won.indexOf(false)]!;
  await loser.getByRole("button", { name: "Try any charge point" }).click();
  await expect(loser.getByRole("heading", { name: /^Charging at/ })).toBeVisible();
  for (const page of pages) await page.getByRole("button", { name: "Stop charging" }).click();
});

test("a driver whose page is closed and opened elsewhere still has its charge", async ({
  browser,
  network,
}) => {
  const first = await driverPage(browser, network, "driver6");
  await first.getByRole("button", { name: "Charge at any" }).click();
  await expect(first.getByText("Energy flows")).toBeVisible();
  await first.context().close();
  const second = await open(browser, network.addresses.driver_page);
  await expect(second.getByRole("button", { name: "Sign in" })).toBeVisible();
  const third = await driverPage(browser, network, "driver6");
  await third.getByRole("button", { name: "Stop charging" }).click();
  await expect(third.getByRole("heading", { name: "Charge completed" })).toBeVisible();
});

test("money that a driver asks for is on the balance once an operator approves", async ({
  browser,
  network,
}) => {
  const driver = await driverPage(browser, network, "driver7");
  await driver.getByRole("link", { name: "Balance", exact: true }).click();
  await driver.getByLabel("Amount in EUR").fill("20");
  await driver.getByRole("button", { name: "Request top-up" }).click();
  const operator = await operatorPage(browser, network);
  await operator.getByRole("link", { name: "Drivers" }).click();
  await operator.getByRole("button", { name: "Approve" }).click();
  await operator.getByRole("button", { name: "Confirm" }).click();
  await expect(driver.getByText("€70.00").first()).toBeVisible();
});
