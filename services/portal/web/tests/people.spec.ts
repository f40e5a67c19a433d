// Every page for everybody: on a phone, by keyboard, for those who hear it, and with names that mean harm.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { driverPage, expect, open, operatorPage, test, tileOf } from "./network";

const HOSTILE = '<img src=x onerror="window.broken=true"><script>window.broken=true</script>';
test.use({
  networkFile: `
[[charge_points]]
id = "MAD-01"
location = '${HOSTILE}, Madrid'
price = "0.40"
max_power_kw = 100

[[charge_points]]
id = "MAD-02"
location = "Gran Vía 2, Madrid"
price = "0.50"
max_power_kw = 50
${[1, 2, 3, 4, 5, 6]
  .map(
    (number) => `
[[drivers]]
id = "driver${number}"
name = '${HOSTILE}'
balance = "50"
`,
  )
  .join("")}`,
});

async function expectFits(page: Page): Promise<void> {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow, page.url()).toBeLessThanOrEqual(0);
}

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(
    serious.map(({ id, nodes }) => ({ page: page.url(), id, where: nodes.map(({ html }) => html) })),
  ).toEqual([]);
}

for (const [width, scheme, driver] of [
  [390, "light", "driver1"],
  [390, "dark", "driver2"],
  [1440, "light", "driver3"],
  [1440, "dark", "driver4"],
] as const) {
  test(`the driver's pages at ${width} in ${scheme}`, async ({ browser, network }) => {
    const login = await open(browser, network.addresses.driver_page, width);
    await login.emulateMedia({ colorScheme: scheme });
    await expect(login.getByRole("button", { name: "Sign in" })).toBeVisible();
    await expectAccessible(login);
    const page = await driverPage(browser, network, driver, width);
    await page.emulateMedia({ colorScheme: scheme });
    await expect(page.getByText("MAD-02").first()).toBeVisible();
    for (const link of ["Charge", "History", "Balance"]) {
      await page.getByRole("link", { name: link, exact: true }).click();
      await expectFits(page);
      await expectAccessible(page);
    }
    await page.getByRole("link", { name: "Charge", exact: true }).click();
    await page.getByRole("button", { name: "Charge at any" }).click();
    await expect(page.getByText("Energy flows")).toBeVisible();
    await expectFits(page);
    await expectAccessible(page);
    await page.getByRole("button", { name: "Stop charging" }).click();
    await expect(page.getByRole("heading", { name: "Charge completed" })).toBeVisible();
    await expectFits(page);
    await expectAccessible(page);
    await page.getByRole("button", { name: "Done" }).click();
  });

  test(`the operator's pages at ${width} in ${scheme}`, async ({ browser, network }) => {
    const page = await operatorPage(browser, network, "operator", width);
    await page.emulateMedia({ colorScheme: scheme });
    await expect(tileOf(page, "MAD-02")).toBeVisible();
    await expectFits(page);
    await expectAccessible(page);
    await tileOf(page, "MAD-02").click();
    await expect(page.getByRole("button", { name: "Simulate fault" })).toBeVisible();
    await expectFits(page);
    await expectAccessible(page);
    for (const path of ["sessions", "drivers", "events", "charts", "services", "dead-letters"]) {
      await page.goto(`${network.addresses.operator_page}/${path}`);
      await page.getByRole("button", { name: "Sign out" }).waitFor();
      await expect(page.getByRole("main").getByRole("heading").first()).toBeVisible();
      await expect(page.getByRole("main")).not.toContainText("Loading…");
      await expectFits(page);
      await expectAccessible(page);
    }
  });
}

test("names that mean harm are shown as they are", async ({ browser, network }) => {
  const driver = await driverPage(browser, network, "driver5");
  await expect(driver.getByText(HOSTILE).first()).toBeVisible();
  const operator = await operatorPage(browser, network);
  await expect(tileOf(operator, "MAD-01")).toContainText("<script>");
  await operator.getByPlaceholder("Id, location or driver").fill(HOSTILE);
  await tileOf(operator, "MAD-01").click();
  await expect(operator.getByText(HOSTILE).first()).toBeVisible();
  for (const page of [driver, operator]) {
    expect(await page.evaluate(() => "broken" in window)).toBe(false);
  }
});

test("a charge by keyboard alone", async ({ browser, network }) => {
  const page = await open(browser, network.addresses.driver_page);
  await page.getByLabel("Name").press("Control+A");
  await page.keyboard.type("driver6");
  await page.keyboard.press("Tab");
  await page.keyboard.type("pass123");
  await page.keyboard.press("Enter");
  const any = page.getByRole("button", { name: "Charge at any" });
  await any.waitFor();
  for (
    let turn = 0;
    turn < 20 && !(await any.evaluate((button) => button === document.activeElement));
    turn++
  ) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  const stop = page.getByRole("button", { name: "Stop charging" });
  await stop.waitFor();
  for (
    let turn = 0;
    turn < 20 && !(await stop.evaluate((button) => button === document.activeElement));
    turn++
  ) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Charge completed" })).toBeVisible();
});
