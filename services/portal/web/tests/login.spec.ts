import { driverPage, expect, open, operatorPage, signIn, test } from "./network";

test("a wrong password is refused in words, the right one lets in, and leaving leaves", async ({
  browser,
  network,
}) => {
  const page = await open(browser, network.addresses.driver_page);
  await page.getByLabel("Name").fill("driver1");
  await page.getByLabel("Password").fill("not this one");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("The name or the password is wrong");
  await signIn(page, "driver1");
  await expect(page.getByText("Demo network: its passwords are public.")).toBeVisible();
  await expect(page.getByRole("banner").getByText("Driver 1")).toBeVisible();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
});

test("each page is for those whom it concerns", async ({ browser, network }) => {
  const page = await open(browser, network.addresses.operator_page);
  await page.getByLabel("Name").fill("driver1");
  await page.getByLabel("Password").fill("pass123");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("This account has no access to this page");
  await expect(page.getByRole("link", { name: "Network" })).toHaveCount(0);
});

test("a forged cookie is no login, and the real one is out of reach for scripts", async ({
  browser,
  network,
}) => {
  const page = await driverPage(browser, network, "driver1");
  expect(await page.evaluate(() => document.cookie)).toBe("");
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
  const [header, claims, signature] = (cookie?.value ?? "").split(".");
  const raised = Buffer.from(claims ?? "", "base64url")
    .toString()
    .replace("driver1", "driver2");
  const forged = `${header}.${Buffer.from(raised).toString("base64url")}.${signature}`;
  await page.context().addCookies([{ ...cookie!, value: forged }]);
  await page.reload();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
});

test("both pages at once in one browser", async ({ browser, network }) => {
  const driver = await driverPage(browser, network, "driver1");
  const operator = await driver.context().newPage();
  await operator.goto(network.addresses.operator_page);
  await signIn(operator, "operator");
  await driver.reload();
  await expect(driver.getByRole("banner").getByText("Driver 1")).toBeVisible();
  await operator.reload();
  await expect(operator.getByRole("link", { name: "Network" })).toBeVisible();
});

test("a page in the language of its reader", async ({ browser, network }) => {
  const context = await browser.newContext({ locale: "es-ES" });
  const page = await context.newPage();
  await page.goto(network.addresses.driver_page);
  await expect(page.getByRole("button", { name: "Entrar" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "es");
});

test("nothing is loaded from elsewhere and no rule of the page is broken", async ({ browser, network }) => {
  for (const start of [driverPage, operatorPage]) {
    const page =
      start === driverPage
        ? await driverPage(browser, network, "driver1")
        : await operatorPage(browser, network);
    const foreign: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== new URL(page.url()).origin) foreign.push(request.url());
    });
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.reload();
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    await page.waitForLoadState("load");
    expect(foreign).toEqual([]);
    expect(complaints).toEqual([]);
  }
});
