/** The one dialog: it names what will happen, and does nothing unless one says yes. */

const dialog = document.getElementById("sure");
const terms = document.getElementById("ban-terms");

document.getElementById("sure-no").addEventListener("click", () => dialog.close("no"));

/** Whether the person says yes to `yes`. */
export async function isSure(title, text, yes) {
  return (await ask(title, text, yes)) === "yes";
}

/** The ban's terms as the API takes them, or null if the person says no. */
export async function banTerms(title, text, yes) {
  dialog.querySelector("form").reset();
  terms.hidden = false;
  const answer = await ask(title, text, yes);
  terms.hidden = true;
  if (answer !== "yes") return null;
  const hours = Number(document.getElementById("ban-hours").value);
  return {
    until: hours ? new Date(Date.now() + hours * 3600e3).toISOString() : null,
    reason: document.getElementById("ban-reason").value,
  };
}

function ask(title, text, yes) {
  document.getElementById("sure-title").textContent = title;
  document.getElementById("sure-text").textContent = text;
  document.getElementById("sure-yes").textContent = yes;
  const asked = document.activeElement;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((answered) => {
    const close = () => {
      if (!asked.isConnected) giveFocus(); // the button was taken away meanwhile
      answered(dialog.returnValue);
    };
    dialog.addEventListener("close", close, { once: true });
  });
}

/** What the page asks for is moot: nothing was said to it. */
export const withdraw = () => dialog.open && dialog.close("no");

/** To the title of what is shown, so that the keyboard is never lost. */
export function giveFocus() {
  document.querySelector("main > section:not([hidden]) h2").focus();
}
