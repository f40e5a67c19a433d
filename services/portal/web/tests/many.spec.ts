import { driverPage, expect, operatorPage, test, tileOf } from "./network";

test.use({ flags: ["--charge-points", "2000"] });

test("two thousand charge points are found and scrolled, and few of them are drawn", async ({
  browser,
  network,
}) => {
  test.setTimeout(300_000);
  const operator = await operatorPage(browser, network);
  await expect(operator.getByText("2,000 charge points")).toBeVisible({ timeout: 120_000 });
  const drawn = operator.locator("a.tile");
  await expect(drawn.first()).toBeVisible();
  expect(await drawn.count()).toBeLessThan(200);
  const before = await drawn.first().textContent();
  await drawn.first().hover();
  for (let turn = 0; turn < 40; turn++) await operator.mouse.wheel(0, 2_000);
  await expect(drawn.first()).not.toHaveText(before ?? "");
  expect(await drawn.count()).toBeLessThan(200);
  await operator.getByPlaceholder("Id, location or driver").fill("ZAZ-07");
  await expect(tileOf(operator, "ZAZ-07")).toBeVisible();
  await expect(drawn).toHaveCount(1);

  const driver = await driverPage(browser, network, "driver1");
  await driver.getByRole("button", { name: "List" }).click();
  await expect(driver.getByText(/2,?000 (of 2,?000 )?charge points/).first()).toBeVisible({
    timeout: 30_000,
  });
  await driver.getByLabel("Search").fill("ZAZ-07");
  await expect(driver.getByText("ZAZ-07").first()).toBeVisible();
});
