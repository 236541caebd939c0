// What is drawn: the data, colours and their legend, points and names.
// Names of tracks come from strangers: they are only ever set as text.

const one = (id) => document.getElementById(id);
const data = JSON.parse(one("data").textContent);
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const count = data.titles.length;
const places = new Uint16Array(bytes(data.positions).buffer);
const positions = Float32Array.from(places, (v) => v / 65535);
const artistOf = new Uint32Array(bytes(data.by).buffer);
const colourings = data.colourings.map((given) => ({ ...given, of: bytes(given.of) }));
const artist = (track) => data.artists[artistOf[track]];
const place = (track) => data.base + data.places[track];
const grid = makeGrid(positions);
const area = one("map"), canvas = one("points"), overlay = one("labels");
const points = makePoints(canvas), pen = overlay.getContext("2d");
const dark = matchMedia("(prefers-color-scheme: dark)");

const OTHERS = 254, UNKNOWN = 255;
const MOST_TRIES = 250;  // words measured in one frame
const MOST_PIXELS = 4e6;  // drawn; a finer screen shows them enlarged
const PALETTE = {
  light: ["#2571c9", "#cd6418", "#228830", "#a755ac", "#9e7d00", "#008a95", "#aa323d", "#5f48ad",
    "#4c5f00", "#ce5882", "#111111"],
  dark: ["#5ca6ff", "#ff9d5b", "#78d87d", "#e28ce7", "#f8d64c", "#00ebf5", "#e1656a", "#927fe9",
    "#8da518", "#ff90ba", "#ffffff"],
};
const REST = { light: "#858f99", dark: "#7b8590" };
const RAMP = { light: ["#b4bcc4", "#2571c9", "#5c0f5c"], dark: ["#4a525b", "#3f8cff", "#ffe27a"] };
const theme = () => (dark.matches ? "dark" : "light");

const view = { x: 0.5, y: 0.5, scale: 1 };
let width = 1, height = 1, ratio = 1, whole = 1, dirty = true;
let colouring = colourings[0], only = null, matching = null, chosen = -1, pointed = -1;

// ---------------------------------------------------------------- colours
function rgb(hex) { return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)); }

function mixed(share) {
  const stops = RAMP[theme()].map(rgb), at = share * (stops.length - 1);
  const below = Math.min(stops.length - 2, Math.floor(at));
  return stops[below].map((v, k) => Math.round(v + (stops[below + 1][k] - v) * (at - below)));
}

function tintsOf(given) {  // a colour for each of the 256 values
  if (!given.names) {
    const rest = rgb(REST[theme()]);
    return Array.from({ length: 256 }, (_, v) => (v === UNKNOWN ? rest : mixed(v / 254)));
  }
  const own = PALETTE[theme()].map(rgb), rest = rgb(REST[theme()]);
  return Array.from({ length: 256 }, (_, v) => own[v] ?? rest);
}

function isShown(track) {
  return (only === null || colouring.of[track] === only) && (!matching || matching.has(track));
}

function recolour() {
  const tints = tintsOf(colouring), colours = new Uint8Array(4 * count);
  const height = new Float32Array(count);
  for (let track = 0; track < count; track++) {
    const value = colouring.of[track], shown = isShown(track);
    const plain = value === UNKNOWN || (colouring.names && value === OTHERS);
    colours.set(tints[value], 4 * track);
    colours[4 * track + 3] = shown ? 255 : 28;
    height[track] = (shown ? 4 : 0) + (plain ? 0 : 1) + (colouring.names ? 0 : value / 256);
  }
  const order = Uint32Array.from({ length: count }, (_, k) => k);
  points.set(positions, colours, order.sort((a, b) => height[a] - height[b] || a - b));
  dirty = true;
}

function legend() {
  const box = one("legend");
  box.replaceChildren();
  if (!colouring.names) return box.append(...scaleLegend());
  const sizes = new Array(256).fill(0);
  colouring.of.forEach((value) => sizes[value]++);
  const names = [...colouring.names.entries(), [OTHERS, "others"], [UNKNOWN, "unknown"]];
  const tints = tintsOf(colouring);
  for (const [value, name] of names) {
    if (sizes[value]) box.append(entry(value, name, sizes[value], tints));
  }
}

function entry(value, name, size, tints) {
  const button = made("button", ""), dot = made("i", "");
  button.type = "button";
  dot.style.background = `rgb(${tints[value]})`;
  button.append(dot, made("span", name), made("small", size.toLocaleString("en")));
  button.setAttribute("aria-pressed", String(only === value));
  button.addEventListener("click", () => {
    only = only === value ? null : value;
    for (const other of one("legend").children) other.setAttribute("aria-pressed", "false");
    button.setAttribute("aria-pressed", String(only === value));
    recolour();
  });
  return button;
}

function scaleLegend() {
  const bar = made("canvas", ""), ends = made("div", "");
  [bar.width, bar.height, ends.className] = [256, 1, "ends"];
  const brush = bar.getContext("2d");
  for (let v = 0; v < 256; v++) {
    brush.fillStyle = `rgb(${mixed(v / 255)})`;
    brush.fillRect(v, 0, 1, 1);
  }
  ends.append(made("span", String(colouring.low)), made("span", String(colouring.high)));
  return [bar, ends];
}

