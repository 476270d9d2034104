// Login by token.
import { get } from "../api.js";
import { h } from "../dom.js";
import { button } from "../parts/button.js";
import { field } from "../parts/fields.js";
import { reason } from "../parts/notice.js";
import { session } from "../session.js";

// Goes in with the token that there is, or asks for one by `showLogin(why)`.
export async function arrive(enter, showLogin) {
  session.takeHanded();
  try {
    // Without a tokens file, a server on loopback asks nobody for a token.
    await get("/v1/queues/stats");
    enter();
  } catch (error) {
    if (session.token && error.status === 401) session.end("That token is not valid.");
    // Without a token, to be refused is no news.
    else showLogin(error.status === 401 || error.status === 429 ? "" : error.message);
  }
}

export function login(why, enter) {
  const trouble = h("p", { class: "trouble", role: "alert", hidden: !why }, why);
  const go = button("Sign in", { kind: "primary", type: "submit" });
  const form = h(
    "form",
    { class: "stack" },
    field({ name: "token", label: "Access token", type: "password", autocomplete: "current-password", required: true, autofocus: true }),
    trouble,
    go,
  );

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const control = form.elements.token;
    const token = control.value.trim();
    if (!token || go.ariaBusy === "true") return;
    go.ariaBusy = "true";
    try {
      await get("/v1/queues/stats", {}, { token });
      session.keep(token);
      enter();
    } catch (error) {
      trouble.textContent = error.status === 401 ? "That token is not known here." : reason(error);
      trouble.hidden = false;
      control.setAttribute("aria-invalid", "true");
      control.select();
    } finally {
      go.ariaBusy = "false";
    }
  });

  setTimeout(() => form.elements.token.focus());
  return h(
    "main",
    { class: "login" },
    h(
      "div",
      { class: "login-card" },
      h("div", { class: "login-brand" }, h("img", { src: "/ui/favicon.svg", alt: "" }), h("h1", {}, "Waypost")),
      form,
      h(
        "p",
        { class: "hint" },
        h("code", {}, "waypost up"),
        " prints a token when it starts; ",
        h("code", {}, "waypost key new --role operator"),
        " makes one. It is kept until this tab is closed.",
      ),
    ),
  );
}
