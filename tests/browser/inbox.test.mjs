// The inbox, used as somebody uses it who answers people. The tests run in this order against one `waypost up --sandbox`.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { NUMBER, admin, eventually, faults, passTime, ready, send, status, write } from "./load.mjs";
import { faultsOfLook, withoutRing } from "./look.mjs";
import { launch, open } from "./page.mjs";

const WIDTHS = [
  [1440, 900],
  [768, 1024],
  [360, 740],
];
const OTHER = "106540352242923";
// Nobody whom another test, or a run before, has written to.
const run = String(Date.now()).slice(-7);
let last = 0;
const person = (name) => ({ phone: `4916${run}${String(++last).padStart(2, "0")}`, name: `${name} ${run}` });
// These two are met again in later tests.
const ticks = person("Ada Ticks");
const long = person("Ada Long");

let browser;
before(async () => (browser = await launch()));
after(async () => {
  await faults([]);
  await browser.close();
});

async function openInbox(options = {}) {
  const opened = await open(browser, { path: "/inbox", others: [ready.realtime_url], ...options });
  await opened.page.getByLabel("Access token").fill(ready.admin_token);
  await opened.page.getByRole("button", { name: "Sign in" }).click();
  await opened.page.getByRole("heading", { name: "Inbox", level: 1 }).waitFor();
  await isLive(opened.page);
  return opened;
}

const isLive = (page) => page.locator("html[data-live=live]").waitFor();
const talks = (page) => page.getByRole("navigation", { name: "Conversations" });
const talk = (page, { name }) => talks(page).getByRole("link").filter({ hasText: name });
const bubbles = (page, text) => page.locator(".bubble", { hasText: text });
const how = (page, text) => bubbles(page, text).locator(".how");
const box = (page) => page.getByRole("textbox", { name: "Message" });

// The fake Meta calls everybody by one name when it tells a status: from here on the conversation is the chosen one.
const chosen = (page) => page.locator(".talk[aria-current=page]");

async function choose(page, person) {
  await talk(page, person).click();
  await page.getByRole("heading", { name: person.name, level: 2 }).waitFor();
}

async function answer(page, text) {
  await box(page).fill(text);
  await box(page).press("Enter");
  await bubbles(page, text).waitFor();
}

// The wamid of a message that Meta has.
async function wamidOf(text, { phone }) {
  return eventually(`Meta has "${text}"`, async () => {
    const { messages } = await admin("GET", `/v1/messages?direction=out&include_payload=true&person_phone=${phone}`);
    return messages.find((one) => one.payload.includes(text))?.wamid;
  });
}

test("what somebody writes appears without a reload, and a second person beside it", async () => {
  const { page, shot, close } = await openInbox();
  const [ada, ben] = [person("Ada First"), person("Ben Second")];
  await write(ada, "Is the shop open today?");
  await talk(page, ada).getByText("Is the shop open today?").waitFor();
  await write(ben, "Hello there");
  await talk(page, ben).waitFor();
  assert.match(await talks(page).getByRole("link").first().textContent(), new RegExp(ben.name), "the newest comes first");
  await write(ben, "Anybody there?");
  await talk(page, ben).getByLabel("2 not seen").waitFor();
  assert.match(await page.title(), /^\(\d+\) /);
  await shot("inbox-list");

  await choose(page, ada);
  await bubbles(page, "Is the shop open today?").waitFor();
  await page.locator(".day", { hasText: "Today" }).waitFor();
  assert.equal(await talk(page, ada).locator(".talk-unread").isVisible(), false, "what is read is seen");
  await write(ada, "And tomorrow?");
  await bubbles(page, "And tomorrow?").waitFor();
  assert.equal(await bubbles(page, "Hello there").count(), 0, "what others write is elsewhere");

  await page.reload();
  await bubbles(page, "And tomorrow?").waitFor();
  assert.equal(await talk(page, ada).locator(".talk-unread").isVisible(), false, "it is seen after a reload too");
  await talk(page, ben).getByLabel("2 not seen").waitFor();
  await close();
});

