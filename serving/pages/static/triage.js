"use strict";
// Triage by keyboard: shows one ticket after the other, and has read the next two before they are asked for.
(() => {
  const AHEAD = 2, LOOK_MS = 30000, GLANCE_MS = 700;
  const queue = document.getElementById("queue"), card = document.getElementById("card");
  const cards = new Map(), guesses = new Map(), reasons = new Map();
  const left = document.getElementById("left");
  let more = left.textContent.endsWith("+"); // whether more wait than the queue shows
  let shown = null, looking = new AbortController();

  const open = () => [...queue.children].filter((item) => !item.hidden);
  const count = () => { left.textContent = `${open().length}${more ? "+" : ""}`; };
  const read = async (kind, ticket, signal) => {
    const answer = await fetch(`/acting/${kind}/${encodeURIComponent(ticket)}`, { signal, headers: { "accept-language": document.documentElement.lang } });
    if (answer.ok) return answer.text();
    let told = {};
    try { told = await answer.json(); } catch { /* no answer of ours: its status is said */ }
    throw new Error(told.error?.message || `${answer.status}`);
  };
  const kept = (map, kind, ticket, signal) => {
    if (!map.has(ticket)) {
      const reading = read(kind, ticket, signal);
      reading.catch(() => map.delete(ticket)); // what failed is read anew when it is shown again
      map.set(ticket, reading);
    }
    return map.get(ticket);
  };
  const plain = (message) => Object.assign(document.createElement("p"), { className: "bad", textContent: message });

  const show = async (item) => {
    shown = item ? item.dataset.ticket : null;
    looking.abort();
    const leaving = looking = new AbortController();
    [...queue.children].forEach((one) => one.toggleAttribute("aria-current", one === item));
    card.hidden = !item;
    document.getElementById("empty").hidden = Boolean(item);
    document.getElementById("card-failed").hidden = true;
    count();
    // The buttons of the ticket before decide nothing while this one is read.
    card.replaceChildren(Object.assign(document.createElement("p"), { className: "quiet", textContent: card.dataset.reading }));
    if (!item) return;
    const ticket = shown;
    item.scrollIntoView({ block: "nearest" });
    const ahead = open().slice(open().indexOf(item), open().indexOf(item) + 1 + AHEAD).map((one) => one.dataset.ticket);
    ahead.forEach((one) => kept(cards, "cards", one).catch(() => null));
    try {
      const text = await kept(cards, "cards", ticket);
      if (shown !== ticket) return;
      card.innerHTML = text;
      card.querySelectorAll("time").forEach((time) => { time.title = time.dateTime; time.textContent = new Date(time.dateTime).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }); });
      card.focus({ preventScroll: true });
    } catch (error) {
      const failed = document.getElementById("card-failed");
      failed.textContent = error.message; failed.hidden = false; card.hidden = true;
      return;
    }
    // Guesses of all that are near come before the reasons of any: those take longer and are computed one by one.
    ahead.forEach((one) => kept(guesses, "guesses", one).catch(() => null));
    await explain(ticket, guesses, "guesses");
    // Who is quick needs no reasons; they cost the server up to seconds, so those of a ticket that was left are called off.
    await new Promise((glanced) => setTimeout(glanced, GLANCE_MS));
    if (shown === ticket) await explain(ticket, reasons, "why", leaving.signal);
  };
  const explain = async (ticket, map, kind, signal) => {
    let text = null, failure = null;
    try { text = await kept(map, kind, ticket, signal); } catch (error) { failure = error.message; }
    const place = card.querySelector("#guesses");
    if (shown !== ticket || !place) return;
    if (text !== null) place.innerHTML = text;
    else place.querySelector("#why-comes")?.replaceWith(plain(failure));
  };

  const decide = (value, team) => {
    const article = card.querySelector("article");
    if (article?.dataset.ticket !== shown) return;
    const seen = window.ticketyard.seen(article);
    const was = article.dataset.intent || undefined;
    window.ticketyard.act({ ...seen, act: "correct", value, ...window.ticketyard.following(value, seen.current, team), was });
  };
  const settle = () => {
    const pending = new Set(window.ticketyard.all().filter((one) => one.act === "correct").map((one) => one.ticket_id));
    const here = [...queue.children].findIndex((item) => item.dataset.ticket === shown);
    [...queue.children].forEach((item) => { if (pending.has(item.dataset.ticket)) item.hidden = true; });
    const rest = open();
    if (rest.some((item) => item.dataset.ticket === shown)) return;
    show([...queue.children].slice(here + 1).find((item) => !item.hidden) || rest[0] || null);
  };
  const step = (by) => {
    const rest = open(), place = rest.findIndex((item) => item.dataset.ticket === shown);
    if (rest.length) show(rest[(place + by + rest.length) % rest.length]);
  };
  const refresh = async () => {
    if (document.hidden) return;
    let page;
    try { const answer = await fetch("/triage"); if (!answer.ok) return; page = await answer.text(); } catch { return; } // the next look may reach it
    const news = new DOMParser().parseFromString(page, "text/html");
    more = news.getElementById("left").textContent.endsWith("+");
    const known = new Map([...queue.children].map((item) => [item.dataset.ticket, item]));
    const decided = new Set(window.ticketyard.all().map((one) => one.ticket_id));
    const waiting = [...news.querySelectorAll("#queue > li")].filter((item) => known.has(item.dataset.ticket) || !decided.has(item.dataset.ticket));
    const order = waiting.map((item) => known.get(item.dataset.ticket) || document.adoptNode(item));
    // What somebody else has decided meanwhile goes, unless it is being looked at, or somebody here may take it back.
    const kept = [...queue.children].filter((item) => !order.includes(item) && (item.dataset.ticket === shown || decided.has(item.dataset.ticket)));
    const at = document.activeElement;
    queue.replaceChildren(...kept, ...order);
    if (queue.contains(at)) at.focus({ preventScroll: true });
    count();
    if (shown === null && open().length) show(open()[0]);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.guess) decide(button.dataset.guess, button.dataset.team);
    else if (button.id === "skip") step(1);
    else if (button.id === "back") step(-1);
    else if (button.closest("#queue")) show(button.closest("li"));
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id !== "other") return;
    const value = event.target.elements.value.value.trim();
    document.activeElement.blur();
    decide(value);
  });
  document.addEventListener("ticketyard:undone", (event) => {
    const item = [...queue.children].find((one) => one.dataset.ticket === event.detail.ticket_id);
    if (!item || event.detail.act !== "correct") return;
    item.hidden = false;
    cards.delete(item.dataset.ticket);
    show(item);
  });
  document.addEventListener("ticketyard:acted", settle); // at once, or when whoever decided has signed in
  window.addEventListener("DOMContentLoaded", () => { window.ticketyard.offer(); settle(); if (shown === null) show(open()[0] || null); });
  setInterval(refresh, LOOK_MS);
})();
