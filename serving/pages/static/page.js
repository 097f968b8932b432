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
    const lines = [colour("--bar-alt"), colour("--good"), colour("--warm")];
    const plain = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    figure.dataset.drawn = "yes";
    const plot = new uPlot({
      width: figure.clientWidth, height: 220, cursor: { y: false },
      scales: { y: { range: (_, __, top) => [0, Math.max(1, top * 1.1)] } },
      axes: [{
        ...plain, values: (_, marks, __, ___, gap) => marks.map((mark) => said(mark, gap)),
        ...(step >= DAY_S ? { incrs: [1, 2, 7, 14, 28].map((days) => days * DAY_S) } : {}),
      }, { ...plain, size: 44 }],
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
  document.addEventListener("change", (event) => { if (event.target.dataset.go) event.target.form.requestSubmit(); });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
    const keys = document.getElementById("keys");
    if (event.key === "?") { event.preventDefault(); keys.open ? keys.close() : keys.showModal(); return; }
    if (document.querySelector("dialog[open]")) return;
    const link = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!link) return;
    event.preventDefault();
    link.matches("input") ? link.focus() : link.click();
  });
})();