test("an answer appears at once, and its ticks go from sent to read", async () => {
  const { page, shot, close } = await openInbox();
  const ada = person("Ada Asks");
  await write(ada, "When do you close?");
  await choose(page, ada);
  await box(page).fill("At six,");
  await box(page).press("Shift+Enter");
  await box(page).pressSequentially("sharp.");
  // Every word that its state goes through.
  await page.evaluate(() => {
    globalThis.words = [];
    const look = () => {
      const word = [...document.querySelectorAll(".bubble")].find((one) => one.textContent.includes("At six"))?.querySelector(".how")?.textContent;
      if (word && word !== words.at(-1)) words.push(word);
    };
    new MutationObserver(look).observe(document.querySelector(".said"), { childList: true, subtree: true, characterData: true });
  });
  await box(page).press("Enter");
  await bubbles(page, "At six").waitFor();
  assert.equal(await box(page).inputValue(), "");
  // The fake Meta tells that it was sent, delivered and read.
  await how(page, "At six").getByText("Read", { exact: true }).waitFor();
  const words = await page.evaluate(() => globalThis.words);
  const order = ["Sending", "Queued", "Sent", "Delivered", "Read"];
  assert.equal(words[0], "Sending");
  assert.deepEqual(words, order.filter((word) => words.includes(word)), "in this order, none twice");
  assert.equal(await bubbles(page, "At six").count(), 1);
  await chosen(page).getByText("At six, sharp.").waitFor();
  await shot("inbox-answer");

  const count = await page.locator(".bubble").count();
  await box(page).fill("   ");
  await box(page).press("Enter");
  assert.equal(await page.locator(".bubble").count(), count, "nothing is not sent");
  await close();
});

test("each tick has a word and a drawing, and a failure its reason", async (t) => {
  t.after(() => faults([]));
  const { page, shot, close } = await openInbox();
  const ada = ticks;
  await write(ada, "Tell me more");
  await choose(page, ticks);
  // Meta takes it and tells nothing by itself.
  await faults([{ when: { recipient: ada.phone }, what: { slow_ms: 1 }, silent: true }]);
  await answer(page, "Step by step");
  const drawing = () => how(page, "Step by step").locator("path").getAttribute("d");
  await how(page, "Step by step").getByText("Sent", { exact: true }).waitFor();
  const once = await drawing();
  const wamid = await wamidOf("Step by step", ada);
  await status(wamid, "delivered", ada);
  await how(page, "Step by step").getByText("Delivered", { exact: true }).waitFor();
  const twice = await drawing();
  const colour = () => how(page, "Step by step").evaluate((element) => getComputedStyle(element).color);
  const grey = await colour();
  await status(wamid, "read", ada);
  await how(page, "Step by step").getByText("Read", { exact: true }).waitFor();
  assert.notEqual(once, twice);
  assert.equal(await drawing(), twice);
  assert.notEqual(await colour(), grey);
  // What comes late changes nothing.
  await status(wamid, "sent", ada);

  await answer(page, "Never to arrive");
  await status(await wamidOf("Never to arrive", ada), "failed", ada, [{ code: 131026, title: "Message undeliverable", error_data: { details: "Not on WhatsApp." } }]);
  await how(page, "Never to arrive").getByText("Failed", { exact: true }).waitFor();
  await bubbles(page, "Never to arrive").getByText("131026").waitFor();
  assert.equal(await how(page, "Step by step").textContent(), "Read");

  // Refused at once, and for good.
  await faults([{ when: { recipient: ada.phone }, what: { error: { code: 131026 } } }]);
  await answer(page, "Refused at once");
  await how(page, "Refused at once").getByText("Not sent", { exact: true }).waitFor();
  await bubbles(page, "Refused at once").getByText("Meta refused it").waitFor();
  await shot("inbox-ticks");
  await page.reload();
  await bubbles(page, "Refused at once").getByText("Meta refused it").waitFor();
  await bubbles(page, "Never to arrive").getByText("131026").waitFor();
  await close();
});

