// Sends one file by gradio's own route. `onShare` hears percents; `done` brings what gradio takes for an upload of its
// own, or fails with the HTTP status, 0 for a lost connection. `stop` gives up.
function uploadFile(file, onShare) {
  const form = new FormData(), request = new XMLHttpRequest();
  form.append("files", file, file.name);
  const done = new Promise((resolve, reject) => {
    request.upload.onprogress = (event) => onShare(Math.round((100 * event.loaded) / event.total));
    request.onload = () => (request.status === 200 ? resolve(JSON.parse(request.responseText)[0]) : reject(request.status));
    request.onerror = () => reject(0);
  });
  request.open("POST", new URL("gradio_api/upload", document.baseURI));
  request.send(form);
  const asData = (path) => ({ path, orig_name: file.name, size: file.size, meta: { _type: "gradio.FileData" } });
  return { done: done.then(asData), stop: () => request.abort() };
}
