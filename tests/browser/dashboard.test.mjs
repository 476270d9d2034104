// The dashboard, used as an operator uses it. The tests run in this order against one `waypost up --sandbox`.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NUMBER, admin, burst, eventually, faults, noDeadLetters, ready, send } from "./load.mjs";
import { faultsOfLook, withoutRing } from "./look.mjs";
import { beside, figure, go, launch, open, signIn } from "./page.mjs";

const VIEWS = ["Overview", "Numbers", "Dead letters", "Messages", "Audit"];
const WIDTHS = [
  [1440, 900],
  [768, 1024],
  [360, 740],
];

let browser;
before(async () => (browser = await launch()));
after(async () => {
  await faults([]);
  await browser.close();
});

const card = (page, queue) => page.locator(`[data-queue="${queue}"]`);
const state = (page, queue, text) => card(page, queue).locator(".pill", { hasText: text }).waitFor();

test("a wrong token is refused and the right one is let in", async () => {
  const { page, shot, close } = await open(browser);
  await page.getByLabel("Access token").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("That token is not known here.").waitFor();
  await shot("login-refused");
  await signIn(page);
  await page.reload();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
  assert.ok(!page.url().includes(ready.admin_token), "the token is in the address");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Access token").waitFor();
  await close();
});

test("figures change under load, without a reload", async () => {
  const { page, shot, close } = await open(browser);
  await signIn(page);
  const was = await beside(page, "message", "Completed");
  const webhooks = await beside(page, "webhook", "Completed");
  await burst(200, "151");
  await eventually("completed messages", async () => (await beside(page, "message", "Completed")) >= was + 200);
  await eventually("their statuses", async () => (await beside(page, "webhook", "Completed")) > webhooks);
  await eventually("a rate", async () => (await card(page, "message").locator(".rates td").first().textContent()) !== "0");
  assert.ok((await card(page, "message").locator("canvas").count()) === 2, "two charts");
  await shot("load");

  await go(page, "Numbers");
  const row = page.getByRole("row", { name: new RegExp(NUMBER) });
  await eventually("the number has sent", async () => /\d{3}/.test(await row.locator("[data-label=Taken]").textContent()));
  await close();
});

test("a paused queue holds what comes in, and goes on when it is resumed", async (t) => {
  t.after(() => admin("POST", "/v1/queues:resume", {}));
  const { page, shot, close } = await open(browser);
  await signIn(page);
  await page.getByRole("button", { name: "Pause messages" }).click();
  const dialog = page.getByRole("dialog", { name: "Pause messages" });
  await dialog.getByLabel("Reason").fill("a test");
  await shot("pause");
  await dialog.getByRole("button", { name: "Pause" }).click();
  await dialog.waitFor({ state: "detached" });
  await state(page, "message", "Paused");
  await page.getByText(/Messages are paused by .*a test/).waitFor();

  const done = await beside(page, "message", "Completed");
  await burst(30, "152");
  await eventually("they wait", async () => (await figure(page, "message-waiting")) >= 30);
  await shot("paused");
  assert.equal(await beside(page, "message", "Completed"), done);

  await page.getByRole("button", { name: "Resume messages" }).click();
  await eventually("they are sent", async () => (await beside(page, "message", "Completed")) >= done + 30);
  assert.equal(await card(page, "message").locator(".pill", { hasText: "Paused" }).count(), 0);
  await close();
});

test("clearing shows what would go, and does it when that is confirmed", async (t) => {
  t.after(() => admin("POST", "/v1/queues:resume", {}));
  await admin("POST", "/v1/queues:pause", { queue: "message" });
  await burst(7, "153");
  const { page, shot, close } = await open(browser);
  await signIn(page);
  await eventually("they wait", async () => (await figure(page, "message-waiting")) === 7);
  await page.getByRole("button", { name: "Clear messages" }).click();
  const dialog = page.getByRole("dialog", { name: "Clear messages" });
  await dialog.getByText("This plan holds for").waitFor();
  await shot("clear");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  assert.equal(await figure(page, "message-waiting"), 7, "what was not confirmed stays");

  await page.getByRole("button", { name: "Clear messages" }).click();
  await dialog.getByRole("button", { name: "Clear 7 entries" }).click();
  await page.getByText("Cleared 7 entries.").waitFor();
  await eventually("nothing waits", async () => (await figure(page, "message-waiting")) === 0);
  await page.getByRole("button", { name: "Resume messages" }).click();
  await state(page, "message", "Idle");
  await close();
});

