/**
 * Where requests go and as whom: kept for this tab only, and gone with it.
 *
 * @module
 */

/** `session`, `openConnection`, `requestHeaders`. */
export const SESSION = String.raw`
const KEEP = "millrace.docs.session";
const session = { server: "", key: "", token: "", organization: "", ...readSession() };
if (!session.server) session.server = defaultServer();

function readSession() {
  try {
    return JSON.parse(sessionStorage.getItem(KEEP)) || {};
  } catch {
    return {};
  }
}

function keepSession() {
  try {
    sessionStorage.setItem(KEEP, JSON.stringify(session));
  } catch {
    // A page opened from a file may have no storage: then it is forgotten with the page.
  }
  showSession();
}

/** The page's own project when functions serve it, else what the document says. */
function defaultServer() {
  const match = /^(.*\/functions\/v1)\/docs\/?$/.exec(location.href.split(/[?#]/)[0]);
  if (match && location.protocol.startsWith("http")) return match[1];
  return (api.servers && api.servers[0] && api.servers[0].url) || "";
}

function showSession() {
  const on = Boolean(session.key && session.token);
  $("lamp").classList.toggle("on", on);
  $("connect-text").textContent = on ? "Signed in" : session.key ? "Connected" : "Connect";
}

/** What every request carries. */
function requestHeaders() {
  return {
    ...(session.key ? { apikey: session.key } : {}),
    ...(session.token ? { Authorization: "Bearer " + session.token } : {}),
    ...(session.organization ? { "X-Organization-Id": session.organization } : {}),
  };
}

function labelled(label, input, hint) {
  const id = "c-" + label.toLowerCase().replace(/\W+/g, "-");
  input.id = id;
  return h("div", null, h("label", { for: id }, label), input, hint ? h("p", { class: "hint" }, hint) : null);
}

/** The dialog in which one says where and who. */
function openConnection() {
  const dialog = $("connection");
  const server = h("input", { value: session.server, list: "servers", inputmode: "url", autocomplete: "off", required: true });
  const key = h("input", { value: session.key, autocomplete: "off", spellcheck: "false", placeholder: "sb_publishable_…" });
  const token = h("input", { value: session.token, autocomplete: "off", type: "password", placeholder: "eyJ…" });
  const organization = h("input", { value: session.organization, autocomplete: "off", placeholder: "your first one" });
  const email = h("input", { type: "email", autocomplete: "username" });
  const password = h("input", { type: "password", autocomplete: "current-password" });
  const said = h("p", { class: "hint", role: "status" });
  const take = () => {
    Object.assign(session, {
      server: server.value.trim().replace(/\/+$/, ""), key: key.value.trim(),
      token: token.value.trim().replace(/^Bearer +/i, ""), organization: organization.value.trim(),
    });
    keepSession();
  };
  const signIn = async () => {
    take();
    said.textContent = "Signing in …";
    try {
      token.value = await fetchToken(email.value, password.value);
      take();
      said.textContent = "Signed in: the token is filled in above.";
    } catch (error) {
      said.textContent = "Cannot sign in: " + error.message;
    }
  };
  dialog.replaceChildren(
    h("h2", { id: "connection-title" }, "Connection"),
    h("p", { class: "hint" }, "For “Try it” and the code on this page. Kept in this tab only. Never enter a secret key here."),
    h("form", { onsubmit: (event) => { event.preventDefault(); take(); dialog.close(); render(); } },
      labelled("Functions", server, "The address below which the functions answer"),
      h("datalist", { id: "servers" }, (api.servers || []).map(({ url }) => h("option", { value: url }))),
      labelled("Publishable key", key),
      labelled("Access token", token),
      labelled("Organization", organization, "X-Organization-Id, when you are in several"),
      h("fieldset", null, h("legend", null, "Or sign in with a password"),
        h("div", { class: "pair" }, labelled("Email", email), labelled("Password", password),
          h("button", { type: "button", class: "quiet", onclick: signIn }, "Sign in")), said),
      h("div", { class: "buttons" },
        h("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, "Cancel"),
        h("button", { type: "submit", class: "main" }, "Use these"))));
  dialog.showModal();
}

/** Asks the project's Auth for an access token. */
async function fetchToken(email, password) {
  const auth = session.server.replace(/\/functions\/v1.*$/, "") + "/auth/v1/token?grant_type=password";
  const response = await fetch(auth, {
    method: "POST",
    headers: { apikey: session.key, "Content-Type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.msg || body.error_description || body.message || "status " + response.status);
  return body.access_token;
}`;