// ---------------------------------------------------------------- drawing
function made(kind, text) {
  const element = document.createElement(kind);
  element.textContent = text;
  return element;
}

const across = (track) => (positions[2 * track] - view.x) * view.scale + width / 2;
const down = (track) => (view.y - positions[2 * track + 1]) * view.scale + height / 2;

const position = (x, y) =>
  [view.x + (x - width / 2) / view.scale, view.y - (y - height / 2) / view.scale];

function radius() {
  const crowded = Math.sqrt(whole * whole / count) / 6;
  return Math.min(9, Math.max(1.3, Math.min(4, crowded)) * (view.scale / whole) ** 0.4);
}

// Artists where most of their tracks lie, those with the most tracks first; then every track.
const named = (() => {
  const groups = new Map();
  for (let track = 0; track < count; track++) {
    if (!artist(track)) continue;
    if (!groups.has(artistOf[track])) groups.set(artistOf[track], []);
    groups.get(artistOf[track]).push(track);
  }
  const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  const first = [...groups.values()].sort((a, b) => b.length - a.length).map((tracks) => {
    const x = middle(tracks.map((t) => positions[2 * t]));
    const y = middle(tracks.map((t) => positions[2 * t + 1]));
    const far = (t) => Math.hypot(positions[2 * t] - x, positions[2 * t + 1] - y);
    return tracks.reduce((best, t) => (far(t) < far(best) ? t : best));
  });
  return [...first, ...Array.from({ length: count }, (_, track) => track)];
})();

function covers(x, y, end, size) {  // whether words from x to end would hide a point
  const middle = (x + end) / 2, reach = (end - x) / 2 + 4;
  let hides = false;
  grid.within(...position(middle, y), reach / view.scale, (track) => {
    const left = across(track);
    hides ||= isShown(track) && left > x && left < end + 4 && Math.abs(down(track) - y) < size;
  });
  return hides;
}

function words(track, whole) {
  return (whole ? `${artist(track)} · ${data.titles[track]}` : artist(track)).slice(0, 48);
}

function drawLabels(style) {
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const close = view.scale / whole, most = Math.min(90, Math.round(12 * (close - 0.5)));
  const size = 12, taken = [];
  let tries = 0;
  pen.font = `${size}px system-ui, sans-serif`;
  pen.textBaseline = "middle";
  pen.lineJoin = "round";
  const off = radius() + 3, ground = style.getPropertyValue("--ground");
  for (const track of chosen < 0 ? named : [chosen, ...named]) {
    if ((taken.length >= most || tries >= MOST_TRIES) && track !== chosen) break;
    const x = across(track) + off + (track === chosen ? 4 : 0), y = down(track);
    if (x < 0 || y < size || x > width - 30 || y > height - size || !isShown(track)) continue;
    const beside = (box) => Math.abs(box.y - y) < size + 4;
    if (taken.some((box) => beside(box) && box.x - 6 < x && x < box.end + 6)) continue;
    tries++;
    const text = words(track, close > 12 || track === chosen);
    const end = x + pen.measureText(text).width;
    if (!text || taken.some((box) => beside(box) && x < box.end + 6 && box.x - 6 < end)) continue;
    if (track !== chosen && (end + 2 > width || (close > 3 && covers(x, y, end, size)))) continue;
    taken.push({ x, y, end });
    pen.lineWidth = 3;
    pen.strokeStyle = ground;
    pen.strokeText(text, x, y);
    pen.fillStyle = style.getPropertyValue("--text");
    pen.fillText(text, x, y);
  }
  for (const [track, line] of [[pointed, 1.5], [chosen, 3]]) {
    if (track < 0) continue;
    pen.lineWidth = line;
    pen.strokeStyle = style.getPropertyValue("--text");
    pen.beginPath();
    pen.arc(across(track), down(track), radius() + 3, 0, 7);
    pen.stroke();
  }
}

function frame() {
  if (dirty) {
    dirty = false;
    const style = getComputedStyle(document.documentElement);
    points.draw(view, radius(), ratio, rgb(style.getPropertyValue("--ground")));
    drawLabels(style);
  }
  requestAnimationFrame(frame);
}

function resize() {
  const before = whole;
  [width, height] = [area.clientWidth || 1, area.clientHeight || 1];
  ratio = Math.min(devicePixelRatio || 1, Math.sqrt(MOST_PIXELS / (width * height)));
  for (const each of [canvas, overlay]) {
    [each.width, each.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  }
  whole = 0.88 * Math.min(width / extent.x, height / extent.y);  // clear of the buttons
  view.scale *= whole / before;
  dirty = true;
}

const extent = (() => {
  let low = [1, 1], high = [0, 0];
  positions.forEach((v, k) => {
    low[k % 2] = Math.min(low[k % 2], v);
    high[k % 2] = Math.max(high[k % 2], v);
  });
  return { x: Math.max(high[0] - low[0], 0.01), y: Math.max(high[1] - low[1], 0.01) };
})();
