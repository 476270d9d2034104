// The figures of all queues, from one stream that every live panel reads, and the last five minutes of them for the charts.
// It connects again by itself, and says when what is shown is old.
import { lines } from "./api.js";

const PATH = "/v1/queues/stats:watch";
const INTERVAL = 1; // seconds
const STALE = 4000; // milliseconds without a line: four were due
const KEPT = 300; // seconds
const QUEUES = ["webhook", "message", "fact"];

class Live extends EventTarget {
  state = "connecting"; // then live or stale
  stats = null;
  at = 0;
  history = emptyHistory();
  #abort = null;
  #failures = 0;
  #watch = 0;

  start() {
    if (this.#abort) return;
    this.#abort = new AbortController();
    this.#watch = setInterval(() => {
      if (this.at && Date.now() - this.at > STALE) this.#turn("stale");
    }, 1000);
    this.#run(this.#abort.signal);
  }

  stop() {
    this.#abort?.abort();
    this.#abort = null;
    clearInterval(this.#watch);
    this.stats = null;
    this.at = 0;
    this.history = emptyHistory();
    this.#turn("connecting");
  }

  // Calls back now, if there is anything, and with every line. Answers how to stop that.
  follow(listener) {
    const hear = () => this.stats && listener(this.stats);
    this.addEventListener("stats", hear);
    hear();
    return () => this.removeEventListener("stats", hear);
  }

  async #run(signal) {
    const parameters = { interval_seconds: INTERVAL, include_numbers: true, include_consumers: true };
    while (!signal.aborted) {
      try {
        await lines(PATH, parameters, (line) => this.#take(line.stats), signal);
      } catch (error) {
        if (signal.aborted) return;
        // With a token that is no good any more, asking again would only count as guessing.
        if (error.status === 401 || error.status === 403) return;
      }
      this.#turn("stale");
      await pause(wait(this.#failures++), signal);
    }
  }

  #take(stats) {
    const now = Date.now();
    if (this.at && now - this.at > STALE) breakLine(this.history, now);
    this.stats = stats;
    this.at = now;
    this.#failures = 0;
    remember(this.history, stats, now);
    this.#turn("live");
    this.dispatchEvent(new Event("stats"));
  }

  #turn(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}

// 1 s, 2 s, 4 s … 15 s, each a little different, so that many tabs do not come back at the same moment.
function wait(failures) {
  return Math.min(15000, 1000 * 2 ** failures) * (0.75 + Math.random() / 2);
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

const SERIES = {
  accepted: (queue) => queue.lastMinute?.acceptedPerSecond ?? 0,
  completed: (queue) => queue.lastMinute?.completedPerSecond ?? 0,
  failed: (queue) => queue.lastMinute?.failedPerSecond ?? 0,
  waiting: (queue) => queue.waiting,
  active: (queue) => queue.active,
  delayed: (queue) => queue.delayed,
};

function emptyHistory() {
  const queues = {};
  for (const queue of QUEUES) {
    queues[queue] = Object.fromEntries(Object.keys(SERIES).map((name) => [name, []]));
  }
  return { times: [], queues };
}

function remember(history, stats, now) {
  push(history, now, (queue, name) => SERIES[name](stats[queue] ?? {}) ?? 0);
  while (history.times[0] < now / 1000 - KEPT - 5) {
    history.times.shift();
    for (const queue of QUEUES) for (const name of Object.keys(SERIES)) history.queues[queue][name].shift();
  }
}

// Nothing is known of the time in between, so no line is drawn across it.
function breakLine(history, now) {
  push(history, now - 1, () => null);
}

function push(history, now, value) {
  history.times.push(now / 1000);
  for (const queue of QUEUES) {
    for (const name of Object.keys(SERIES)) history.queues[queue][name].push(value(queue, name));
  }
}

export const live = new Live();
