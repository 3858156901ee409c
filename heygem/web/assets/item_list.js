// The behaviour of one item_list. gradio calls this once with element, trigger, props, watch in scope.
// The template has no expressions, so gradio never redraws it and the DOM below is this script's own.
const head = element.querySelector(".hg-list-head"), list = element.querySelector(".hg-list");
const rows = new Map(), checked = new Set(), revealed = new WeakSet();
let version = "", scope = "", chosen = "", drawnHead = null;

const parse = (html) => Object.assign(document.createElement("div"), { innerHTML: html });
const rowOf = (node) => node.closest("[data-key]");
const act = (action, key = "", text = "") => trigger("act", { action, key, checked: [...checked], text });

// Brings `now` to what `then` is with as few changes as possible: focus, a playing video and a bar's motion stay.
// Elements of different data-part are never turned into one another; what is data-kept keeps its content.
function morph(now, then) {
  const [olds, news] = [[...now.childNodes], [...then.childNodes]];
  news.forEach((child, place) => {
    const old = olds[place];
    if (!old) return now.append(child);
    if (old.nodeName !== child.nodeName || old.dataset?.part !== child.dataset?.part) return old.replaceWith(child);
    if (old.nodeType === Node.TEXT_NODE) {
      if (old.data !== child.data) old.data = child.data;
      return;
    }
    for (const { name } of [...old.attributes]) if (!child.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of child.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    if (!old.matches("[data-kept]")) morph(old, child);
  });
  olds.slice(news.length).forEach((old) => old.remove());
}

function draw() {
  const value = props.value;
  if (!value || value.version === version) return;
  if (value.base && value.base !== version) return trigger("stale");
  version = value.version;
  if (scope !== value.scope) checked.clear();
  scope = value.scope;
  for (const [key, [kind, html]] of Object.entries(value.rows)) {
    if (!rows.has(key)) rows.set(key, Object.assign(document.createElement("div"), { className: "hg-item" }));
    const row = rows.get(key);
    Object.assign(row.dataset, { key, kind });
    row.setAttribute("role", "listitem");
    morph(row, parse(html));
  }
  arrange(value.order);
  mark();
  const fresh = Object.keys(value.rows).map((key) => rows.get(key)?.querySelector("[data-reveal]"));
  fresh.find((node) => node && !revealed.has(node))?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  for (const node of fresh) if (node) revealed.add(node);
}

function arrange(order) {
  const wanted = new Set(order);
  for (const [key, row] of rows) if (!wanted.has(key)) { row.remove(); rows.delete(key); if (!scope) checked.delete(key); }
  order.forEach((key, place) => {
    const row = rows.get(key), there = list.children[place];
    if (row !== there) list.insertBefore(row, there || null);
  });
}

function mark() {
  for (const [key, row] of rows) {
    const box = row.querySelector("[data-check]");
    if (box) box.checked = checked.has(key);
    row.classList.toggle("is-chosen", key === chosen);
  }
  const boxes = [...list.querySelectorAll("[data-check]")];
  const all = head.querySelector("[data-check-all]");
  if (all) Object.assign(all, { disabled: !boxes.length, checked: boxes.length > 0 && boxes.every((box) => box.checked) });
  if (all) all.indeterminate = checked.size > 0 && !all.checked;
  const count = head.querySelector("[data-checked-count]");
  if (count) count.textContent = checked.size ? count.dataset.checkedCount.replace("#", checked.size) : "";
  for (const button of head.querySelectorAll("[data-needs-checked]")) button.disabled = !checked.size;
}

function drawHead() {
  list.setAttribute("aria-label", props.label);
  const html = props.head_html ?? "";
  if (drawnHead !== html) morph(head, parse((drawnHead = html)));
  mark();
}

function pick(row) {
  chosen = row.dataset.key;
  mark();
  act("pick", chosen);
}

function play(row, url) {
  const stage = row.querySelector("[data-kept]");
  if (stage.firstChild) return stage.replaceChildren();
  const video = Object.assign(document.createElement("video"), { src: url, controls: true, playsInline: true });
  video.className = "hg-video";
  stage.replaceChildren(video);
  video.play().catch(() => {});
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]"), row = rowOf(event.target);
  if (!button) {
    if (row?.querySelector('[data-action="pick"]') && !event.target.closest("input, a, video, label")) pick(row);
    return;
  }
  if (button.dataset.action === "pick") return pick(row);
  if (button.dataset.action === "play") return play(row, button.dataset.url);
  if (button.dataset.ask && !confirm(button.dataset.ask)) return;
  if (button.dataset.post) return post(button.dataset.post);
  act(button.dataset.action, row ? row.dataset.key : "");
  if ("forget" in button.dataset) row ? checked.delete(row.dataset.key) : checked.clear();
  mark();
});

// Sends the checked keys to an address that answers with a file.
function post(action) {
  const form = Object.assign(document.createElement("form"), { method: "post", action, hidden: true });
  form.append(Object.assign(document.createElement("input"), { name: "keys", value: [...checked].join(",") }));
  document.body.append(form);
  form.submit();
  form.remove();
}

element.addEventListener("change", (event) => {
  const { submit } = event.target.dataset;
  if (submit) act(submit, rowOf(event.target)?.dataset.key, event.target.value);
  if (event.target.nodeName === "SELECT") event.target.selectedIndex = 0;
  if (event.target.matches("[data-check-all]"))
    for (const box of list.querySelectorAll("[data-check]")) {
      const key = rowOf(box).dataset.key;
      event.target.checked ? checked.add(key) : checked.delete(key);
    }
  else if (event.target.matches("[data-check]")) {
    const key = rowOf(event.target).dataset.key;
    event.target.checked ? checked.add(key) : checked.delete(key);
  }
  mark();
});

list.addEventListener("keydown", (event) => {
  const row = rowOf(event.target), step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!row?.querySelector('[data-action="pick"]') || event.target.closest("video")) return;
  if (event.key === "Delete") return act("remove", row.dataset.key);
  if (!step) return;
  event.preventDefault();
  const names = [...list.querySelectorAll('[data-action="pick"]')];
  const next = names[names.indexOf(row.querySelector('[data-action="pick"]')) + step];
  if (next) { next.focus(); pick(rowOf(next)); }
});

watch("value", draw);
watch(["head_html", "label"], drawHead);
drawHead();
draw();
if (props.head_html === undefined) trigger("stale"); // another update came before this script, and replaced it
