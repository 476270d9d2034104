// The other side: messages through the send API, and faults at the fake Meta.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:net";

const file = process.env.WAYPOST_READY_FILE;
if (!file) throw new Error("WAYPOST_READY_FILE must name the ready file of `waypost up --sandbox`");
export const ready = JSON.parse(readFileSync(file, "utf8"));

export const NUMBER = "106540352242922";
// As the fake Meta has it: whoever writes there and here is the same person.
const ACCOUNT = "100000000000001";

async function answered(request) {
  const answer = await request;
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

export function send(to, text = "Hello") {
  return answered(
    fetch(new URL("/v1/messages", ready.send_url), {
      method: "POST",
      headers: { authorization: `Bearer ${ready.send_key}`, "content-type": "application/json" },
      body: JSON.stringify({ from: NUMBER, to, type: "text", text: { body: text } }),
    }),
  );
}

// A webhook, signed as Meta signs it.
export async function webhook(value, number = NUMBER) {
  const metadata = { display_phone_number: `1555${number.slice(-7)}`, phone_number_id: number };
  const change = { field: "messages", value: { messaging_product: "whatsapp", metadata, ...value } };
  const body = JSON.stringify({ object: "whatsapp_business_account", entry: [{ id: ACCOUNT, changes: [change] }] });
  const signature = createHmac("sha256", ready.app_secret).update(body).digest("hex");
  const answer = await fetch(ready.webhook_url, {
    method: "POST",
    headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${signature}` },
    body,
  });
  if (!answer.ok) throw new Error(`the webhook was answered ${answer.status}`);
}

const now = () => String(Math.floor(Date.now() / 1000));
let told = 0;

// A person writes: a text, or what `what` has, like { type: "image", image: {…} }. Answers the wamid.
export async function write({ phone, name }, what, { number = NUMBER, timestamp = now() } = {}) {
  const id = `wamid.${process.pid}.${++told}`;
  const message = typeof what === "string" ? { type: "text", text: { body: what } } : what;
  await webhook({ contacts: [{ profile: { name }, wa_id: phone }], messages: [{ from: phone, id, timestamp, ...message }] }, number);
  return id;
}

// Meta tells how far a message is.
export function status(wamid, word, { phone }, errors) {
  return webhook({ statuses: [{ id: wamid, status: word, timestamp: now(), recipient_id: phone, ...(errors && { errors }) }] });
}

// So many messages, each to somebody else.
export async function burst(count, prefix) {
  for (let at = 0; at < count; at += 20) {
    const some = Array.from({ length: Math.min(20, count - at) }, (_, more) => send(`+49${prefix}${String(at + more).padStart(5, "0")}`));
    await Promise.all(some);
  }
}

export function faults(list) {
  return answered(
    fetch(new URL("/_sandbox/faults", ready.graph_url), { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(list) }),
  );
}

export function admin(verb, path, body) {
  return answered(
    fetch(new URL(path, ready.admin_url), {
      method: verb,
      headers: { authorization: `Bearer ${ready.admin_token}`, ...(body && { "content-type": "application/json" }) },
      body: body && JSON.stringify(body),
    }),
  );
}

// More events than the realtime service remembers, in a stream that keeps only the last of them: as after a long while.
const PAST = `for at = 1, 5000 do
  redis.call("XADD", KEYS[1], "MAXLEN", 2000, "*", "id", "past:" .. at, "kind", "account", "phone_number_id", "", "data", '{"waba_id":"0","field":"past"}')
end`;

export function passTime() {
  const { hostname, port, password } = new URL(ready.redis_url);
  const command = (...words) => `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(command("AUTH", password) + command("EVAL", PAST, "1", "wp:{events}:stream") + command("QUIT")));
    let answers = "";
    socket.on("data", (data) => (answers += data));
    socket.on("error", reject);
    socket.on("close", () => (/^-/m.test(answers) ? reject(new Error(`Redis answered ${answers}`)) : resolve()));
  });
}

// Throws all dead letters away, so that a test counts only its own.
export async function noDeadLetters() {
  const { plan } = await admin("POST", "/v1/dead-letters:purge", { filter: {}, dryRun: true });
  await admin("POST", "/v1/dead-letters:purge", { filter: {}, confirmationToken: plan.confirmationToken });
}

// Asks until the answer will do. A test waits for a condition, never for a time.
export async function eventually(what, ask, milliseconds = 30000) {
  const end = Date.now() + milliseconds;
  let last;
  for (;;) {
    last = await ask();
    if (last) return last;
    if (Date.now() > end) throw new Error(`not within ${milliseconds / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
