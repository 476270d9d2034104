// The browser, and a page that is signed in.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { ready } from "./load.mjs";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const launch = () => chromium.launch({ executablePath: process.env.WAYPOST_CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });

const shots = process.env.WAYPOST_SCREENSHOTS;

// Opens the dashboard, or the page at `path`, which may talk to the `others` too. What goes wrong in the page, and what its security
// policy refuses, fails the test at `close`. `breaks`: the test cuts the connection, which the browser notes as an error.
export async function open(browser, { width = 1440, height = 900, theme = "light", storage, path = "/", others = [], breaks = false } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, storageState: storage, reducedMotion: "reduce" });
  const page = await context.newPage();
  const trouble = [];
  page.setDefaultTimeout(20000);
  page.on("pageerror", (error) => trouble.push(error.stack));
  page.on("console", (message) => {
    // The browser notes every answer that is no success; those are the test's own business.
    const expected = message.text().startsWith("Failed to load resource") || (breaks && message.text().startsWith("WebSocket connection to"));
    if (message.type() === "error" && !expected) trouble.push(message.text());
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    const known = [ready.admin_url, ...others].some((one) => url.origin === new URL(one).origin);
    if (url.protocol !== "data:" && !known) trouble.push(`a request to another host: ${url.origin}`);
  });
  await page.goto(new URL(path, ready.admin_url).href);
  await page.locator("#app > *").first().waitFor();
  return {
    page,
    async shot(name) {
      if (!shots) return;
      mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: join(shots, `${name}-${theme}-${width}.png`) });
    },
    async close() {
      // The page may still be asking; whoever answers in its server's stead is not to fail for that.
      await page.unrouteAll({ behavior: "ignoreErrors" });
      await context.close();
      assert.deepEqual(trouble, []);
    },
  };
}

export async function signIn(page, token = ready.admin_token) {
  await page.getByLabel("Access token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  await page.locator("html[data-live=live]").waitFor();
}

export async function go(page, name) {
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: new RegExp(`^${name}`) }).click();
  await page.getByRole("heading", { name, level: 1 }).waitFor();
}

// A figure of a queue's card, as a number.
export async function figure(page, name) {
  const element = page.locator(`[data-figure="${name}"]`);
  return Number((await element.getAttribute("title")).replaceAll(",", ""));
}

// The value beside a name in a queue's card, as a number.
export async function beside(page, queue, name) {
  const value = page.locator(`[data-queue="${queue}"] .figures dt`, { hasText: new RegExp(`^${name}$`) }).locator("xpath=following-sibling::dd[1]");
  return Number((await value.textContent()).replaceAll(",", ""));
}
