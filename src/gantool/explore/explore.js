(() => {
  const $ = (id) => document.getElementById(id);
  const every = (selector) => [...document.querySelectorAll(selector)];
  const count = (number) => number.toLocaleString("en-US");
  const PER_PAGE = 24, POLL = 3000, VIEWS = ["seeds", "near", "alike", "favourites"], MOST_SEED = 2 ** 32 - 1;

  let model = null;      /* the state of the server */
  let now = null;        /* what is shown: a picture, and what there is to choose from */
  let points = [];       /* the pictures of the grid, as text */

  const say = (text, wrong = false) => {
    $("status").textContent = text;
    $("status").classList.toggle("wrong", wrong);
  };

  /* Requests: of each kind only the last counts, those before are broken off. */
  const running = {};
  const last = async (kind, work) => {
    running[kind]?.abort();
    const mine = (running[kind] = new AbortController());
    try {
      await work(async (path, options = {}) => {
        let answer;
        try {
          answer = await fetch(path, { ...options, signal: mine.signal });
        } catch (error) {
          if (mine.signal.aborted) throw error;
          throw new Error("The server does not answer: start gantool explore again.");
        }
        if (answer.ok) return answer;
        throw new Error((await answer.json().catch(() => ({}))).error || `The server answers ${answer.status}.`);
      });
    } catch (error) {
      if (!mine.signal.aborted) say(error.message, true);
    }
  };
  const json = async (answer) => (await answer).json();
  const query = (fields) => fields.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");

  /* The address has all that is shown. */
  const read = () => {
    const fields = new URLSearchParams(location.search);
    const whole = (name) => Math.max(0, Math.floor(+fields.get(name)) || 0);
    now = {
      ...Picture.parse(location.search),
      level: whole("level"), page: whole("page"), distance: +fields.get("distance") || 0.3,
      view: VIEWS.includes(fields.get("view")) ? fields.get("view") : "seeds", around: fields.get("around") || "",
    };
    now.around = now.around || Picture.text(now);
  };
  let writing = 0;
  const write = (step = false) => {
    const fields = [];
    if (now.level) fields.push(["level", now.level]);
    if (now.view !== "seeds") fields.push(["view", now.view]);
    if (now.page) fields.push(["page", now.page]);
    if (now.distance !== 0.3) fields.push(["distance", Picture.short(now.distance)]);
    if (["near", "alike"].includes(now.view)) fields.push(["around", now.around]);
    const address = `?${[Picture.text(now), query(fields)].filter(Boolean).join("&")}`;
    clearTimeout(writing);
    if (address === location.search) return;
    if (step) history.pushState(null, "", address);
    else writing = setTimeout(() => history.replaceState(null, "", address), 150);  /* browsers limit how often */
  };

  /* The class that is chosen, or that of the seed. */
  const classOf = ({ spot, to, label }) => label || (!to && model.classes[parseInt(spot, 10) % model.classes.length]) || "";

  /* The chosen picture: coarse first where there are levels. */
  let shown = "";
  const draw = () => last("large", async (get) => {
    const text = Picture.text(now), words = Picture.words({ ...now, label: classOf(now) });
    const path = (level) => `picture?${query([["of", text], ["level", level]])}`;
    $("what").textContent = words;
    $("save").href = path(now.level);
    $("save").download = `${text.replace(/[^\w.~-]+/g, "-")}.png`;
    $("keep").setAttribute("aria-pressed", String(model.favourites.includes(text)));
    const finest = now.level || model.sides.at(-1);
    const coarse = model.sides.filter((side) => side < finest && side <= 64).pop();
    for (const level of coarse && finest > 64 ? [coarse, now.level] : [now.level]) {
      $("large").classList.add("stale");
      const made = URL.createObjectURL(await (await get(path(level))).blob());
      URL.revokeObjectURL(shown);
      shown = $("large").src = made;
      $("large").alt = words;
      $("large").hidden = false;
      $("large").dataset.level = level || finest;
    }
    $("large").classList.remove("stale");
    if ($("status").classList.contains("wrong")) say(model.note);
  });

  /* The pictures to choose from. */
  const like = (spot) => Picture.text({ ...now, spot, to: "", styles: null });
  const pages = () => (now.view === "favourites" ? Math.max(1, Math.ceil(model.favourites.length / PER_PAGE)) : Infinity);
  const wanted = async (get) => {
    const start = now.page * PER_PAGE, places = [...Array(PER_PAGE).keys()].map((place) => start + place);
    if (now.view === "favourites") return model.favourites.slice(start, start + PER_PAGE);
    if (now.view === "seeds") return places.filter((seed) => seed <= MOST_SEED).map((seed) => like(String(seed)));
    const centre = { ...Picture.parse(now.around), truncation: now.truncation, label: now.label, moves: now.moves };
    if (now.view === "near")
      return places.map((place) => Picture.text({ ...centre, spot: `${centre.spot}~${1000 + place}:${Picture.short(now.distance)}` }));
    say("Looking through 512 seeds...");
    const found = await json(get(`alike?${query([["of", Picture.text(centre)], ["from", now.page * 512], ["count", PER_PAGE]])}`));
    say(model.note);
    return found.seeds.map((seed) => like(String(seed)));
  };
  const name = (text, index) => {
    if (now.view === "near") return `Neighbour ${now.page * PER_PAGE + index + 1}`;
    const words = Picture.words(Picture.parse(text));
    return now.view === "favourites" ? `Favourite ${now.page * PER_PAGE + index + 1}: ${words}` : words;
  };
  const mark = () => {
    const chosen = Picture.text(now);
    $("grid").childNodes.forEach((cell, index) => cell.setAttribute("aria-pressed", String(points[index] === chosen)));
  };
  const room = (places) => {
    const grid = $("grid");
    while (grid.childNodes.length > places) grid.lastChild.remove();
    while (grid.childNodes.length < places) {
      const cell = document.createElement("button");
      cell.type = "button";
      cell.className = "cell";
      cell.disabled = true;
      cell.append(document.createElement("img"), document.createElement("span"));
      cell.firstChild.alt = "";
      cell.lastChild.hidden = true;
      cell.lastChild.setAttribute("aria-hidden", "true");
      grid.append(cell);
    }
    for (const cell of grid.childNodes) cell.classList.add("stale");
  };
  const cells = () => {
    room(points.length);
    points.forEach((text, index) => {
      const cell = $("grid").childNodes[index], [picture, tag] = cell.childNodes;
      cell.disabled = false;
      cell.tabIndex = index ? -1 : 0;
      picture.alt = name(text, index);
      tag.textContent = now.view === "near" ? "" : Picture.parse(text).spot.split("~")[0];
      tag.hidden = !tag.textContent;
    });
    mark();
  };
  const HINTS = {
    seeds: () => "Every seed is a picture: the same one each time, as gantool sample draws it.",
    near: () => `Small random moves around ${Picture.ofSpot(Picture.parse(now.around).spot)}. Press Neighbours again to go on from the chosen picture.`,
    alike: () => `Of 512 seeds those that look most like ${Picture.ofSpot(Picture.parse(now.around).spot)}, the nearest first.`,
    favourites: () => (model.favourites.length ? "Kept in the run; gantool sample --favourites draws them." : "None yet. The star keeps the chosen picture."),
  };
  const list = () => last("grid", async (get) => {
    now.page = Math.min(now.page, pages() - 1);
    for (const button of every("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === now.view));
    $("hint").textContent = (now.view === "favourites" && model.favourites_note) || HINTS[now.view]();
    $("kept").textContent = model.favourites.length || "";
    $("distance-row").hidden = now.view !== "near";
    $("walk").hidden = now.view !== "favourites" || model.favourites.length < 2;
    plan();
    for (const id of ["back", "on", "page"]) $(id).hidden = pages() === 1;
    $("back").disabled = now.page === 0;
    $("on").disabled = now.page + 1 >= pages();
    $("page").textContent = `Page ${count(now.page + 1)}`;
    room(Math.min(PER_PAGE, now.view === "favourites" ? model.favourites.length - now.page * PER_PAGE : PER_PAGE));
    points = await wanted(get);
    cells();
    const level = now.level || model.sides.find((side) => side >= 64) || 0;
    for (let start = 0; start < points.length; start += model.at_once) {
      const of = points.slice(start, start + model.at_once).map((text) => ["of", text]);
      const { pictures } = await json(get(`pictures?${query([...of, ["level", model.sides.length > 1 ? level : 0]])}`));
      pictures.forEach((uri, index) => {
        const cell = $("grid").childNodes[start + index];
        cell.firstChild.src = uri;
        cell.classList.remove("stale");
      });
    }
  });

  /* Controls show what is; every change of theirs changes it. */
  const set = (id, value, text = value) => {
    if ($(id) !== document.activeElement || $(id).type === "range") $(id).value = value;
    const output = $(`${id}-value`);
    if (output) output.textContent = text;
    if (output) $(id).setAttribute("aria-valuetext", text);
  };
  const controls = () => {
    set("truncation", now.truncation, now.truncation === 1 ? "none" : Picture.short(now.truncation));
    set("distance", now.distance, Picture.short(now.distance));
    set("seed", now.spot.split("~")[0]);
    set("class", now.label);
    set("level", now.level);
    $("morphing").hidden = !now.to;
    set("at", now.at, `${Math.round(now.at * 100)} %`);
    $("into").textContent = now.to ? `From ${Picture.ofSpot(now.spot)} to ${Picture.ofSpot(now.to)}` : "";
    set("styles", now.styles ? now.styles.spot.split("~")[0] : "");
    for (const end of ["first", "last"]) {
      if (now.styles) set(end, now.styles[end]);
      else set(end, $(end).value);
      $(end).disabled = !now.styles;
    }
    for (const input of every("#moves input")) set(input.id, now.moves[input.dataset.number] || 0, Picture.short(now.moves[input.dataset.number] || 0));
  };
  let later = 0;
  const change = (values, { step = false, grid = false, wait = 0 } = {}) => {
    Object.assign(now, values);
    controls();
    write(step);
    draw();
    mark();
    clearTimeout(later);
    if (grid) later = setTimeout(list, wait);
  };
  const slide = (id, apply, grid = false) => $(id).addEventListener("input", () => change(apply(+$(id).value), { grid, wait: 250 }));
  const choose = (text) => {
    const picture = Picture.parse(text);
    const morph = now.view !== "favourites" && now.to ? { to: now.to, at: now.at } : {};
    change({ ...picture, ...morph }, { step: true });
  };
  const look = (view) => change({ view, page: 0, around: Picture.text(now) }, { step: true, grid: true });
  const turn = (by) => {
    if (now.page + by < 0 || now.page + by >= pages()) return;
    now.page += by;
    write(true);
    list();
  };

  /* Favourites, and the walk through them. */
  const keep = () => last("keep", async (get) => {
    const text = Picture.text(now), kept = model.favourites.includes(text);
    const body = JSON.stringify({ [kept ? "remove" : "add"]: text });
    Object.assign(model, await json(get("favourites", { method: "POST", body })));
    say(model.favourites_note || (kept ? "Removed from the favourites." : "Kept among the favourites."), Boolean(model.favourites_note));
    $("keep").setAttribute("aria-pressed", String(model.favourites.includes(text)));
    $("kept").textContent = model.favourites.length || "";
    if (now.view === "favourites") list();
  });
  const planned = () => {
    const side = now.level || model.sides.at(-1), most = model.most_frames[side] ?? model.most_walked;
    const through = model.favourites.slice(0, Math.min(model.most_walked, most)), ends = $("loop").checked ? 0 : 1;
    const steps = Math.max(1, through.length - ends), wished = +$("seconds").value;
    const seconds = Math.min(wished, (most - ends) / (25 * steps));
    const frames = (fps) => Math.min(most, Math.max(through.length, Math.round(steps * seconds * fps) + ends));
    return { side, most, through, seconds, frames, fewer: seconds < wished };
  };
  const plan = () => {
    const { side, most, through, seconds, frames, fewer } = planned(), all = model.favourites.length;
    const said = [`${through.length < all ? `The first ${through.length} of ${all}` : all} favourites in ${Picture.short(+(frames(25) / 25).toFixed(1))} s.`];
    if (fewer) said.push(`That is ${Picture.short(+seconds.toFixed(2))} s each: a walk has at most ${count(most)} frames of ${side} pixels.`);
    if (model.classes.length && model.space === "z") said.push("All are drawn as the class of the first: this model cannot blend classes.");
    $("plan").textContent = said.join(" ");
  };
  const walk = (fps, format) => {
    const { through, frames } = planned(), of = through.map((text) => ["of", text]);
    return `walk?${query([...of, ["frames", frames(fps)], ["fps", fps], ["loop", $("loop").checked ? 1 : 0], ["method", $("method").value], ["format", format], ["level", now.level]])}`;
  };
  let film = "";
  const play = () => last("walk", async (get) => {
    say("Drawing the walk...");
    const made = URL.createObjectURL(await (await get(walk(8, "webp"))).blob());
    URL.revokeObjectURL(film);
    film = $("film").src = made;
    $("film").hidden = false;
    say("A preview with 8 frames a second; the export has 25.");
  });
  const save = () => last("walk", async (get) => {
    say("Drawing the walk...");
    const format = $("format").value, link = document.createElement("a");
    link.href = URL.createObjectURL(await (await get(walk(25, format))).blob());
    link.download = `${model.name}-walk.${format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    say("The walk is saved among your downloads.");
  });

  /* The run, while it trains. */
  const sheet = () => {
    const newest = model.sheets.length - 1, seen = model.sheets[+$("seen").value];
    if (newest < 0) return;
    set("seen", $("seen").value, count(seen));
    if ($("sheet").dataset.seen === String(seen)) return;
    $("sheet").dataset.seen = seen;
    $("sheet").src = `sheet?seen=${seen}`;
    $("sheet").alt = `Samples after ${count(seen)} images`;
  };
  const training = () => {
    const newest = model.sheets.length - 1, follows = +$("seen").value >= +$("seen").max;
    $("training").hidden = newest < 0;
    $("seen").max = Math.max(0, newest);
    if (follows) $("seen").value = newest;
    sheet();
  };

  /* The model: what it has, at the start and whenever it is another. */
  const option = (value, text) => {
    const made = document.createElement("option");
    made.value = value;
    made.textContent = text;
    return made;
  };
  const furnish = () => {
    $("card").textContent = model.card;
    $("class-row").hidden = !model.classes.length;
    $("class").replaceChildren(option("", "by the seed"), ...model.classes.map((one) => option(one, one)));
    const coarser = model.sides.slice(0, -1);
    if (!coarser.includes(now.level)) now.level = 0;
    $("level-row").hidden = !coarser.length;
    $("level").replaceChildren(option(0, `${model.resolution} pixels`), ...coarser.reverse().map((side) => option(side, `${side} pixels`)));
    $("mixing").hidden = !model.layers;
    for (const end of ["first", "last"]) $(end).max = Math.max(0, model.layers - 1);
    if (!now.styles) { $("first").value = 0; $("last").value = Math.floor(model.layers / 2); }
    $("moving").hidden = !model.directions;
    $("moves").replaceChildren();
    for (let number = 1; number <= model.directions; number++) {
      const [row, label, output] = ["div", "label", "output"].map((one) => document.createElement(one));
      const input = Object.assign(document.createElement("input"), { type: "range", min: -4, max: 4, step: 0.1, id: `move-${number}` });
      input.dataset.number = number;
      row.className = "slider";
      label.htmlFor = input.id;
      label.textContent = `Direction ${number}`;
      output.id = `${input.id}-value`;
      row.append(label, input, output);
      input.addEventListener("input", () => change({ moves: { ...now.moves, [number]: +input.value } }, { grid: true, wait: 250 }));
      $("moves").append(row);
    }
    document.body.classList.toggle("alpha", model.alpha);
    $("large").classList.toggle("fine", model.resolution <= 64);
    controls();
  };
  const poll = () => last("state", async (get) => {
    const before = model;
    model = await json(get("state"));
    if (model.note !== (before?.note ?? "")) say(model.note, Boolean(model.note));
    training();
    if (before && before.version === model.version) {
      if (String(before.favourites) !== String(model.favourites)) list();
      return;
    }
    furnish();
    if (before) say(`The model is a newer one: ${count(model.images_seen)} images seen.`);
    draw();
    list();
  });

  slide("truncation", (truncation) => ({ truncation }), true);
  slide("at", (at) => ({ at }));
  slide("first", (first) => ({ styles: now.styles && { ...now.styles, first, last: Math.max(first, now.styles.last) } }));
  slide("last", (end) => ({ styles: now.styles && { ...now.styles, last: end, first: Math.min(end, now.styles.first) } }));
  slide("distance", (distance) => ({ distance }), true);
  $("class").addEventListener("change", () => change({ label: $("class").value }, { step: true, grid: true }));
  $("level").addEventListener("change", () => change({ level: +$("level").value }, { step: true, grid: true }));
  $("styles").addEventListener("input", () => {
    const seed = $("styles").value;
    change({ styles: seed === "" ? null : { spot: String(+seed), first: +$("first").value, last: +$("last").value } });
  });
  $("seed").addEventListener("change", () => {
    const seed = Math.min(MOST_SEED, Math.max(0, Math.floor(+$("seed").value) || 0));
    change({ spot: String(seed), ...(now.view === "seeds" ? { page: Math.floor(seed / PER_PAGE) } : {}) }, { step: true, grid: true });
  });
  $("seconds").addEventListener("input", () => { set("seconds", $("seconds").value); plan(); });
  $("loop").addEventListener("change", plan);
  $("seen").addEventListener("input", sheet);
  $("morph").addEventListener("click", () => {
    change({ to: now.spot, at: 0 }, { step: true });
    say("Now choose the picture where the morph begins.");
  });
  $("unmorph").addEventListener("click", () => change({ to: "", at: 0 }, { step: true }));
  $("unmove").addEventListener("click", () => change({ moves: {} }, { step: true, grid: true }));
  $("keep").addEventListener("click", keep);
  $("back").addEventListener("click", () => turn(-1));
  $("on").addEventListener("click", () => turn(1));
  $("preview").addEventListener("click", play);
  $("export").addEventListener("click", save);
  for (const button of every("[data-view]")) button.addEventListener("click", () => look(button.dataset.view));
  $("grid").addEventListener("click", (event) => {
    const cell = event.target.closest(".cell");
    if (cell) choose(points[[...$("grid").childNodes].indexOf(cell)]);
  });
  $("grid").addEventListener("keydown", (event) => {
    const cells = [...$("grid").childNodes], here = cells.indexOf(document.activeElement);
    const columns = getComputedStyle($("grid")).gridTemplateColumns.split(" ").length;
    const next = here + { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (here < 0 || !cells[next]) return;
    cells[here].tabIndex = -1;
    cells[next].tabIndex = 0;
    cells[next].focus();
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input:not([type=range]), select") || event.altKey || event.ctrlKey || event.metaKey) return;
    ({ f: keep, n: () => turn(1), p: () => turn(-1) })[event.key]?.();
  });
  addEventListener("popstate", () => { read(); controls(); draw(); list(); });

  read();
  set("seconds", 1);
  poll();
  setInterval(() => { if (!document.hidden) poll(); }, POLL);
})();
