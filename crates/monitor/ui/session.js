// The token of this tab and the role that it has. The token is kept for as long as the tab lives, and goes nowhere but into the
// authorization header of our own server.
const KEY = "waypost.token";
const RANK = { viewer: 1, operator: 2, admin: 3 };

class Session extends EventTarget {
  #token = read();
  #role = "";

  get token() {
    return this.#token;
  }

  get role() {
    return this.#role;
  }

  keep(token) {
    this.#token = token;
    try {
      sessionStorage.setItem(KEY, token);
    } catch {
      // Without storage a reload asks for it again.
    }
  }

  // `waypost up` prints an address with #token=…: a fragment never leaves the browser, and it is taken out of the address at once.
  takeHanded() {
    const handed = /^#token=(.+)$/.exec(location.hash);
    if (!handed) return;
    this.keep(decodeURIComponent(handed[1]));
    history.replaceState(null, "", location.pathname);
  }

  // Every answer tells the role, so a token whose role was changed is noticed with the next one.
  seen(role) {
    if (!role || role === this.#role) return;
    this.#role = role;
    this.dispatchEvent(new Event("role"));
  }

  end(reason = "") {
    this.#token = "";
    this.#role = "";
    try {
      sessionStorage.removeItem(KEY);
    } catch {
      // Nothing was kept.
    }
    this.dispatchEvent(new CustomEvent("end", { detail: reason }));
  }

  // A server that tells no role decides by itself; then nothing is switched off here.
  may(role) {
    return !this.#role || (RANK[this.#role] ?? 0) >= RANK[role];
  }
}

function read() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

export const session = new Session();
