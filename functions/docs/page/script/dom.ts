/**
 * Elements, code with colours, tabs.
 *
 * @module
 */

/** `h`, `codeBlock`, `tabs`, `methodBadge`. Text only ever becomes text: nothing is parsed as HTML. */
export const DOM = String.raw`
const $ = (id) => document.getElementById(id);

/** h("a", { href: "#x", class: "y" }, "text", child, [children], null) */
function h(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const TOKENS = {
  json: /(?<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?<string>"(?:[^"\\]|\\.)*")|(?<number>-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|(?<word>\b(?:true|false|null)\b)/g,
  shell: /(?<note>^#.*$)|(?<string>"(?:[^"\\]|\\.)*"|'[^']*')|(?<word>\b(?:curl|export|jq)\b|(?<=\s)--?[a-zA-Z-]+)/gm,
  http: /(?<key>^[A-Za-z][\w-]*(?=:))|(?<word>^HTTP\S+ \d+)|(?<string>"(?:[^"\\]|\\.)*")/gm,
  js: /(?<note>\/\/.*$)|(?<string>"(?:[^"\\]|\\.)*")|(?<number>\b\d+(?:\.\d+)?\b)|(?<word>\b(?:import|from|const|await|async|for|of|if|throw|true|false|null|new)\b)/gm,
  python: /(?<note>#.*$)|(?<string>f?"(?:[^"\\]|\\.)*")|(?<number>\b\d+(?:\.\d+)?\b)|(?<word>\b(?:import|from|print|while|for|in|if|is|break|True|False|None)\b)/gm,
};

function colour(text, language) {
  const pattern = TOKENS[language];
  if (!pattern || text.length > 200000) return [text];
  const parts = [];
  let last = 0;
  for (const match of text.matchAll(pattern)) {
    const kind = Object.keys(match.groups).find((name) => match.groups[name] !== undefined);
    parts.push(text.slice(last, match.index), h("span", { class: "t-" + kind }, match[0]));
    last = match.index + match[0].length;
  }
  parts.push(text.slice(last));
  return parts;
}

/** A button that copies a text and says so. */
function copyButton(text, label) {
  const copy = h("button", { type: "button", class: "quiet copy", "aria-label": "Copy " + label }, "Copy");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Cannot copy";
    }
    setTimeout(() => { copy.textContent = "Copy"; }, 1500);
  });
  return copy;
}

/** A block of code that can be copied and, by keyboard too, scrolled. */
function codeBlock(text, language, label) {
  return h("div", { class: "code" },
    h("pre", { tabindex: "0", role: "region", "aria-label": label }, h("code", null, colour(text, language))), copyButton(text, label));
}

let tabCount = 0;

/** Tabs by the pattern of the ARIA guide: arrows move, one panel shows. The choice outlives a change of page. */
function tabs(label, items, memory, first) {
  const group = "tabs" + (++tabCount);
  const panel = h("div", { id: group + "-panel", role: "tabpanel" });
  const buttons = items.map(([name], index) => h("button", {
    type: "button", role: "tab", id: group + "-" + index, "aria-controls": group + "-panel", "aria-selected": "false",
    tabindex: "-1", onclick: () => choose(index),
  }, name));
  const list = h("div", { class: "tabs", role: "tablist", "aria-label": label }, buttons);
  let shown = first || Math.max(0, items.findIndex(([name]) => memory && name === remembered[memory]));
  function show(index) {
    shown = index;
    buttons.forEach((button, at) => {
      button.setAttribute("aria-selected", String(at === index));
      button.tabIndex = at === index ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", group + "-" + index);
    panel.replaceChildren(...[items[index][1]()].flat());
  }
  function choose(index) {
    if (memory) remembered[memory] = items[index][0];
    show(index);
  }
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose((shown + step + items.length) % items.length);
    buttons[shown].focus();
  });
  show(shown);
  return { list, panel, refresh: () => show(shown) };
}

const remembered = {};

/** GET, POST … as it is coloured everywhere. */
function methodBadge(method) {
  return h("span", { class: "method " + method }, method === "DELETE" ? "DEL" : method);
}`;
