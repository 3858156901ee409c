// A video that the browser cannot play is shown by its poster, with a word why.
element.addEventListener("error", (event) => {
  const player = event.target;
  if (player.nodeName === "VIDEO") refuse(player);
}, true);
// A codec the browser lacks may still give sound: then there is no picture to show.
element.addEventListener("loadedmetadata", ({ target }) => {
  if (target.nodeName === "VIDEO" && !target.videoWidth) refuse(target);
}, true);

function refuse(player) {
  const note = Object.assign(document.createElement("p"), { className: "hg-drop-note", textContent: player.dataset.unplayable });
  const still = Object.assign(document.createElement("img"), { className: "hg-video", src: player.poster, alt: "" });
  player.replaceWith(...(player.poster ? [still] : []), note);
}
