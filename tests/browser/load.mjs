// The other side: messages through the send API, and faults at the fake Meta.
import { readFileSync } from "node:fs";

const file = process.env.WAYPOST_READY_FILE;
if (!file) throw new Error("WAYPOST_READY_FILE must name the ready file of `waypost up --sandbox`");
export const ready = JSON.parse(readFileSync(file, "utf8"));

export const NUMBER = "106540352242922";

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