test("what others send is seen too, with its state", async () => {
  const { page, close } = await openInbox();
  const ada = person("Ada Elsewhere");
  await write(ada, "Are you there?");
  await choose(page, ada);
  await send(`+${ada.phone}`, "From another program");
  await bubbles(page, "From another program").waitFor();
  await how(page, "From another program").getByText("Read", { exact: true }).waitFor();
  assert.equal(await bubbles(page, "From another program").count(), 1);
  await close();
});

test("what cannot be sent is said beside the box, and the text is not lost", async () => {
  const { page, shot, close } = await openInbox();
  const ada = person("Ada Waits");
  await write(ada, "Hello?");
  await choose(page, ada);
  const keys = [];
  await page.route("**/v1/messages:sendText", (route) => {
    keys.push(route.request().postDataJSON().idempotencyKey);
    return keys.length > 1 ? route.continue() : route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ status: 503, detail: "Redis cannot be reached" }) });
  });
  await box(page).fill("Worth keeping");
  await box(page).press("Enter");
  await page.locator(".composer").getByRole("alert").getByText("Redis cannot be reached.").waitFor();
  assert.equal(await box(page).inputValue(), "Worth keeping");
  await bubbles(page, "Worth keeping").waitFor({ state: "detached" });
  await shot("inbox-trouble");
  await box(page).press("Enter");
  await how(page, "Worth keeping").getByText("Read", { exact: true }).waitFor();
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1], "one that may have been taken is not sent twice");
  assert.equal(await page.locator(".composer").getByRole("alert").isVisible(), false);
  await close();
});

test("a lost connection is said, and what happened meanwhile is there once", async () => {
  const { page, shot, close } = await openInbox({ breaks: true });
  const [ada, ben] = [person("Ada Returns"), person("Ben Meanwhile")];
  await write(ada, "Before");
  await choose(page, ada);
  await answer(page, "Answered before");
  await how(page, "Answered before").getByText("Read", { exact: true }).waitFor();

  await page.context().setOffline(true);
  await page.getByText("Offline", { exact: true }).waitFor();
  for (const text of ["Meanwhile one", "Meanwhile two", "Meanwhile three"]) await write(ada, text);
  await write(ben, "Also meanwhile");
  await send(`+${ada.phone}`, "Sent meanwhile");
  await wamidOf("Sent meanwhile", ada);
  await shot("inbox-offline");
  assert.equal(await bubbles(page, "Meanwhile one").count(), 0, "offline is offline");

  await page.context().setOffline(false);
  await isLive(page);
  await page.getByText("Live", { exact: true }).waitFor();
  for (const text of ["Meanwhile one", "Meanwhile two", "Meanwhile three"]) await bubbles(page, text).waitFor();
  await how(page, "Sent meanwhile").getByText("Read", { exact: true }).waitFor();
  await talk(page, ben).waitFor();
  await write(ada, "And after");
  await bubbles(page, "And after").waitFor();
  const said = await page.locator(".bubble-text").allTextContents();
  assert.deepEqual([...said].sort(), ["And after", "Answered before", "Before", "Meanwhile one", "Meanwhile three", "Meanwhile two", "Sent meanwhile"]);
  await close();
});

test("after a break that the server cannot bridge, history is read again", async () => {
  const { page, close } = await openInbox({ breaks: true });
  const ada = person("Ada Gone");
  await write(ada, "Before the gap");
  await choose(page, ada);
  await bubbles(page, "Before the gap").waitFor();
  await page.context().setOffline(true);
  await page.getByText("Offline", { exact: true }).waitFor();
  await write(ada, "In the gap");
  await eventually("it is stored", async () => (await admin("GET", `/v1/messages?person_phone=${ada.phone}`)).messages.length === 2);
  await page.evaluate(async () => {
    const { realtime } = await import("/ui/inbox/realtime.js");
    globalThis.gaps = 0;
    realtime.addEventListener("resync", ({ detail }) => detail && gaps++);
  });
  // So much has happened since that nobody remembers what the page has missed.
  await passTime();
  await page.context().setOffline(false);
  await eventually("the server says that there is a gap", () => page.evaluate(() => globalThis.gaps > 0));
  await isLive(page);
  await bubbles(page, "In the gap").waitFor();
  assert.equal(await page.locator(".bubble").count(), 2);
  await close();
});

