// The behaviour of one files_drop: takes many files, sends them one after the other, hands them to the server as they come.
// The template has no expressions, so gradio never redraws it and the DOM below is this script's own.
const $ = (name) => element.querySelector(".hg-drop" + (name ? "-" + name : ""));
const box = $(""), input = $("input"), bar = $("bar").firstElementChild;
const PATIENCE_MS = 60000;
let waiting = [], isSending = false, sent = 0, total = 0, share = 0, arrived = [], handed = null, handfuls = 0, faults = [], giveUp = 0;

const endings = () => props.accept.split(",").filter((word) => word.startsWith("."));
const isWanted = (file) => endings().some((ending) => file.name.toLowerCase().endsWith(ending));

function drawTexts() {
  $("title").textContent = props.texts.title;
  $("call").textContent = props.texts.call;
  $("formats").textContent = props.texts.formats;
  $("zone").setAttribute("aria-label", props.texts.title + ": " + props.texts.call);
  drawState();
}

function drawState() {
  const isBusy = isSending || waiting.length || arrived.length || handed;
  box.dataset.phase = isBusy ? "uploading" : faults.length ? "failed" : "empty";
  bar.style.width = (total ? (100 * sent + share) / total : 0) + "%";
  const said = faults.map(({ name, key }) => `${name}: ${props.texts[key]}`).join("\n");
  $("note").textContent = isBusy ? `${props.texts.uploading} ${Math.min(sent + 1, total)}/${total}` : said;
  document.body.classList.toggle("hg-uploading", !!document.querySelector('.hg-drop[data-phase="uploading"]'));
}

function take(files) {
  if (!files.length) return;
  if (!isSending && !waiting.length) { sent = total = 0; faults = []; }
  for (const file of files)
    if (file.size > props.max_bytes) faults.push({ name: file.name, key: "too_large" });
    else { waiting.push(file); total += 1; }
  pump();
}

function pump() {
  if (!isSending && waiting.length) send(waiting.shift());
  hand();
  drawState();
}

async function send(file) {
  isSending = true;
  try {
    const data = await uploadFile(file, (percent) => { share = percent; drawState(); }).done;
    arrived.push(data);
  } catch (status) {
    faults.push({ name: file.name, key: status === 413 ? "too_large" : "upload_failed" });
  }
  isSending = false; share = 0; sent += 1;
  pump();
}

// One handful at a time: the server answers with its number.
function hand() {
  if (handed || !arrived.length || !props.ready) return;
  handed = { number: (handfuls += 1), files: arrived };
  arrived = [];
  props.value = handed;
  trigger("arrived");
  giveUp = setTimeout(() => settle(true), PATIENCE_MS);
}

function settle(isLost) {
  if (!handed || (props.taken !== handed.number && !isLost)) return;
  clearTimeout(giveUp);
  if (isLost) for (const { orig_name } of handed.files) faults.push({ name: orig_name, key: "upload_failed" });
  handed = null;
  pump();
}

async function filesOf(entry) {
  if (entry.isFile) return new Promise((resolve) => entry.file((file) => resolve([file]), () => resolve([])));
  const reader = entry.createReader(), found = [];
  for (;;) {
    const part = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!part.length) return found;
    for (const child of part) found.push(...(await filesOf(child)).filter(isWanted));
  }
}

async function takeDropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return take([...transfer.files]);
  take((await Promise.all(entries.map(filesOf))).flat());
}

$("zone").addEventListener("click", () => input.click());
input.addEventListener("change", () => { take([...input.files]); input.value = ""; });
for (const name of ["dragenter", "dragover", "dragleave", "drop"])
  box.addEventListener(name, (event) => {
    event.preventDefault();
    box.classList.toggle("is-over", name === "dragenter" || name === "dragover");
    if (name === "drop") takeDropped(event.dataTransfer);
  });
watch("texts", drawTexts);
watch("taken", () => settle(false));
watch("ready", pump);
input.accept = props.accept;
drawTexts();
// An update that came before this script would have replaced every property: so it is asked for, and not just sent.
(function ask() {
  if (props.ready) return;
  trigger("born");
  setTimeout(ask, 400);
})();
