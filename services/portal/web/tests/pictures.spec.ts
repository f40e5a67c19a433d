// Pictures of the main pages on a phone and on a wide screen, to be looked at; PICTURES names another folder than test-results/pictures for them.
import type { Page } from "@playwright/test";
import { driverPage, expect, open, operatorPage, test, tileOf } from "./network";

test.use({ flags: ["--charge-points", "60"] });

const FOLDER = process.env.PICTURES ?? "test-results/pictures";
const take = (page: Page, name: string) => page.screenshot({ path: `${FOLDER}/${name}.png` });

test("pictures of the main pages", async ({ browser, network }) => {
  test.setTimeout(120_000);
  const login = await open(browser, network.addresses.driver_page, 390);
  await expect(login.getByRole("button", { name: /^Fill in/ })).toBeVisible();
  await take(login, "login-phone");
  const wide = await driverPage(browser, network, "driver1", 1280);
  const phone = await driverPage(browser, network, "driver2", 390);
  const night = await operatorPage(browser, network, "operator", 1920);
  await night.emulateMedia({ colorScheme: "dark" });
  const pocket = await operatorPage(browser, network, "operator2", 390);
  await expect(wide.getByText("MAD-01")).toBeVisible();
  await take(wide, "driver-home");
  await take(phone, "driver-home-phone");
  for (const name of ["driver3", "driver4", "driver5", "driver6", "driver7"]) {
    const page = await driverPage(browser, network, name);
    await page.getByRole("button", { name: "Charge at any" }).click();
    await expect(page.getByRole("heading", { name: /^Charging at/ })).toBeVisible();
    await page.context().close();
  }
  for (const page of [wide, phone]) {
    await page.getByRole("button", { name: "Charge at any" }).click();
    await expect(page.getByText("Energy flows")).toBeVisible();
  }
  // By its address and not by its tile: coming back to a plan that was scrolled would hide the fault, which goes first.
  await night.goto(`${network.addresses.operator_page}/charge-points/SVQ-01`);
  await night.getByRole("button", { name: "Simulate fault" }).click();
  await night.getByRole("button", { name: "Confirm" }).click();
  await night.getByRole("link", { name: "Network" }).click();
  await expect(tileOf(night, "SVQ-01")).toContainText("Faulted");
  await expect(wide.getByText(/0\.1\d\d/).first()).toBeVisible();
  await take(wide, "driver-charge");
  await take(phone, "driver-charge-phone");
  await take(night, "operator-network");
  await take(pocket, "operator-network-phone");
  await wide.getByRole("button", { name: "Stop charging" }).click();
  await expect(wide.getByRole("heading", { name: "Charge completed" })).toBeVisible();
  await take(wide, "driver-ticket");
  for (const [link, name] of [
    ["Sessions", "operator-sessions"],
    ["Drivers", "operator-drivers"],
    ["Events", "operator-events"],
    ["Charts", "operator-charts"],
    ["Services", "operator-services"],
  ] as const) {
    await night.getByRole("link", { name: link }).click();
    await expect(night.getByRole("main")).not.toContainText("Loading");
    await take(night, name);
  }
});
