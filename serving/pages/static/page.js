"use strict";
// Draws each chart from the table behind it, shows moments in the reader's zone, and listens to keys.
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const DAY_S = 86400;
  const said = (mark, step) => new Date(mark * 1000).toLocaleString([], step >= DAY_S
    ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit", hour12: false });

  const draw = (figure) => {
    if (!window.uPlot || figure.dataset.drawn) return;
    const table = document.getElementById(figure.dataset.table);
    const rows = [...table.tBodies[0].rows];
    if (rows.length < 2) return;
    const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
    const x = rows.map((row) => Date.parse(row.cells[0].dataset.at) / 1000);
    const step = x[1] - x[0];
    const series = names.map((_, n) => rows.map((row) => Number(row.cells[n + 1].dataset.value)));
    const lines = [colour("--bar-alt"), colour("--warm"), colour("--good")];
    // A point leads where its number in the table does: to the tickets behind it.
    const follow = (plot) => {
      const { idx, top } = plot.cursor;
      if (idx == null || top < 0) return;
      const away = (n) => Math.abs(plot.valToPos(series[n][idx], "y") - top);
      const nearest = series.map((_, n) => n).sort((a, b) => away(a) - away(b))[0];
      rows[idx].cells[nearest + 1].querySelector("a")?.click();
    };
    const plain = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    figure.dataset.drawn = "yes";
    const plot = new uPlot({
      width: figure.clientWidth, height: 220, cursor: { y: false },
      hooks: { ready: [(made) => made.over.addEventListener("click", () => follow(made))] },
      scales: { y: { range: (_, __, top) => [0, Math.max(1, top * 1.1)] } },
      axes: [{
        ...plain, values: (_, marks, __, ___, gap) => marks.map((mark) => said(mark, gap)),
        ...(step >= DAY_S ? { incrs: [1, 2, 7, 14, 28].map((days) => days * DAY_S) } : {}),
      }, { ...plain, size: 44, incrs: [1, 2, 5].flatMap((n) => [1, 10, 100, 1e3, 1e4, 1e5].map((by) => n * by)).sort((a, b) => a - b) }],
      series: [{ value: (_, mark) => (mark == null ? "" : said(mark, step)) }, ...names.map((label, n) => ({
        label, stroke: lines[n], width: 2, dash: n ? [6, 4] : undefined, points: { show: false },
      }))],
    }, [x, ...series], figure);
    new ResizeObserver(() => plot.setSize({ width: figure.clientWidth, height: 220 })).observe(figure);
  };

  const localise = (time) => {
    const moment = new Date(time.dateTime);
    if (isNaN(moment) || time.dataset.local) return;
    time.dataset.local = "yes";
    time.title = time.dateTime;
    time.textContent = moment.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  };

  const dress = (part) => {
    part.querySelectorAll("[data-table]").forEach(draw);
    part.querySelectorAll("time").forEach(localise);
  };
  document.addEventListener("DOMContentLoaded", () => dress(document));
  document.addEventListener("htmx:afterSwap", (event) => dress(event.target));
  document.addEventListener("htmx:sseMessage", (event) => dress(event.target));
  // Whoever has clicked sees at once that something happens.
  addEventListener("beforeunload", () => document.documentElement.setAttribute("data-loading", ""));
  addEventListener("pageshow", () => document.documentElement.removeAttribute("data-loading"));

  // A picture that comes anew leaves alone what the reader has opened and where they are.
  let kept = null;
  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    const at = event.target.contains(document.activeElement) ? document.activeElement : null;
    kept = {
      open: [...event.target.querySelectorAll("details")].map((one) => one.open),
      at: at && [at.tagName, [...event.target.querySelectorAll(at.tagName)].indexOf(at)],
    };
  });
  document.addEventListener("htmx:sseMessage", (event) => {
    if (!kept) return;
    event.target.querySelectorAll("details").forEach((one, n) => { one.open = kept.open[n] ?? false; });
    if (kept.at) event.target.querySelectorAll(kept.at[0])[kept.at[1]]?.focus({ preventScroll: true });
  });

  // The address of a search is the search: what is empty or usual stays out of it.
  document.addEventListener("formdata", (event) => {
    const usual = event.target.dataset.tidy;
    if (usual === undefined) return;
    const columns = event.formData.getAll("columns").join();
    event.formData.delete("columns");
    if (columns && columns !== usual) event.formData.set("columns", columns);
    for (const [name, value] of [...event.formData]) if (!value || (name === "sort" && value === "newest")) event.formData.delete(name);
  });

  // Searches that somebody keeps are addresses with names in their own browser: nothing to sign in for, nothing to lose here.
  const SAVED = "ticketyard.searches";
  const saved = (box) => {
    const all = () => { try { return JSON.parse(localStorage.getItem(SAVED)) ?? []; } catch { return []; } };
    const keep = (list) => { localStorage.setItem(SAVED, JSON.stringify(list)); show(); };
    const show = () => box.querySelector("ul").replaceChildren(...all().map(([name, search]) => {
      const item = box.querySelector("template").content.firstElementChild.cloneNode(true);
      const link = item.querySelector("a");
      link.textContent = name;
      link.href = `/tickets${search}`;
      if (search === location.search) link.setAttribute("aria-current", "page");
      item.querySelector("button").addEventListener("click", () => keep(all().filter(([other]) => other !== name)));
      return item;
    }));
    box.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      const field = box.querySelector("input"), name = field.value.trim();
      if (!name) return;
      field.value = "";
      keep([...all().filter(([other]) => other !== name), [name, location.search]]);
    });
    box.hidden = false;
    show();
  };
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-saved]").forEach(saved));

  document.addEventListener("change", (event) => { if (event.target.dataset.go) event.target.form.requestSubmit(); });

  document.addEventListener("keydown", (event) => {
    // A key that is held down decides once.
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const keys = document.getElementById("keys");
    if (event.key === "?") { event.preventDefault(); keys.open ? keys.close() : keys.showModal(); return; }
    if (document.querySelector("dialog[open]")) return;
    const link = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!link) return;
    event.preventDefault();
    link.matches("input") ? link.focus() : link.click();
  });
})();
