// The behaviour of one MediaDrop. gradio calls this once with element, trigger, props, watch in scope.
// The template has no expressions, so gradio never redraws it and the DOM below is this script's own.
const $ = (name) => element.querySelector(".hg-drop" + (name ? "-" + name : ""));
const box = $(""), input = $("input"), stage = $("stage"), bar = $("bar").firstElementChild;
const PICTURE = /\.(jpe?g|png|webp|bmp)$/i;
let file = null, url = "", request = null, isUnplayable = false, note = "";

const sizeText = (bytes) => {
  if (bytes < 1024) return bytes + " B";
  const step = Math.min(3, Math.floor(Math.log(bytes) / Math.log(1024)));
  return (bytes / 1024 ** step).toFixed(1) + " " + ["B", "KB", "MB", "GB"][step];
};
const say = (key) => {
  note = key;
  $("note").textContent = props.problem || (key ? props.texts[key] : "");
  box.classList.toggle("has-problem", !!props.problem);
};
const setPhase = (phase) => {
  box.dataset.phase = phase;
  // The start button waits for uploads: page.css looks at this.
  document.body.classList.toggle("hg-uploading", !!document.querySelector('.hg-drop[data-phase="uploading"]'));
};

function drawTexts() {
  $("title").textContent = props.texts.title;
  $("call").textContent = props.texts.call;
  $("formats").textContent = props.texts.formats;
  $("replace").textContent = props.texts.replace;
  $("remove").textContent = props.texts.remove;
  $("zone").setAttribute("aria-label", props.texts.title + ": " + props.texts.call);
  say(note);
}

function clear() {
  if (request) request.stop();
  if (url) URL.revokeObjectURL(url);
  file = request = null; url = ""; isUnplayable = false; input.value = "";
  stage.replaceChildren(); props.still = props.problem = ""; props.value = null;
  say(""); setPhase("empty");
}

function showPreview() {
  const isPhoto = props.media === "picture" && (file.type.startsWith("image/") || PICTURE.test(file.name));
  const player = document.createElement(isPhoto ? "img" : props.media === "sound" ? "audio" : "video");
  player.addEventListener("error", refuse);
  if (!isPhoto) {
    Object.assign(player, { controls: true, preload: "metadata", playsInline: true });
    // A codec the browser lacks may still give sound: then there is no picture to show.
    if (props.media === "picture") player.addEventListener("loadedmetadata", () => player.videoWidth || refuse());
  }
  player.src = url;
  stage.replaceChildren(player);
}

function refuse() {
  if (!file || isUnplayable) return;
  isUnplayable = true;
  stage.replaceChildren();
  say("unplayable");
  if (props.value) trigger("unplayable");
}

function drawAnswer() {
  if (!isUnplayable) return;
  say("unplayable");
  if (!props.still) return;
  const picture = document.createElement("img");
  picture.src = props.still;
  stage.replaceChildren(picture);
}

function take(chosen) {
  if (!chosen) return;
  clear();
  file = chosen;
  $("name").textContent = $("name").title = file.name;
  $("size").textContent = sizeText(file.size);
  if (file.size > props.max_bytes) { setPhase("failed"); say("too_large"); return; }
  url = URL.createObjectURL(file);
  setPhase("uploading");
  showPreview();
  send();
}

async function send() {
  const current = request = uploadFile(file, (share) => {
    if (request !== current) return;
    bar.style.width = share + "%";
    if (!isUnplayable) $("note").textContent = props.texts.uploading + " " + share + "%";
  });
  bar.style.width = "0";
  try {
    const data = await current.done;
    if (request === current) arrive(data);
  } catch (status) {
    if (request === current) fail(status);
  }
}

function arrive(data) {
  request = null;
  props.value = data;
  setPhase("ready");
  say(isUnplayable ? "unplayable" : "");
  if (isUnplayable) trigger("unplayable");
}

function fail(status) {
  request = null;
  setPhase("failed");
  say(status === 413 ? "too_large" : "upload_failed");
}

$("zone").addEventListener("click", () => input.click());
$("replace").addEventListener("click", () => input.click());
$("remove").addEventListener("click", clear);
input.addEventListener("change", () => take(input.files[0]));
for (const name of ["dragenter", "dragover", "dragleave", "drop"])
  box.addEventListener(name, (event) => {
    event.preventDefault();
    box.classList.toggle("is-over", name === "dragenter" || name === "dragover");
    if (name === "drop") take(event.dataTransfer.files[0]);
  });
watch("texts", () => {
  drawTexts();
  if (props.problem) trigger("unplayable"); // to hear it again in the new language
});
watch(["still", "problem"], drawAnswer);
input.accept = props.accept;
drawTexts();
