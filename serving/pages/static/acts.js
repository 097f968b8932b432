"use strict";
// What people do: who they are, forms, and the tray. An act is kept in this browser for ten seconds, in which it can be
// undone, and until the log has it; it is sent again with its id, so it counts once. Each act has a key of its own, as
// two tabs write at the same time, and in it the home that it is for, as two servers may have the same address.
(() => {
  const KEPT = "ticketyard.acts", WAIT_S = 10, LEASE_S = 20, SHOWN_S = 8, PATIENCE_S = 30, LOOK_MS = 250, RETRY_S = 3, SLOWEST_S = 30;
  const FIELDS = ["id", "ticket_id", "act", "by", "life", "revision", "value", "move", "decision", "was", "reason", "over"];
  const OF_MODELS = ["id", "act", "by", "reason", "over", "version", "release"];
  const OF_LETTERS = ["id", "act", "by", "reason", "before", "letter_id", "repaired", "stage", "error", "topic", "over"];
  const find = (id) => document.getElementById(id);
  const now = () => Date.now() / 1000;
  let me = { wants_key: false, name: null, token: null, home: null };
  let waiting = [], editing = null;

  const word = (name, values = {}) => {
    const said = find("act-words").content.querySelector(`[data-word="${CSS.escape(name)}"]`);
    return said && said.textContent.replace(/{(\w+)}/g, (_, key) => values[key] ?? "");
  };
  const keyOf = (one) => `${KEPT}.${one.home}.${one.id}`;
  const read = (key) => JSON.parse(localStorage.getItem(key)); // null where another tab has dropped it
  const all = () => Object.keys(localStorage).filter((key) => me.home && key.startsWith(`${KEPT}.${me.home}.`)).map(read).filter(Boolean).sort((one, other) => one.at - other.at);
  const keep = (one) => { localStorage.setItem(keyOf(one), JSON.stringify(one)); draw(); };
  const change = (one, news) => { const kept = read(keyOf(one)); if (kept) keep({ ...kept, ...news }); };
  const drop = (one) => { localStorage.removeItem(keyOf(one)); draw(); };
  const mine = (one) => one.by === me.name;
  const newId = () => "page-" + [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

  // Of a closing tab only what was done in it is sent: another may still undo its own.
  const tab = sessionStorage.getItem("ticketyard.tab") || newId();
  sessionStorage.setItem("ticketyard.tab", tab);

  // -- who ------------------------------------------------------------------------------------------------------------
  const knowMe = (told) => {
    // Another home listens here now, and its tickets are others than those on this page.
    if (me.home && told.home !== me.home) { leave(); return; }
    me = told;
    // Who is quick has opened the form before this was known.
    find("sign-in").querySelector(".keyed").hidden = !me.wants_key;
    find("sign-in").querySelector("[name=key]").required = me.wants_key;
    const button = find("who");
    button.dataset.in ||= button.textContent;
    button.textContent = me.name ? `${me.name} · ${button.dataset.out}` : button.dataset.in;
    draw();
    document.dispatchEvent(new CustomEvent("ticketyard:acted"));
    if (!me.name) return;
    find("sign-in").close();
    const asked = waiting; waiting = [];
    asked.forEach((go) => go());
    all().filter((one) => one.state === "sign" && mine(one)).forEach((one) => change(one, { state: "held", due: now() }));
  };
  const leave = () => { inside = true; location.reload(); };
  const ask = async (path, method = "GET", body = undefined, keepalive = false) => {
    const headers = { "content-type": "application/json", "x-csrf-token": me.token || "" };
    return fetch(path, { method, headers, keepalive, body: body && JSON.stringify(body) });
  };
  const said = async (answer) => { try { return await answer.json(); } catch { return {}; } };

  const signIn = (why = "", name = "") => {
    const dialog = find("sign-in");
    dialog.querySelector("[role=alert]").textContent = why;
    if (name) dialog.querySelector("[name=name]").value = name;
    if (!dialog.open) dialog.showModal();
  };
  const signedIn = (go) => { if (me.name) go(); else { waiting.push(go); signIn(me.why ? word(`failed-${me.why}`) : ""); } };

  const submitSignIn = async (form) => {
    const alert = form.querySelector("[role=alert]");
    try {
      const answer = await ask("/acting/session", "POST", { name: form.elements.name.value, key: form.elements.key.value });
      const told = await said(answer);
      if (!answer.ok) {
        const wait = { seconds: answer.headers.get("retry-after") };
        alert.textContent = word(`failed-${told.error?.type}`, wait) || told.error?.message || String(answer.status);
        return;
      }
      form.elements.key.value = "";
      knowMe(told);
    } catch { alert.textContent = word("offline"); }
  };
  const signOut = async () => { const answer = await ask("/acting/session", "DELETE"); if (answer.ok) knowMe(await said(answer)); else await meAgain(); };
  const meAgain = async () => { try { const answer = await ask("/acting/session"); if (answer.ok) knowMe(await said(answer)); } catch { /* said by the tray when something is to be sent */ } };

  // -- sending --------------------------------------------------------------------------------------------------------
  const act = (given) => signedIn(() => {
    keep({ reason: "", over: [], ...given, id: newId(), home: me.home, tab, by: me.name, at: Date.now(), state: "held", due: now() + WAIT_S });
    document.dispatchEvent(new CustomEvent("ticketyard:acted"));
  });

  const send = async (one, keepalive = false) => {
    change(one, { state: "sending", due: now() + LEASE_S });
    const replay = one.act === "replay";
    const body = Object.fromEntries((replay ? OF_LETTERS : one.version ? OF_MODELS : FIELDS).filter((name) => one[name] !== undefined && one[name] !== null).map((name) => [name, one[name]]));
    let answer;
    try { answer = await ask(replay ? "/acting/replays" : one.version ? "/acting/models" : "/acting/acts", "POST", body, keepalive); }
    catch { change(one, { state: "failed", type: "", detail: word("offline"), unsure: true, due: now() + RETRY_S }); return; }
    const told = await said(answer);
    if (answer.ok && replay) sentBack(one, told);
    else if (answer.ok && one.version) released(one, told.release);
    else if (answer.ok) change(one, { state: "kafka", events: told.event_ids, place: told.places.map((p) => `${p.partition}/${p.offset}`).join(", "), due: now(), until: now() + PATIENCE_S });
    else if (answer.status === 409) change(one, { state: "meanwhile", meanwhile: told.meanwhile });
    else failed(one, answer, told.error || {});
  };
  const released = (one, number, state = "released") => {
    change(one, { state, number, due: now() + SHOWN_S });
    document.dispatchEvent(new CustomEvent("ticketyard:logged", { detail: one }));
  };
  // Many letters go back some at a time: the server is asked again until none is left.
  const sentBack = (one, told) => {
    const sent = (one.sent || 0) + told.event_ids.length, stays = [...(one.stays || []), ...told.refused];
    const events = told.event_ids.length ? told.event_ids.slice(-1) : one.events || [];
    if (told.left) { change(one, { events, sent, stays, due: now() }); return; }
    const place = told.places.slice(0, 2).map((p) => `${p.partition}/${p.offset}`).join(", ") + (sent > 2 ? ` … (${sent})` : "");
    if (stays.length) change(one, { state: "refused", type: "", detail: word("partly", { sent, stays: stays.length, why: stays[0].message }) });
    else if (!events.length) released(one, 0, "nothing"); // others have sent them meanwhile, or the answer that said so was lost
    else change(one, { state: "kafka", events, place: place || "—", due: now(), until: now() + PATIENCE_S });
  };
  const failed = (one, answer, error) => {
    const type = error.type || "", detail = error.message || `${answer.status}`;
    if (answer.status === 401 || type === "TokenMissing" || type === "OtherName") { change(one, { state: "sign", type, detail }); meAgain(); }
    else if (answer.status === 429 || answer.status >= 500) {
      const wait = Number(answer.headers.get("retry-after")) || RETRY_S;
      // Who waited in vain for an answer does not know what became of it; who was turned away does.
      change(one, { state: "failed", type, detail, unsure: one.unsure || answer.status >= 500, due: now() + wait });
    } else change(one, { state: "refused", type, detail });
  };
  const look = async (one) => {
    change(one, { due: now() + LEASE_S }); // it is not looked for twice at once
    let logged = true;
    try {
      for (const event of one.events) {
        const path = one.act === "replay" ? "/acting/replayed" : `/acting/logged/${encodeURIComponent(one.ticket_id)}`;
        const answer = await ask(`${path}/${encodeURIComponent(event)}`);
        logged &&= answer.ok && (await said(answer)).logged;
      }
    } catch { logged = false; } // it is looked for again
    if (read(keyOf(one))?.state !== "kafka") return; // another tab was first, or it was left
    const waited = now() - one.until + PATIENCE_S;
    if (!logged) { change(one, { due: now() + Math.min(SLOWEST_S, Math.max(1, waited / 10)) }); return; }
    change(one, { state: "logged", due: now() + SHOWN_S });
    document.dispatchEvent(new CustomEvent("ticketyard:logged", { detail: one }));
  };

  let triedAt = now();
  const tick = () => {
    if (!me.home && now() >= triedAt + RETRY_S) { triedAt = now(); meAgain(); }
    for (const one of all()) {
      if (now() < one.due || one.id === editing) continue;
      if (["held", "failed", "sending"].includes(one.state)) {
        if (mine(one)) send(one);
        else change(one, { state: "sign", type: me.name ? "OtherName" : me.why || "SignInNeeded", detail: "" });
      } else if (one.state === "kafka") look(one);
      else if (["logged", "released", "nothing"].includes(one.state)) drop(one);
    }
    document.querySelectorAll("#acts li").forEach((item) => {
      const one = all().find((each) => each.id === item.id);
      if (one && ["held", "failed", "kafka"].includes(one.state)) say(item, one);
    });
  };

  // -- the tray -------------------------------------------------------------------------------------------------------
  const BUTTONS = { held: ["undo", "now"], failed: ["again", "edit", "drop"], refused: ["edit", "drop"], sign: ["sign", "drop"], meanwhile: ["over", "drop"] };
  const slow = (one) => one.state === "kafka" && now() > one.until;
  // Nobody changes or overrules with what another wrote; to leave it is how a shared browser gets rid of it.
  const buttons = (one) => (slow(one) ? ["drop"] : BUTTONS[one.state] || []).filter((name) => !["edit", "over"].includes(name) || mine(one));
  const say = (item, one) => {
    const seconds = Math.max(0, Math.ceil(one.due - now()));
    const first = (one.meanwhile || [])[0] || {};
    const time = first.at ? new Date(first.at).toLocaleTimeString() : "";
    const name = slow(one) ? "slow" : one.state === "meanwhile" && one.version ? "overtaken" : one.state;
    const text = word(name, { seconds, number: one.number, place: one.place, time, by: first.by, value: first.value || word({ status: "resolved", replay: "sent_back" }[first.about] || "") || "—" });
    const state = item.querySelector(".state");
    // A countdown that is read out each second would drown everything else.
    state.setAttribute("aria-live", ["held", "failed"].includes(one.state) ? "off" : "polite");
    if (state.textContent !== text) state.textContent = text;
  };
  const draw = () => {
    const acts = all(), list = find("acts").querySelector("ol");
    const newest = acts.filter((one) => one.state === "held").at(-1);
    list.querySelectorAll("li").forEach((item) => { if (!acts.some((one) => one.id === item.id)) item.remove(); });
    for (const one of acts) {
      let item = find(one.id);
      if (!item) {
        item = find("act-item").content.firstElementChild.cloneNode(true);
        item.id = one.id;
        item.querySelector(".what strong").textContent = [word(`kind-${one.act}`), one.value, one.to && `→ ${one.to}`].filter(Boolean).join(" ");
        item.querySelector(".what bdi").textContent = one.subject || one.ticket_id;
        list.append(item);
      }
      item.className = one.state;
      say(item, one);
      const failure = ["failed", "refused", "sign"].includes(one.state);
      const told = [word(`failed-${one.type}`), one.type === "KeyTakenAway" ? "" : one.detail, one.unsure && word("unsure")];
      item.querySelector(".detail").textContent = failure ? told.filter(Boolean).join(" ") : "";
      item.querySelectorAll("[data-do]").forEach((button) => {
        button.hidden = !buttons(one).includes(button.dataset.do);
        if (button.dataset.do === "undo" && one === newest) button.dataset.key = "z"; else delete button.dataset.key;
        const hint = button.querySelector("kbd");
        if (hint) hint.hidden = one !== newest;
      });
    }
    find("acts").hidden = !acts.length;
  };
  const done = (one) => document.dispatchEvent(new CustomEvent("ticketyard:undone", { detail: one }));
  const DO = {
    undo: (one) => { drop(one); done(one); },
    drop: (one) => { drop(one); if (one.state !== "kafka") done(one); }, // what Kafka has is not undone
    now: (one) => change(one, { due: now() }), again: (one) => change(one, { due: now() }),
    sign: (one) => { signIn(word(`failed-${one.type}`) || "", one.by); },
    over: (one) => change(one, { over: [...one.over, ...one.meanwhile.map((w) => w.event_id)], state: "held", due: now() }),
    edit: (one) => {
      if (one.repaired) { drop(one); inside = true; location.href = `/data/letters/${encodeURIComponent(one.letter_id)}`; return; } // what was typed is there
      editing = one.id; openForm(one.act, one, one);
    },
  };

  // -- forms ----------------------------------------------------------------------------------------------------------
  let choices = null, about = null;
  const offer = async () => {
    if (choices) return;
    try { const answer = await ask("/acting/choices"); if (!answer.ok) return; choices = await said(answer); } catch { return; } // a form works without
    const fill = (name, values) => find(`known-${name}`).replaceChildren(...values.map(([value, label]) => Object.assign(document.createElement("option"), { value, label: label || "" })));
    fill("intents", choices.intents.map((one) => [one.name, one.team]));
    for (const name of ["teams", "agents", "priorities", "categories", "risks"]) fill(name, choices[name].map((one) => [one]));
  };
  const draft = (kind) => `ticketyard.draft.${about.ticket_id || about.letter_id || about.subject}.${kind}`;
  const values = (form) => Object.fromEntries([...form.elements].filter((one) => one.name).map((one) => [one.name, one.value]));
  const LISTS = { intent: "intents", category: "categories", priority: "priorities", team: "teams", assignee: "agents", satisfaction_risk: "risks" };
  const suit = (form) => {
    const { decision, value } = form.elements;
    if (!decision) return;
    value.setAttribute("list", `known-${LISTS[decision.value] || "none"}`);
    value.placeholder = decision.selectedOptions[0].dataset.hint;
  };
  const openForm = (kind, ticket, before = null) => {
    about = ticket;
    offer();
    const dialog = find("act-dialog"), typed = before || JSON.parse(sessionStorage.getItem(draft(kind)) || "{}");
    dialog.querySelectorAll("form").forEach((form) => {
      form.hidden = form.dataset.form !== kind;
      if (form.hidden) return;
      form.reset();
      for (const [name, value] of Object.entries(typed)) if (form.elements[name] && value) form.elements[name].value = value;
      suit(form);
      find("act-title").textContent = form.dataset.title;
    });
    find("act-ticket").textContent = ticket.subject || ticket.ticket_id;
    dialog.showModal();
  };
  // A correction of triage moves its ticket to the team of its intent, which the server knows, unless it is there already.
  const teamOf = (intent) => choices?.intents.find((one) => one.name === intent)?.team || "";
  const following = (intent, current, to = teamOf(intent)) => (to && to === current.team ? { follows: true } : { follows: true, move: true, to });
  const seen = (part) => {
    const { ticket, life, revision, subject, model, release, ...current } = part.dataset;
    return model ? { version: model, release: Number(release), subject: model } : { ticket_id: ticket, life: Number(life), revision: Number(revision), subject, current };
  };
  const letters = (part) => {
    const { letter, before, stage, error, topic, subject } = part.dataset;
    const one = { letter_id: letter, before, stage, error, topic, subject };
    return Object.fromEntries(Object.entries(one).filter(([, value]) => value));
  };
  const submitAct = (form) => {
    const kind = form.dataset.form, typed = values(form), { current, ticket_id, life, revision, subject, over = [], follows } = about;
    const { letter_id, before, stage, error, topic, version, release } = about;
    const key = draft(kind), was = typed.decision ? (current || {})[typed.decision] : about.was;
    const former = all().find((one) => one.id === editing);
    find("act-dialog").close();
    signedIn(() => {
      if (former) drop(former); // and not before: who closes the form has changed nothing
      act({ ticket_id, life, revision, letter_id, before, stage, error, topic, version, release, subject, over, act: kind, ...typed, ...(follows && following(typed.value, current)), was: was || undefined, current });
      sessionStorage.removeItem(key);
    });
  };

  // -- listening ------------------------------------------------------------------------------------------------------
  let inside = false; // whether this page is left for another page of this server, which goes on with what is kept
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (link && link.origin === location.origin) { inside = true; setTimeout(() => { inside = false; }, 2000); }
    const button = event.target.closest("button");
    if (!button) return;
    if (button.id === "who") me.name ? signOut() : signIn();
    else if (button.dataset.close) button.closest("dialog").close();
    else if (button.dataset.act === "replay") openForm("replay", letters(button.closest("[data-letters]")));
    else if (button.dataset.act) openForm(button.dataset.act, seen(button.closest("[data-ticket], [data-model]")));
    else if (button.dataset.do) { const one = all().find((each) => each.id === button.closest("li").id); if (one && buttons(one).includes(button.dataset.do)) DO[button.dataset.do](one); }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "get" && form.hasAttribute("action")) { inside = true; return; }
    event.preventDefault();
    if (form.id === "sign-in-form") submitSignIn(form);
    else if (form.dataset.form) submitAct(form);
  });
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-form]");
    if (form) { sessionStorage.setItem(draft(form.dataset.form), JSON.stringify(values(form))); suit(form); }
  });
  find("sign-in").addEventListener("close", () => { if (!me.name) waiting = []; });
  find("act-dialog").addEventListener("close", () => { editing = null; });
  addEventListener("storage", draw);
  addEventListener("pagehide", () => { if (!inside && me.name) all().filter((one) => one.state === "held" && one.tab === tab && mine(one)).forEach((one) => send(one, true)); });
  document.addEventListener("ticketyard:logged", (event) => {
    const shown = document.querySelector("main .acts[data-ticket]"), replay = event.detail.act === "replay";
    const list = replay ? "main [data-letters]" : event.detail.version && "main [data-models]";
    const here = list ? document.querySelector(list) : shown && shown.dataset.ticket === event.detail.ticket_id;
    if (here && !document.querySelector("dialog[open]")) leave();
  });
  window.ticketyard = { act, all, seen, letters, offer, following, ask, meAgain, signedIn, leave, who: () => me.name };
  draw();
  meAgain().then(() => setInterval(tick, LOOK_MS));
})();