test("what was missed is asked for until it has come", async () => {
  const { page, shot, close } = await openInbox();
  const ada = person("Ada Missed");
  await write(ada, "Hello");
  await choose(page, ada);
  await page.route("**/v1/conversations**", (route) => route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ status: 503, detail: "Postgres cannot be reached" }) }));
  await page.evaluate(() => import("/ui/inbox/realtime.js").then(({ realtime }) => realtime.dispatchEvent(new CustomEvent("resync"))));
  const late = page.getByText("What happened meanwhile is not here yet, and is asked for again. Postgres cannot be reached.");
  await late.waitFor();
  await shot("inbox-late");
  await page.unroute("**/v1/conversations**");
  await late.waitFor({ state: "hidden" });
  await close();
});

test("a token serves for many connections, and one that is near its end for none", async () => {
  const { page, close } = await open(browser, { path: "/inbox", others: [ready.realtime_url], breaks: true });
  let issued = 0;
  let lasts = 0; // seconds; 0 leaves it as it is
  await page.route("**/v1/realtime/tokens", async (route) => {
    issued++;
    const response = await route.fetch();
    const body = await response.json();
    if (lasts) body.expiresAt = new Date(Date.now() + lasts * 1000).toISOString();
    await route.fulfill({ response, json: body });
  });
  await page.getByLabel("Access token").fill(ready.admin_token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await isLive(page);
  const again = async () => {
    await page.context().setOffline(true);
    await page.getByText("Offline", { exact: true }).waitFor();
    await page.context().setOffline(false);
    await isLive(page);
  };
  await again();
  assert.equal(issued, 1);
  lasts = 30;
  await page.reload();
  await isLive(page);
  const before = issued;
  await again();
  assert.ok(issued > before, "a fresh one was asked for");
  await close();
});

test("what is no text has a name, and another number is told apart", async () => {
  const { page, shot, close } = await openInbox();
  const ada = person("Ada Media");
  const sent = (what) => write(ada, what);
  await sent({ type: "image", image: { id: "1", mime_type: "image/jpeg", sha256: "x", caption: "My receipt" } });
  await sent({ type: "document", document: { id: "2", mime_type: "application/pdf", sha256: "x", filename: "A file with a name that goes on and on and on and has no end in sight.pdf" } });
  await sent({ type: "audio", audio: { id: "3", mime_type: "audio/ogg", sha256: "x", voice: true } });
  await sent({ type: "location", location: { latitude: 52.5, longitude: 13.4, name: "The office", address: "High Street 1" } });
  await sent({ type: "reaction", reaction: { message_id: "wamid.x", emoji: "👍" } });
  await sent({ type: "something_new", something_new: {} });
  await sent(`A long word: ${"x".repeat(300)}\nand <b>no markup</b>`);
  await write(ada, "The same person, to the other number", { number: OTHER });
  const to = (number) => talk(page, ada).filter({ hasText: `To +1555${number.slice(-7)}` });
  await to(OTHER).getByText("to the other number").waitFor();
  await to(NUMBER).click();
  for (const text of ["My receipt", "A file with a name", "Voice message", "The office", "👍", "Something new", "<b>no markup</b>"]) {
    await page.locator(".bubble", { hasText: text }).waitFor();
  }
  assert.equal(await bubbles(page, "the other number").count(), 0);
  await shot("inbox-kinds");
  assert.deepEqual(await page.evaluate(faultsOfLook), []);
  await close();
});

test("earlier messages and conversations are a press away", async () => {
  const ada = long;
  for (let at = 0; at < 60; at++) await write(ada, `Number ${at}.`);
  await eventually("all are stored", async () => (await admin("GET", `/v1/messages?person_phone=${ada.phone}&page_size=100`)).messages.length === 60);
  const { page, shot, close } = await openInbox();
  await choose(page, ada);
  await bubbles(page, "Number 59.").waitFor();
  const isSeen = () => bubbles(page, "Number 59.").evaluate((one) => one.getBoundingClientRect().bottom <= document.querySelector(".thread-scroll").getBoundingClientRect().bottom + 1);
  await eventually("the last one is in sight", isSeen);
  assert.equal(await page.locator(".bubble").count(), 50, "a page");
  await page.getByRole("button", { name: "Earlier messages" }).click();
  await eventually("all are there", async () => (await page.locator(".bubble").count()) === 60);
  const said = await page.locator(".bubble-text").allTextContents();
  assert.deepEqual(said, Array.from({ length: 60 }, (_, at) => `Number ${at}.`));
  // Whoever reads further up is not thrown down by what comes in.
  await page.locator(".thread-scroll").evaluate((one) => (one.scrollTop = 0));
  await write(ada, "Number 60.");
  const news = page.getByRole("button", { name: "New messages" });
  await news.waitFor();
  await shot("inbox-news");
  assert.equal(await page.locator(".thread-scroll").evaluate((one) => one.scrollTop < 100), true);
  await news.click();
  await news.waitFor({ state: "hidden" });
  await close();
});

test("a viewer sees who wrote and not what, and why nothing is live", async () => {
  const { page, shot, close } = await open(browser, { path: "/inbox", others: [ready.realtime_url] });
  // The token is an admin's; the page knows a role only by what the server says of it.
  await page.route("**/v1/**", async (route) => {
    if (route.request().url().includes("realtime/tokens")) {
      return route.fulfill({ status: 403, headers: { "x-waypost-role": "viewer" }, contentType: "application/problem+json", body: JSON.stringify({ status: 403, detail: "needs the role operator" }) });
    }
    assert.ok(!route.request().url().includes("include_payload"), "bodies were asked for");
    const response = await route.fetch();
    return route.fulfill({ response, headers: { ...response.headers(), "x-waypost-role": "viewer" } });
  });
  await page.getByLabel("Access token").fill(ready.admin_token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Nothing is live").waitFor();
  await choose(page, long);
  await page.getByText("What people wrote is for operators").waitFor();
  assert.equal(await box(page).count(), 0);
  assert.equal(await page.getByText("Number 60.").count(), 0);
  await shot("inbox-viewer");
  assert.deepEqual(await page.evaluate(faultsOfLook), []);
  await close();
});

test("it looks right in both themes and at every width", async () => {
  for (const theme of ["light", "dark"]) {
    for (const [width, height] of WIDTHS) {
      const { page, shot, close } = await openInbox({ width, height, theme });
      await talks(page).getByRole("link").first().waitFor();
      assert.deepEqual(await page.evaluate(faultsOfLook), [], `list ${theme} ${width}`);
      await shot("inbox");
      await choose(page, ticks);
      await bubbles(page, "Refused at once").waitFor();
      assert.deepEqual(await page.evaluate(faultsOfLook), [], `conversation ${theme} ${width}`);
      await shot("inbox-open");
      if (width < 640) {
        await page.getByRole("link", { name: "Back to the conversations" }).click();
        await talk(page, ticks).waitFor();
        assert.equal(await box(page).isVisible(), false);
      }
      await close();
    }
  }
});

test("everything can be reached by keyboard, and what has the focus is seen", async () => {
  const { page, close } = await openInbox();
  await choose(page, ticks);
  assert.ok(await box(page).evaluate((element) => element === document.activeElement), "one can write at once");
  assert.deepEqual(await withoutRing(page), []);
  await close();
});

test("whoever signs out sees nothing more", async () => {
  const { page, close } = await openInbox();
  await choose(page, ticks);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Access token").waitFor();
  assert.equal(await page.getByText(ticks.name).count(), 0);
  await close();
});
