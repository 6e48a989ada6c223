"use strict";
(() => {
  const by = (id) => document.getElementById(id);

  // Details of a bar, when one points at it or comes to it by keyboard.
  const tip = by("tip");
  const show = (bar) => {
    tip.textContent = bar.dataset.tip;
    tip.hidden = false;
    const at = bar.getBoundingClientRect();
    const own = tip.getBoundingClientRect();
    const edge = document.documentElement.clientWidth - own.width - 8;
    tip.style.left = Math.max(8, Math.min(at.left, edge)) + scrollX + "px";
    const above = at.top - own.height - 8;
    tip.style.top = (above > 0 ? above : at.bottom + 8) + scrollY + "px";
  };
  const hide = () => { tip.hidden = true; };
  for (const bar of document.querySelectorAll(".bar")) {
    bar.dataset.tip = bar.title;
    bar.setAttribute("aria-label", bar.title.replaceAll("\n", "; "));
    bar.removeAttribute("title");
    bar.addEventListener("mouseenter", () => show(bar));
    bar.addEventListener("focus", () => show(bar));
    bar.addEventListener("mouseleave", hide);
    bar.addEventListener("blur", hide);
  }
  addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

  // The filter of the operations.
  const form = by("filter");
  if (form) {
    const rows = [...document.querySelectorAll(".operations tbody tr")];
    const texts = rows.map((row) => row.textContent.toLowerCase());
    const filter = () => {
      const words = by("words").value.toLowerCase().split(/\s+/).filter(Boolean);
      const outcome = by("outcome").value;
      let shown = 0;
      rows.forEach((row, index) => {
        const fits = (!outcome || row.dataset.outcome === outcome)
          && words.every((word) => texts[index].includes(word));
        row.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      by("shown").textContent = shown === rows.length ? "" : shown + " of " + rows.length;
    };
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    // A link to a row shows it, whatever the filter is.
    addEventListener("hashchange", () => {
      const row = document.querySelector(":target");
      if (row && row.hidden) { form.reset(); filter(); row.scrollIntoView(); }
    });
  }

  // The events, as a file.
  const save = by("save");
  save.hidden = false;
  save.addEventListener("click", () => {
    const blob = new Blob([by("events").textContent.trimStart()], { type: "application/x-ndjson" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = "events.jsonl";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });

  // On paper everything is unfolded.
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
})();
