// Brings a result into view when it replaces a progress bar, not when a page opens with one; and says so when a job
// that this tab was watching is not known any more, since a server that was restarted only answers "no job".
const WATCHING = "heygem-watching";
const GRACE_MS = 4000; // for the first answer after a page has opened

function look() {
  const isBusy = !!element.querySelector(".hg-progress");
  const end = element.querySelector(".hg-result, .hg-notice");
  if (isBusy) sessionStorage.setItem(WATCHING, "yes");
  if (!end) return;
  if (sessionStorage.getItem(WATCHING)) end.scrollIntoView({ behavior: "smooth", block: "nearest" });
  sessionStorage.removeItem(WATCHING);
}

function tellLost() {
  if (!sessionStorage.getItem(WATCHING) || element.querySelector("section")) return;
  sessionStorage.removeItem(WATCHING);
  props.value = props.lost;
}

watch("value", look);
setTimeout(tellLost, GRACE_MS);
