// gradio writes a few words of its toasts in English whatever the language: put them into the page's.
const translate = () => {
  for (const node of document.querySelectorAll('.toast-title, [data-testid="toast-text"]')) {
    const words = props.words[node.textContent.trim()];
    if (words && words !== node.textContent.trim()) node.textContent = words;
  }
};
new MutationObserver(translate).observe(document.body, { childList: true, subtree: true });