test("a dead letter is opened, replayed, and seen sent", async (t) => {
  t.after(() => faults([]));
  // Meta refuses this one for good, for as long as the fault is there.
  await faults([{ when: { recipient: "+4915499900001" }, what: { error: { code: 131026 } } }]);
  const { id } = await send("+4915499900001");
  const { page, shot, close } = await open(browser);
  await signIn(page);
  await eventually("it is dead", async () => (await figure(page, "message-dead")) >= 1);
  await go(page, "Dead letters");
  await page.getByLabel("Queue").selectOption({ label: "Messages" });
  const link = page.locator(`a[href*="${id}"]`);
  await link.waitFor();
  await shot("dead");
  await link.click();
  const dialog = page.getByRole("dialog", { name: "Dead letter" });
  await dialog.getByText(/code 131026/).first().waitFor();
  await dialog.getByRole("button", { name: "Show payload" }).click();
  await dialog.locator("pre", { hasText: "Hello" }).waitFor();
  await shot("dead-letter");
  assert.deepEqual(await page.evaluate(faultsOfLook), []);

  await faults([]);
  await dialog.getByRole("button", { name: "Replay" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("Put back into its queue.").waitFor();
  await link.waitFor({ state: "detached" });

  await eventually("Postgres knows that it is sent", async () => (await admin("GET", `/v1/messages/${id}`)).message.state === "sent");
  await page.goto(`${ready.admin_url.replace(/\/$/, "")}/#/messages/${id}`);
  const message = page.getByRole("dialog", { name: "Message" });
  const refresh = message.getByRole("button", { name: "Refresh" });
  await refresh.waitFor();
  await eventually("the timeline goes on to read", async () => {
    await refresh.click();
    return message.locator("[data-kind=read]").count();
  });
  for (const kind of ["accepted", "attempt", "dead", "replayed", "sent", "delivered"]) {
    assert.ok((await message.locator(`[data-kind=${kind}]`).count()) > 0, `${kind} is in the timeline`);
  }
  await shot("message");
  assert.deepEqual(await page.evaluate(faultsOfLook), []);
  await page.keyboard.press("Escape");
  await message.waitFor({ state: "detached" });
  await close();
});

test("dead letters are purged by hand, and replayed by a filter", async (t) => {
  t.after(() => faults([]));
  await noDeadLetters();
  await faults([{ when: { number: NUMBER }, what: { error: { code: 131026 } } }]);
  await burst(3, "154");
  const { page, shot, close } = await open(browser);
  await signIn(page);
  await eventually("they are dead", async () => (await figure(page, "message-dead")) === 3);
  await go(page, "Dead letters");
  // First one that takes none: what is listed after the second is its own.
  await page.getByLabel("Meta's code").fill("131000");
  await page.getByRole("button", { name: "Filter" }).click();
  await page.getByText("No dead letter fits.").waitFor();
  await page.getByLabel("Meta's code").fill("131026");
  await page.getByRole("button", { name: "Filter" }).click();
  await eventually("three are listed", async () => (await page.locator("tbody tr").count()) === 3);

  await page.locator("[data-pick]").first().check();
  await page.getByRole("button", { name: "Purge" }).click();
  await page.getByRole("dialog", { name: "Purge 1 dead letter" }).getByRole("button", { name: "Purge" }).click();
  await page.getByText("Purged 1 dead letter.").waitFor();
  await eventually("two are left", async () => (await page.locator("tbody tr").count()) === 2);

  await faults([]);
  await page.getByRole("button", { name: "Replay" }).click();
  const dialog = page.getByRole("dialog", { name: "Replay 2 dead letters" });
  await shot("replay");
  await dialog.getByRole("button", { name: "Replay" }).click();
  await page.getByText("Put back 2 dead letters.").waitFor();
  await page.getByText("No dead letters. Nothing was given up.").waitFor();
  await close();
});

test("a number is limited, stopped and resumed", async () => {
  const { page, shot, close } = await open(browser);
  await signIn(page);
  await go(page, "Numbers");
  const row = page.getByRole("row", { name: new RegExp(NUMBER) });
  await row.getByRole("button", { name: /^Set the limit/ }).click();
  await page.getByLabel("Messages a second").fill("40");
  await shot("limit");
  await page.getByRole("button", { name: "Set limit" }).click();
  await row.locator("[data-label=Limit]", { hasText: "40" }).waitFor();
  await row.getByRole("button", { name: /^Stop/ }).click();
  await page.getByRole("button", { name: "Stop number" }).click();
  await row.getByText("Stopped").waitFor();
  await row.getByRole("button", { name: /^Resume/ }).click();
  await row.getByText("Stopped").waitFor({ state: "detached" });
  await row.getByRole("button", { name: /^Set the limit/ }).click();
  await page.getByLabel("Messages a second").fill("");
  await page.getByRole("button", { name: "Set limit" }).click();
  await row.locator("[data-label=Limit]", { hasText: "by hand" }).waitFor({ state: "detached" });
  await close();
});

test("a text is sent, found by its phone number, and the audit tells it all", async () => {
  const person = `4915${String(Date.now()).slice(-8)}`;
  const { page, close } = await open(browser);
  await signIn(page);
  await go(page, "Messages");
  await page.getByRole("button", { name: "Send a text" }).click();
  const dialog = page.getByRole("dialog", { name: "Send a text" });
  await dialog.getByLabel(/^From/).fill(NUMBER);
  await dialog.getByLabel(/^To/).fill(`+${person}`);
  await dialog.getByLabel("Text", { exact: true }).fill("From the dashboard");
  await dialog.getByRole("button", { name: "Send" }).click();
  const message = page.getByRole("dialog", { name: "Message" });
  await message.waitFor();
  await page.keyboard.press("Escape");
  await message.waitFor({ state: "detached" });
  const hits = page.locator("tbody tr");
  assert.ok((await hits.count()) > 1);
  await eventually("it is found, and nothing else", async () => {
    await page.getByLabel("Find").fill(`+49 ${person.slice(2, 5)} ${person.slice(5)}`);
    await page.getByRole("button", { name: "Search" }).click();
    return (await hits.count()) === 1 && (await hits.first().textContent()).includes(person);
  });

  await go(page, "Audit");
  for (const what of ["Queue: Pause", "Queue: Resume", "Queue: Clear", "DeadLetter: Replay", "Number: SetLimit", "Number: Stop", "Number: Resume", "Message: SendText"]) {
    await page.locator("tbody tr", { hasText: what }).first().waitFor();
  }
  await page.locator("tbody tr", { hasText: "Queue: Pause" }).first().getByRole("button").click();
  await page.getByRole("dialog").getByText("Outcome").or(page.getByRole("dialog").getByText("Asked for")).first().waitFor();
  await close();
});

test("a viewer sees what it may not do, and why", async () => {
  const { page, shot, close } = await open(browser);
  // The token is an admin's; the page knows a role only by what the server says of it.
  await page.route("**/v1/**", async (route) => {
    if (route.request().url().includes("stats:watch")) return route.abort();
    const response = await route.fetch();
    return route.fulfill({ response, headers: { ...response.headers(), "x-waypost-role": "viewer" } });
  });
  await page.getByLabel("Access token").fill(ready.admin_token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await go(page, "Numbers");
  const stop = page.getByRole("button", { name: /^Stop/ }).first();
  await stop.waitFor();
  assert.equal(await stop.getAttribute("aria-disabled"), "true");
  await stop.focus();
  await page.keyboard.press("Enter");
  await page.getByText("Needs the role operator; this token has the role viewer.").waitFor();
  assert.equal(await page.getByRole("dialog").count(), 0);
  await shot("viewer");
  await go(page, "Audit");
  await page.getByText("The audit needs the role admin").waitFor();
  await close();
});

test("every view looks right in both themes and at every width", async () => {
  for (const theme of ["light", "dark"]) {
    for (const [width, height] of WIDTHS) {
      const { page, shot, close } = await open(browser, { width, height, theme });
      await shot("login");
      assert.deepEqual(await page.evaluate(faultsOfLook), [], `login ${theme} ${width}`);
      await signIn(page);
      for (const view of VIEWS) {
        await go(page, view);
        if (view !== "Overview") await page.locator("tbody tr, .empty").first().waitFor();
        assert.deepEqual(await page.evaluate(faultsOfLook), [], `${view} ${theme} ${width}`);
        await shot(view.toLowerCase().replace(" ", "-"));
      }
      await close();
    }
  }
});

test("the theme can be chosen and is kept", async () => {
  const { page, close } = await open(browser, { theme: "light" });
  await signIn(page);
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  const theme = page.getByRole("button", { name: /^Theme/ });
  await theme.click();
  await theme.click();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  assert.notEqual(await ground(), light);
  await page.reload();
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await close();
});

test("everything can be reached by keyboard, and what has the focus is seen", async () => {
  const { page, close } = await open(browser);
  await signIn(page);
  for (const view of VIEWS) {
    await go(page, view);
    assert.deepEqual(await withoutRing(page), [], view);
  }
  await page.keyboard.press("Home");
  await go(page, "Overview");
  const pause = page.getByRole("button", { name: "Pause webhooks" });
  await pause.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Pause webhooks" }).waitFor();
  await page.keyboard.press("Escape");
  assert.ok(await pause.evaluate((element) => element === document.activeElement), "the focus is back where it was");
  await close();
});

test("a lost stream is said, and found again", async () => {
  const { page, shot, close } = await open(browser);
  await signIn(page);
  await page.context().setOffline(true);
  // Being offline ends no stream that runs; the next one is refused.
  await page.reload().catch(() => {});
  await page.context().setOffline(false);
  await page.goto(ready.admin_url);
  await page.locator("html[data-live=live]").waitFor();
  await page.route("**/v1/queues/stats:watch*", (route) => route.abort());
  await page.evaluate(() => import("/ui/live.js").then(({ live }) => (live.stop(), live.start())));
  await page.getByText("Connecting again.").waitFor();
  await shot("stale");
  await page.unroute("**/v1/queues/stats:watch*");
  await page.locator("html[data-live=live]").waitFor();
  await page.getByText("Connecting again.").waitFor({ state: "hidden" });
  await close();
});
