// Chromium's own EventSource, several of them in one page of another origin than the service.
//
// The argument is `{"port": P, "clients": [{"name", "url"}, …]}`: the page is served at 127.0.0.1:P. Prints a line for everything that
// a client is told; ends when its input does. The browser comes back by itself and hands over `Last-Event-ID`: there is nothing here
// that helps it.
import { createServer } from "node:http";
import { chromium } from "../browser/node_modules/playwright-core/index.mjs";

const { port, clients } = JSON.parse(process.argv[2]);
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"];
const LOOK = 50;

// Runs in the page.
function listen(clients) {
  const heard = [];
  window.take = () => heard.splice(0);
  for (const { name: client, url } of clients) {
    const source = new EventSource(url);
    const put = (name, data) => heard.push({ client, name, data });
    source.onopen = () => put("open");
    // A source that the browser has closed for good is not opened again by it.
    source.onerror = () => put(source.readyState === EventSource.CLOSED ? "refused" : "error", "the browser gave up");
    for (const name of ["message", "status", "contact", "account", "resync", "bye"]) {
      source.addEventListener(name, (event) => put(name, JSON.parse(event.data)));
    }
  }
}

const server = createServer((request, response) => response.setHeader("content-type", "text/html").end("<!doctype html><title>events</title>"));
await new Promise((done) => server.listen(port, "127.0.0.1", done));
const browser = await chromium.launch({ executablePath: process.env.WAYPOST_CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
const page = await browser.newPage();
page.on("pageerror", (error) => console.error(error.stack));
page.on("console", (message) => console.error(message.text()));
await page.goto(`http://127.0.0.1:${port}/`);
await page.evaluate(listen, clients);

let ending = false;
process.stdin.on("end", () => (ending = true)).resume();
while (!ending) {
  await new Promise((done) => setTimeout(done, LOOK));
  const heard = await page.evaluate(() => window.take());
  if (heard.length) process.stdout.write(heard.map((one) => `${JSON.stringify(one)}\n`).join(""));
}
await browser.close();
server.close();
