// Events as they happen, over Socket.IO. Whoever listens here hears each event once: what comes again after a break is dropped by
// its id, and what was missed is asked for by the position of the last one.
import { post } from "../api.js";
import { reason } from "../parts/notice.js";
import { session } from "../session.js";
import { io } from "../vendor/socket.io-client/socket.io.esm.min.js";

const KINDS = ["message", "status", "contact", "account"];
const KEPT = 5000; // ids to know doubles by
const FRESH = 60000; // milliseconds that a token must be good for still
const LONGEST = 15000; // milliseconds from one try to the next
// Words of the server for a token in whose place another may do.
const TOKENS = ["no-token", "invalid-token", "expired-token"];

class Realtime extends EventTarget {
  state = "connecting"; // then live, reconnecting or offline
  why = ""; // of being offline: what to do about it
  position = "";
  #run = 0; // of what was begun before the last start or stop nothing may come
  #socket = null;
  #token = null; // { text, expires }
  #seen = new Set();
  #timer = 0;
  #failures = 0;

  start() {
    this.#run++;
    addEventListener("offline", this.#wentOffline);
    addEventListener("online", this.#cameOnline);
    this.#turn("connecting");
    this.#open();
  }

  stop() {
    removeEventListener("offline", this.#wentOffline);
    removeEventListener("online", this.#cameOnline);
    clearTimeout(this.#timer);
    this.#run++;
    const socket = this.#socket;
    this.#socket = null;
    socket?.disconnect();
    this.why = "";
    this.#token = null;
    this.#seen.clear();
    this.position = "";
    this.#failures = 0;
  }

  // Where the service is comes with the first token.
  async #open() {
    const run = this.#run;
    try {
      const url = await this.#issue();
      if (run !== this.#run) return;
      if (!url) return this.#giveUp("The address of the realtime service is not set: monitor.realtime_url.");
      this.#connect(new URL(url));
    } catch (error) {
      if (run !== this.#run) return;
      // Not allowed, or not set up: asking again would change nothing.
      if (error.status === 403) return this.#giveUp(`To hear what happens needs the role operator; this token has the role ${session.role || "viewer"}.`);
      if (error.status === 409) return this.#giveUp(reason(error));
      if (error.status === 401) return;
      this.#turn("reconnecting");
      this.#later(() => this.#open());
    }
  }

  #connect(url) {
    const socket = io(url.origin, {
      path: `${url.pathname.replace(/\/$/, "")}/socket.io/`,
      // A WebSocket needs no stickiness of whatever balances the load; polling is for those who let none through.
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      auth: (give) => this.#authorize(give),
      reconnectionDelayMax: LONGEST,
      forceNew: true,
    });
    this.#socket = socket;
    for (const kind of KINDS) socket.on(kind, (event) => this.#take(event));
    socket.on("position", ({ position }) => (this.position = position));
    socket.on("resync", ({ since, position }) => {
      this.position = position;
      this.dispatchEvent(new CustomEvent("resync", { detail: since }));
    });
    let pause = 0;
    socket.on("bye", (bye) => {
      pause = bye.retry_ms;
      if (bye.reason === "expired") this.#token = null;
    });
    socket.on("connect", () => {
      this.#failures = 0;
      this.#turn("live");
      // Nothing was handed over, so what was before this moment is in history alone.
      if (!this.position) this.dispatchEvent(new CustomEvent("resync", { detail: "" }));
    });
    socket.on("disconnect", () => {
      if (this.#socket !== socket) return;
      this.#turn(navigator.onLine ? "reconnecting" : "offline");
      // Where the server has ended it, the library leaves it to us to come back.
      if (!socket.active) this.#later(() => socket.connect(), pause);
      pause = 0;
    });
    socket.on("connect_error", (error) => {
      if (this.#socket !== socket) return;
      this.#turn(navigator.onLine ? "reconnecting" : "offline");
      if (TOKENS.includes(error.data?.code)) this.#token = null;
      // A position that is none: then from now on, and history is read again.
      if (error.data?.code === "invalid") this.position = "";
      if (!socket.active) this.#later(() => socket.connect(), error.data?.retry_ms);
    });
  }

  // For every connection: a token that is good for a while, and where to go on.
  async #authorize(give) {
    try {
      if (!this.#token || this.#token.expires - Date.now() < FRESH) await this.#issue();
    } catch {
      // The server refuses what comes now, and then it is tried again.
    }
    give({ token: this.#token?.text ?? "", ...(this.position && { position: this.position }) });
  }

  async #issue() {
    const { token, expiresAt, url } = await post("/v1/realtime/tokens", { numbers: ["*"], subject: "inbox" });
    this.#token = { text: token, expires: new Date(expiresAt).getTime() };
    return url;
  }

  #take(event) {
    this.position = event.position;
    if (this.#seen.has(event.id)) return;
    this.#seen.add(event.id);
    if (this.#seen.size > KEPT) this.#seen.delete(this.#seen.values().next().value);
    this.dispatchEvent(new CustomEvent("event", { detail: event }));
  }

  #later(run, milliseconds) {
    const wait = milliseconds || Math.min(LONGEST, 1000 * 2 ** this.#failures++) * (0.75 + Math.random() / 2);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(run, wait);
  }

  #giveUp(why) {
    this.why = why;
    this.#turn("offline");
  }

  #wentOffline = () => {
    if (this.#socket) this.#turn("offline");
  };

  // At once, and not when the next try is due.
  #cameOnline = () => {
    if (!this.#socket || this.state === "live") return;
    this.#turn("reconnecting");
    this.#socket.disconnect().connect();
  };

  #turn(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}

export const realtime = new Realtime();
