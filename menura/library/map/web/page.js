// What is done: moving, choosing a track, searching, by mouse, fingers and keyboard.

// ---------------------------------------------------------------- moving
function zoom(factor, x = width / 2, y = height / 2) {
  const scale = Math.min(whole * 400, Math.max(whole / 2, view.scale * factor));
  view.x += (x - width / 2) * (1 / view.scale - 1 / scale);
  view.y -= (y - height / 2) * (1 / view.scale - 1 / scale);
  view.scale = scale;
  dirty = true;
}

function move(x, y) {
  view.x = Math.min(1, Math.max(0, view.x - x / view.scale));
  view.y = Math.min(1, Math.max(0, view.y + y / view.scale));
  dirty = true;
}

function showAll() {
  Object.assign(view, { x: 0.5, y: 0.5, scale: whole });
  dirty = true;
}

function at(event) {
  const box = area.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function under(x, y) {
  const reach = (radius() + 5) / view.scale;
  return grid.nearest(...position(x, y), reach, 9).find(isShown) ?? -1;
}

function hover(x, y) {
  const track = under(x, y), tip = one("tip");
  if (track !== pointed) dirty = true;
  pointed = track;
  area.classList.toggle("pointing", track >= 0);
  tip.hidden = track < 0;
  if (track < 0) return;
  tip.textContent = [data.titles[track], artist(track), valueOf(track)].filter(Boolean).join("\n");
  tip.style.left = `${Math.min(x + 14, width - tip.offsetWidth - 4)}px`;
  tip.style.top = `${Math.min(y + 14, height - tip.offsetHeight - 4)}px`;
}

// ---------------------------------------------------------------- a track
function valueOf(track) {
  const value = colouring.of[track];
  if (value === UNKNOWN) return `${colouring.name}: unknown`;
  if (colouring.names) return `${colouring.name}: ${colouring.names[value] ?? "others"}`;
  const number = colouring.low + (colouring.high - colouring.low) * value / 254;
  return `${colouring.name}: ${colouring.high > 100 ? Math.round(number) : number.toFixed(2)}`;
}

function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function choose(track, { centre = false, play = false } = {}) {
  chosen = track;
  dirty = true;
  if (centre) {
    [view.x, view.y] = [positions[2 * track], positions[2 * track + 1]];
    view.scale = Math.max(view.scale, 6 * whole);
  }
  one("track").hidden = false;
  one("title").textContent = data.titles[track];
  one("artist").textContent =
    [artist(track), data.albums[track], clock(data.seconds[track])].filter(Boolean).join(" · ");
  one("value").textContent = valueOf(track);
  one("open").href = place(track);
  one("trouble").hidden = true;
  const player = one("player");
  if (player.src !== place(track)) player.src = place(track);
  if (play) player.play().catch(() => {});  // what is wrong is said by the event `error`
  let reach = 0.02, near = [];
  while (near.length < Math.min(9, count) && reach < 2) {
    near = grid.nearest(positions[2 * track], positions[2 * track + 1], reach, 9);
    reach *= 2;
  }
  one("track").scrollIntoView({ block: "nearest" });
  list(one("around"), near.filter((other) => other !== track).slice(0, 8));
}

function list(where, tracks) {
  where.replaceChildren(...tracks.map((track) => {
    const item = made("li", ""), button = made("button", data.titles[track]);
    button.type = "button";
    button.append(made("small", artist(track)));
    button.addEventListener("click", () => choose(track, { centre: true, play: true }));
    item.append(button);
    return item;
  }));
}

// ---------------------------------------------------------------- searching
const simple = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
let haystack = null;

function search() {
  const words = simple(one("search").value).split(/\s+/).filter(Boolean);
  haystack ??= data.titles.map((title, t) => simple(`${title} ${artist(t)} ${data.albums[t]}`));
  const found = [];
  if (words.length) {
    haystack.forEach((text, t) => {
      if (words.every((word) => text.includes(word))) found.push(t);
    });
  }
  matching = words.length ? new Set(found) : null;
  one("matches").textContent = words.length ? `${found.length.toLocaleString("en")} found` : "";
  list(one("found"), found.slice(0, 50));
  recolour();
}

// ---------------------------------------------------------------- mouse, fingers, keys
const held = new Map();
let travelled = 0;

area.addEventListener("pointerdown", (event) => {
  if (event.target.closest("button")) return;
  area.setPointerCapture(event.pointerId);
  held.set(event.pointerId, at(event));
  if (held.size === 1) travelled = 0;
});
area.addEventListener("pointermove", (event) => {
  const now = at(event), before = held.get(event.pointerId);
  if (!before) return hover(...now);
  const other = [...held].find(([id]) => id !== event.pointerId)?.[1];
  travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
  if (other) {
    const far = (p) => Math.max(1, Math.hypot(p[0] - other[0], p[1] - other[1]));
    zoom(far(now) / far(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  }
  move((now[0] - before[0]) / held.size, (now[1] - before[1]) / held.size);
  held.set(event.pointerId, now);
  area.classList.add("dragging");
});
function letGo(event) {
  if (!held.delete(event.pointerId)) return;
  area.classList.remove("dragging");
  const track = under(...at(event));
  if (event.type === "pointerup" && travelled < 5 && track >= 0) choose(track, { play: true });
}
area.addEventListener("pointerup", letGo);
area.addEventListener("pointercancel", letGo);
area.addEventListener("pointerleave", () => {
  one("tip").hidden = true;
  [pointed, dirty] = [-1, true];
});
area.addEventListener("wheel", (event) => {
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 20 : 1;
  zoom(Math.exp(-0.002 * lines * event.deltaY), ...at(event));
  hover(...at(event));  // the point that was under the pointer may have gone from it
}, { passive: false });
area.addEventListener("dblclick", (event) => zoom(2, ...at(event)));

const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function step(x, y) {  // to the nearest point within a right angle of a direction; y goes up
  const from = chosen < 0 ? [view.x, view.y] : [positions[2 * chosen], positions[2 * chosen + 1]];
  let best = -1, least = Infinity;
  for (let track = 0; track < count; track++) {
    const dx = positions[2 * track] - from[0], dy = positions[2 * track + 1] - from[1];
    const along = dx * x + dy * y, far = Math.hypot(dx, dy);
    if (track === chosen || !isShown(track) || along < 0.7 * far || far >= least) continue;
    [best, least] = [track, far];
  }
  if (best < 0) return;
  choose(best);
  const [left, top] = [across(best), down(best)];
  const inside = left > 20 && top > 20 && left < width - 20 && top < height - 20;
  if (!inside) move(width / 2 - left, height / 2 - top);
}

area.addEventListener("keydown", (event) => {
  if (event.target !== area || event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = ARROWS[event.key];
  if (arrow && event.shiftKey) step(-arrow[0], arrow[1]);
  else if (arrow) move(80 * arrow[0], 80 * arrow[1]);
  else if (event.key === "+" || event.key === "=") zoom(1.5);
  else if (event.key === "-") zoom(1 / 1.5);
  else if (event.key === "0") showAll();
  else if (event.key === "Enter" && chosen >= 0) choose(chosen, { play: true });
  else return;
  event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== one("search")) {
    one("search").focus();
    event.preventDefault();
  } else if (event.key === "Escape") {
    one("search").value = "";
    only = null;
    search();
    legend();
  }
});

// ---------------------------------------------------------------- begin
const tracks = count === 1 ? "1 track" : `${count.toLocaleString("en")} tracks`;
one("about").textContent = `${tracks}, as ${data.encoder} hears ${count === 1 ? "it" : "them"}`;
document.title = `A map of ${tracks}`;
colourings.forEach((given, k) => {
  const option = made("option", given.name);
  option.value = k;
  one("colour").append(option);
});
one("colour").addEventListener("change", () => {
  colouring = colourings[one("colour").value];
  only = null;
  if (chosen >= 0) one("value").textContent = valueOf(chosen);
  legend();
  recolour();
});
one("search").addEventListener("input", search);
one("closer").addEventListener("click", () => zoom(1.5));
one("farther").addEventListener("click", () => zoom(1 / 1.5));
one("whole").addEventListener("click", showAll);
one("player").addEventListener("error", () => { one("trouble").hidden = false; });
dark.addEventListener("change", () => { legend(); recolour(); });
new ResizeObserver(resize).observe(area);
resize();
view.scale = whole;
legend();
recolour();
frame();
