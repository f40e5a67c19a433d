import type { Page } from "@playwright/test";
import { driverPage, expect, operatorPage, test, tileOf } from "./network";

async function command(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name, exact: true }).click();
  await page.getByRole("button", { name: "Confirm" }).click();
}

test("a charge point breaks while a car charges: everybody is told at once, and it is mended", async ({
  browser,
  network,
}) => {
  const driver = await driverPage(browser, network, "driver8");
  const bystander = await driverPage(browser, network, "driver9");
  const operator = await operatorPage(browser, network, "operator");
  const other = await operatorPage(browser, network, "operator2");
  await driver.getByRole("button", { name: /^MAD-01/ }).click();
  await driver.getByRole("button", { name: "Charge now" }).click();
  await expect(driver.getByText("Energy flows")).toBeVisible();
  const tile = tileOf(other, "MAD-01");
  await expect(tile).toContainText("Charging");
  await expect(tile).toContainText("driver8");
  await expect(tile).toContainText("kW");

  await tileOf(operator, "MAD-01").click();
  await operator.getByRole("button", { name: "Simulate fault" }).click();
  await expect(operator.getByRole("dialog")).toContainText("driver8");
  await operator.getByRole("button", { name: "Confirm" }).click();
  await expect(operator.getByText(/operator.*MAD-01/).first()).toBeVisible();

  await expect(driver.getByText("ERROR AT MAD-01")).toBeVisible();
  await expect(driver.getByRole("article", { name: "Ticket" })).toContainText(/0\.\d{3} kWh/);
  await expect(driver.getByText(/^[0-9a-f]{32}$/)).toBeVisible();
  await expect(tile).toContainText("Faulted");
  await expect(other.getByText(/operator.*MAD-01/).first()).toBeVisible();
  await bystander.getByLabel("Only available").uncheck();
  await expect(bystander.getByRole("button", { name: /^MAD-01.*Faulted/ })).toBeVisible();

  await command(operator, "Fix");
  await expect(tile).toContainText("Available");
  await expect(bystander.getByRole("button", { name: /^MAD-01.*Available/ })).toBeVisible();
  await driver.getByRole("button", { name: "Done" }).click();
  await expect(driver.getByRole("button", { name: "Charge at any" })).toBeVisible();
});

test("out of service and back, and a session that an operator stops", async ({ browser, network }) => {
  const driver = await driverPage(browser, network, "driver10");
  const operator = await operatorPage(browser, network, "operator");
  await driver.getByRole("button", { name: /^VLC-01/ }).click();
  await driver.getByRole("button", { name: "Charge now" }).click();
  await expect(driver.getByText("Energy flows")).toBeVisible();
  await tileOf(operator, "VLC-01").click();
  await command(operator, "Stop session");
  await expect(driver.getByRole("heading", { name: "Charge completed" })).toBeVisible();
  await expect(driver.getByText("Stopped by an operator", { exact: true })).toBeVisible();
  await command(operator, "Take out of service");
  await expect(operator.getByText("Out of service").first()).toBeVisible();
  await command(operator, "Put into service");
  await expect(operator.getByRole("button", { name: "Take out of service" })).toBeEnabled();
});

test("the other pages of an operator tell what happened", async ({ browser, network }) => {
  const operator = await operatorPage(browser, network, "operator");
  await operator.getByRole("link", { name: "Sessions" }).click();
  await operator.getByRole("button", { name: "All", exact: true }).click();
  await operator.getByRole("row").filter({ hasText: "MAD-01" }).first().getByRole("button").first().click();
  await expect(operator.getByRole("dialog")).toContainText("MAD-01");
  await operator.keyboard.press("Escape");
  await operator.getByRole("link", { name: "Services" }).click();
  for (const service of ["authorization", "session", "cp-registry", "telemetry-ingest"]) {
    await expect(operator.getByText(service, { exact: true }).first()).toBeVisible();
  }
  await operator.getByRole("link", { name: "Charts" }).click();
  await expect(operator.getByRole("img").first()).toBeVisible();
  await operator.getByRole("link", { name: "Events" }).click();
  await expect(operator.getByText("MAD-01").first()).toBeVisible();
});
