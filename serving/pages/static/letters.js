"use strict";
// The page of one dead letter: what is repaired is checked by the contract before it is handed on to be sent.
(() => {
  const form = document.getElementById("repair"), part = document.getElementById("letter");
  if (document.getElementById("unsigned")) {
    const acts = window.ticketyard, again = () => { if (acts.who()) acts.leave(); };
    document.querySelector("#unsigned button").addEventListener("click", () => acts.signedIn(again));
    document.addEventListener("ticketyard:acted", again);
    again(); // who came from another site has a session that the first request did not carry
  }
  if (!form) return;
  const DRAFT = `ticketyard.draft.${part.dataset.letter}.repair`;
  const fields = [...form.elements].filter((one) => one.name);
  const changed = (one) => one.value !== one.defaultValue;

  const repaired = () => {
    const found = { headers: {} };
    for (const one of fields.filter(changed)) {
      if (one.dataset.header) found.headers[one.name] = one.value;
      else if (one.name === "value") found.value = one.value;
    }
    return found.value === undefined && !Object.keys(found.headers).length ? undefined : found;
  };
  // Why it does not fit; nothing where it does, and null where somebody has to sign in before anybody can say.
  const refused = async (mended, again = true) => {
    if (!mended) return "";
    try {
      const path = `/acting/letters/${encodeURIComponent(part.dataset.letter)}/check`;
      const answer = await window.ticketyard.ask(path, "POST", mended);
      if (answer.ok) return "";
      const { error } = await answer.json();
      if (!again || (answer.status !== 401 && error.type !== "TokenMissing")) return error.message;
      const wrote = window.ticketyard.who();
      await window.ticketyard.meAgain(); // the session has ended, or another tab has begun a new one
      const here = window.ticketyard.who();
      if (here && here !== wrote) return error.message; // what one has written is not sent under another's name
      return here ? refused(mended, false) : null;
    } catch (error) { return String(error); }
  };
  const submit = async () => {
    const button = form.querySelector("button"), alert = form.querySelector("[role=alert]"), mended = repaired();
    button.disabled = true;
    const why = await refused(mended);
    button.disabled = false;
    alert.textContent = why || "";
    if (why === null) window.ticketyard.signedIn(submit);
    if (why !== "") return;
    window.ticketyard.act({ ...window.ticketyard.letters(part), act: "replay", reason: form.elements.reason.value, repaired: mended });
  };

  // What was typed stays in this tab until the log has it.
  const keep = () => sessionStorage.setItem(DRAFT, JSON.stringify(Object.fromEntries(fields.filter(changed).map((one) => [one.name, one.value]))));
  for (const [name, value] of Object.entries(JSON.parse(sessionStorage.getItem(DRAFT) || "{}"))) form.elements[name].value = value;
  form.addEventListener("input", keep);
  form.addEventListener("reset", () => sessionStorage.removeItem(DRAFT));
  form.addEventListener("submit", () => window.ticketyard.signedIn(submit));
  document.getElementById("mend").addEventListener("click", () => form.elements.value.focus());
  document.addEventListener("ticketyard:logged", (event) => { if (event.detail.letter_id === part.dataset.letter) sessionStorage.removeItem(DRAFT); }, true);
})();
