"use strict";
(() => {
  const every = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const data = JSON.parse(document.getElementById("data").textContent);
  const count = (number) => number.toLocaleString("en-US");
  document.documentElement.classList.add("js");

  /* The player: one slider over the snapshots of all runs. */
  const sheets = every(".sheet");
  const slider = document.getElementById("time");
  const times = [...new Set(every(".sheet img").map((one) => +one.dataset.seen))].sort((a, b) => a - b);
  const button = document.getElementById("play");
  let playing = 0;

  const show = (index) => {
    slider.value = index;
    const now = times[index];
    for (const sheet of sheets) {
      const pictures = every("img", sheet);
      const current = pictures.filter((one) => +one.dataset.seen <= now).pop() || pictures[0];
      for (const one of pictures) one.hidden = one !== current;
      const said = sheet.querySelector(".what");
      if (said && current) said.textContent = current.dataset.what;
    }
    document.getElementById("now").textContent = `${count(now)} images`;
    slider.setAttribute("aria-valuetext", `${count(now)} images seen`);
  };
  const stop = () => {
    clearInterval(playing);
    playing = 0;
    button.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-label", "Play");
  };
  const play = () => {
    if (+slider.value >= times.length - 1) show(0);
    button.setAttribute("aria-pressed", "true");
    button.setAttribute("aria-label", "Stop");
    playing = setInterval(() => {
      const next = +slider.value + 1;
      show(next);
      if (next >= times.length - 1) stop();
    }, 320);
  };
  if (slider && times.length > 1) {
    slider.max = times.length - 1;
    show(times.length - 1);
    slider.addEventListener("input", () => { stop(); show(+slider.value); });
    button.addEventListener("click", () => (playing ? stop() : play()));
    document.addEventListener("keydown", (event) => {
      const busy = event.target.closest("input, button, summary, a, .chart > svg, .wide");
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (busy || !step || event.altKey || event.ctrlKey || event.metaKey) return;
      stop();
      show(Math.min(times.length - 1, Math.max(0, +slider.value + step)));
      event.preventDefault();
    });
  }

  /* Charts: a line at the pointer in all of them, and the values there in a tip. */
  const svg = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const element = (name, text = "") => {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  };
  const nearest = (xs, x) => {
    let low = 0, high = xs.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (xs[middle] < x) low = middle; else high = middle;
    }
    return x - xs[low] <= xs[high] - x ? low : high;
  };
  const charts = every(".chart").map((figure, index) => ({
    figure, drawing: figure.querySelector("svg[tabindex]"), over: figure.querySelector(".over"), ...data.charts[index],
  }));
  const clear = () => {
    for (const chart of charts) {
      chart.over.replaceChildren();
      chart.figure.querySelector(".tip")?.remove();
    }
  };
  const point = (chart, seen) => {
    clear();
    const place = (x) => chart.left + Math.min(1, x / chart.high) * (chart.right - chart.left);
    const at = place(seen);
    for (const one of charts)
      one.over.append(svg("line", { class: "cross", x1: at, x2: at, y1: data.top, y2: data.bottom }));
    const tip = element("div");
    tip.className = "tip";
    tip.setAttribute("role", "status");
    tip.append(element("b", `${count(seen)} images`));
    for (const line of chart.lines) {
      const found = nearest(line.x, seen);
      chart.over.append(svg("circle", { class: `dot s${line.style % 6}`, cx: place(line.x[found]), cy: line.y[found], r: 4 }));
      const row = element("div");
      row.append(element("span", line.label), element("b", line.text[found]));
      tip.append(row);
    }
    for (const mark of data.warnings)
      if (mark.seen.some((one) => one > 0 && Math.abs(place(one) - at) < 5)) tip.append(element("p", `${mark.number}. ${mark.message}`));
    chart.figure.append(tip);
    const scale = chart.drawing.clientWidth / data.width;
    const room = chart.figure.clientWidth - tip.offsetWidth;
    const left = at * scale + 14;
    tip.style.left = `${Math.max(0, left <= room ? left : at * scale - tip.offsetWidth - 14)}px`;
    const down = chart.drawing.getBoundingClientRect().top - chart.figure.getBoundingClientRect().top;
    tip.style.top = `${down + data.top * scale}px`;
    chart.seen = seen;
  };
  for (const chart of charts) {
    const all = [...new Set(chart.lines.flatMap((line) => line.x))].sort((a, b) => a - b);
    const follow = (event) => {
      const box = chart.drawing.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * data.width;
      const seen = ((x - chart.left) / (chart.right - chart.left)) * chart.high;
      point(chart, all[nearest(all, seen)]);
    };
    chart.drawing.addEventListener("pointermove", follow);
    chart.drawing.addEventListener("pointerdown", follow);
    chart.drawing.addEventListener("pointerleave", clear);
    chart.drawing.addEventListener("blur", clear);
    chart.drawing.addEventListener("focus", () => {
      if (chart.drawing.matches(":focus-visible")) point(chart, chart.seen ?? all[all.length - 1]);
    });
    chart.drawing.addEventListener("keydown", (event) => {
      const now = all.indexOf(chart.seen ?? all[all.length - 1]);
      const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: all.length - 1 }[event.key];
      if (event.key === "Escape") clear();
      if (next === undefined) return;
      point(chart, all[Math.min(all.length - 1, Math.max(0, next))]);
      event.preventDefault();
    });
  }

  /* Commands to copy. */
  for (const one of every(".copy"))
    one.addEventListener("click", async () => {
      const text = document.getElementById(one.dataset.of);
      const before = one.textContent;
      try {
        await navigator.clipboard.writeText(text.textContent);
        one.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(text);
        one.textContent = document.execCommand("copy") ? "Copied" : "Selected";
      }
      setTimeout(() => { one.textContent = before; }, 1600);
    });
})();
