// The gateway: one call, a stream of lines, and the errors of both.
import { session } from "./session.js";

// An answer that is no success, as RFC 9457 words it. `body` has the members that a method adds, like a plan to confirm.
export class Problem extends Error {
  constructor(status, body = {}, retryAfter = 0) {
    super(body.detail || body.title || `The server answered ${status}.`);
    this.name = "Problem";
    this.status = status;
    this.body = body;
    this.fields = body.errors ?? [];
    this.retryAfter = retryAfter;
  }
}

// The server could not be reached: 0 is no status of HTTP.
function unreachable() {
  return new Problem(0, { detail: "Waypost cannot be reached. Is it running?" });
}

// Query parameters by the names of the proto, `filter.class` for what is nested. What is empty is left out.
function query(parameters = {}) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== "" && one !== false) search.append(name, String(one));
    }
  }
  const text = search.toString();
  return text && `?${text}`;
}

async function request(verb, path, { parameters, body, accept, signal, token = session.token }) {
  const headers = { accept };
  if (token) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path + query(parameters), {
      method: verb,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw unreachable();
  }
  if (!answer.ok) throw await problem(answer, token);
  session.seen(answer.headers.get("x-waypost-role"));
  return answer;
}

async function problem(answer, token) {
  let body = {};
  try {
    body = await answer.json();
  } catch {
    // What stands in between, like a proxy, answers no JSON.
  }
  const found = new Problem(answer.status, body, Number(answer.headers.get("retry-after")) || 0);
  // A token that was good and is not any more ends the session; one that is just being tried does not.
  if (answer.status === 401 && token === session.token && session.role) session.end("The token is not valid any more.");
  session.seen(answer.headers.get("x-waypost-role"));
  return found;
}

export async function call(verb, path, options = {}) {
  const answer = await request(verb, path, { accept: "application/json", ...options });
  return answer.json();
}

export const get = (path, parameters, options) => call("GET", path, { parameters, ...options });
export const post = (path, body, options) => call("POST", path, { body, ...options });
export const put = (path, body, options) => call("PUT", path, { body, ...options });
export const remove = (path, parameters, options) => call("DELETE", path, { parameters, ...options });

// Lines of JSON, each handed to `onLine`, until the server ends the stream or `signal` does.
export async function lines(path, parameters, onLine, signal) {
  const answer = await request("GET", path, { parameters, accept: "application/x-ndjson", signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const parts = (rest + value).split("\n");
      rest = parts.pop();
      for (const part of parts) {
        if (!part.trim()) continue;
        const line = JSON.parse(part);
        // A stream that has begun has no status left to tell a failure by: its last line does.
        if (line.problem) throw new Problem(line.problem.status, line.problem);
        onLine(line);
      }
    }
  } catch (error) {
    if (error.name === "AbortError" || error.name === "Problem" || error instanceof SyntaxError) throw error;
    throw unreachable();
  } finally {
    reader.cancel().catch(() => {});
  }
}

// A piece of a path; what is in an id must not become a part of the path.
export const piece = (text) => encodeURIComponent(text);
