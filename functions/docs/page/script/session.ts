/**
 * Where requests go and as whom. Credentials stay in the page's memory; only whoever wants it keeps them for the tab. They
 * are never in an address, and only in headers of requests to the project.
 *
 * @module
 */

/** `session`, `openConnection`, `requestHeaders`. */
export const SESSION = String.raw`
const KEEP = "millrace.docs.session";
const EMPTY = { mode: "key", apiKey: "", publishableKey: "", token: "", organization: "", keep: false };
const session = { ...EMPTY, ...readSession(), server: defaultServer() };

function readSession() {
  try {
    return JSON.parse(sessionStorage.getItem(KEEP)) || {};
  } catch {
    return {};
  }
}

function keepSession() {
  try {
    const { server: _, ...kept } = session;
    if (session.keep) sessionStorage.setItem(KEEP, JSON.stringify(kept));
    else sessionStorage.removeItem(KEEP);
  } catch {
    // A page opened from a file may have no storage: then it is forgotten with the page.
  }
  showSession();
}

/** The page's own project when functions serve it, else what the document says. */
function defaultServer() {
  const match = /^(https?:.*)\/docs$/.exec(here);
  if (match) return match[1];
  return (site.servers && site.servers[0] && site.servers[0].url) || "";
}

function hasCredential() {
  return session.mode === "key" ? session.apiKey !== "" : session.token !== "";
}

function showSession() {
  const live = session.mode === "key" && session.apiKey.startsWith("mr_live_");
  $("lamp").className = "lamp" + (hasCredential() ? live ? " live" : " on" : "");
  $("connect-text").textContent = !hasCredential() ? "Add a key"
    : session.mode === "user" ? "Signed in" : (live ? "Live key …" : "Key …") + session.apiKey.slice(-4);
}

/** What every request carries. */
function requestHeaders(operation) {
  if (operation.security.length === 0 || !hasCredential()) return {};
  return {
    ...(session.mode === "key" ? { Authorization: "Bearer " + session.apiKey } : {
      ...(session.publishableKey ? { apikey: session.publishableKey } : {}), Authorization: "Bearer " + session.token,
    }),
    ...(session.organization && session.mode === "user" ? { "X-Organization-Id": session.organization } : {}),
  };
}

function labelled(label, input, hint) {
  const id = "c-" + label.toLowerCase().replace(/\W+/g, "-");
  input.id = id;
  if (hint) input.setAttribute("aria-describedby", id + "-hint");
  return h("div", null, h("label", { for: id }, label), input, hint ? h("p", { class: "hint", id: id + "-hint" }, inline(hint)) : null);
}

const secretInput = (value, placeholder) =>
  h("input", { value, placeholder, type: "password", autocomplete: "off", spellcheck: "false", autocapitalize: "off" });

/** The dialog in which one says who one is. */
function openConnection() {
  const dialog = $("connection");
  const inputs = {
    apiKey: secretInput(session.apiKey, "mr_test_…"),
    publishableKey: h("input", { value: session.publishableKey, autocomplete: "off", spellcheck: "false", placeholder: "sb_publishable_…" }),
    token: secretInput(session.token, "eyJ…"),
    organization: h("input", { value: session.organization, autocomplete: "off", spellcheck: "false", placeholder: "your first one" }),
  };
  const keep = h("input", { type: "checkbox", id: "c-keep", checked: session.keep });
  const said = h("p", { class: "hint error", role: "alert" });
  let mode = session.mode;
  const view = tabs("Credential", [
    ["API key", () => {
      mode = "key";
      return labelled("API key", inputs.apiKey, "Made with " + TICK + "POST /keys" + TICK + ". A test key is enough: both kinds reach the same data.");
    }],
    ["Access token", () => {
      mode = "user";
      return [labelled("Publishable key", inputs.publishableKey), labelled("Access token", inputs.token, "Of whoever is signed in with Supabase Auth."),
        signInForm(inputs, said), labelled("Organization", inputs.organization, "Its id, when you are in several.")];
    }],
  ], null, session.mode === "user" ? 1 : 0);
  const take = () => {
    const value = (name) => inputs[name].value.trim().replace(/^Bearer +/i, "");
    if (Object.values(inputs).some((input) => /^sb_secret_/.test(input.value.trim()))) {
      said.textContent = "That is a secret key of the project: it reaches everything, and does not belong into a browser.";
      return false;
    }
    if (mode === "key" && value("apiKey") !== "" && !/^mr_(live|test)_\w+$/.test(value("apiKey"))) {
      said.textContent = "An API key begins with mr_live_ or mr_test_.";
      inputs.apiKey.focus();
      return false;
    }
    for (const name of Object.keys(inputs)) session[name] = value(name);
    Object.assign(session, { mode, keep: keep.checked });
    keepSession();
    return true;
  };
  dialog.replaceChildren(
    h("h2", { id: "connection-title" }, "Try it with your own data"),
    h("p", { class: "hint" }, "Requests go to ", h("code", null, session.server), " and nowhere else. What you enter stays in this page's memory."),
    h("form", { method: "dialog", onsubmit: (event) => { event.preventDefault(); if (take()) { dialog.close(); render(); } } },
      view.list, h("div", { class: "stack" }, view.panel),
      h("label", { class: "check", for: "c-keep" }, keep, " Keep it until this tab is closed, over reloads too"),
      said,
      h("div", { class: "buttons" },
        h("button", { type: "button", class: "quiet", onclick: () => { Object.assign(session, EMPTY); keepSession(); dialog.close(); render(); } }, "Forget it"),
        h("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, "Cancel"),
        h("button", { type: "submit", class: "main" }, "Use it"))));
  dialog.showModal();
  (mode === "key" ? inputs.apiKey : inputs.token).focus();
}

function signInForm(inputs, said) {
  const email = h("input", { type: "email", autocomplete: "username" });
  const password = h("input", { type: "password", autocomplete: "current-password" });
  const signIn = async () => {
    said.textContent = "";
    try {
      inputs.token.value = await fetchToken(inputs.publishableKey.value.trim(), email.value, password.value);
      password.value = "";
    } catch (error) {
      said.textContent = "Cannot sign in: " + error.message;
    }
  };
  return h("fieldset", null, h("legend", null, "Or sign in: the token is filled in"),
    h("div", { class: "pair" }, labelled("Email", email), labelled("Password", password),
      h("button", { type: "button", class: "quiet", onclick: signIn }, "Sign in")));
}

/** Asks the project's Auth for an access token. */
async function fetchToken(key, email, password) {
  const response = await fetch(session.server.replace(/\/functions\/v1.*$/, "") + "/auth/v1/token?grant_type=password", {
    method: "POST",
    headers: { apikey: key, "Content-Type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.msg || body.error_description || body.message || "status " + response.status);
  return body.access_token;
}`;
