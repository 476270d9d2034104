// The inbox: start, login, and what leads from events to what is shown.
import { fill } from "../dom.js";
import { reason } from "../parts/notice.js";
import { session } from "../session.js";
import { arrive, login } from "../views/login.js";
import { buildFrame } from "./frame.js";
import { inbox } from "./inbox.js";
import { realtime } from "./realtime.js";

const SLOWLY = 20000; // milliseconds between two looks where nothing is live
const SOON = 5000; // milliseconds until what failed is tried again
const root = document.getElementById("app");
let frame = null;
let again = 0;

function enter() {
  frame?.close();
  frame = buildFrame();
  fill(root, frame.element);
  realtime.start();
}

function showLogin(why) {
  frame?.close();
  frame = null;
  clearTimeout(again);
  realtime.stop();
  inbox.clear();
  document.title = "Sign in · Inbox · Waypost";
  fill(root, login(why, enter));
}

// What was missed is in history, and is asked for until it has come: what happens later does not tell of it.
async function refresh() {
  clearTimeout(again);
  let trouble = "";
  try {
    await inbox.refresh();
  } catch (error) {
    if (!frame || error.status === 401) return;
    trouble = reason(error);
    again = setTimeout(refresh, SOON);
  }
  inbox.tell(trouble);
}

realtime.addEventListener("event", ({ detail }) => inbox.take(detail));
realtime.addEventListener("resync", refresh);
session.addEventListener("end", ({ detail }) => showLogin(detail));
document.addEventListener("visibilitychange", () => inbox.look());
// Without events it is at least looked up.
setInterval(() => frame && realtime.why && refresh(), SLOWLY);
arrive(enter, showLogin);
