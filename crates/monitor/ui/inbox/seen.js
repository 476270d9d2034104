// What was seen in this browser. WhatsApp is told nothing by it: whether a message was read is a matter between us and this page.
const KEY = "waypost.inbox.seen";
const KEPT = 1000;

// By conversation: since which message somebody waits for an answer, and how many such messages were seen.
const seen = read();

// Messages of a conversation that nobody has seen here: those that wait for an answer, less what was seen of them.
export function unseen({ key, unanswered, since }) {
  const known = seen.get(key);
  if (!unanswered || !known || known.since !== since) return unanswered;
  return Math.max(0, unanswered - known.count);
}

export function see({ key, unanswered, since }) {
  const known = seen.get(key);
  if (!unanswered || !since || (known?.since === since && known.count >= unanswered)) return;
  seen.delete(key);
  seen.set(key, { since, count: unanswered });
  if (seen.size > KEPT) seen.delete(seen.keys().next().value);
  try {
    localStorage.setItem(KEY, JSON.stringify([...seen]));
  } catch {
    // Without storage it holds for this page.
  }
}

function read() {
  try {
    return new Map(JSON.parse(localStorage.getItem(KEY)) ?? []);
  } catch {
    return new Map();
  }
}
