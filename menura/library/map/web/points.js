"use strict";
// Points on a canvas, pixel by pixel: as quick on a computer without a graphics card as with one.
//
// Positions are pairs in [0, 1], y up. A view is {x, y, scale}: the position in the middle of the
// canvas, and CSS pixels for a length of 1. Colours are four bytes a point; `order` says who is
// drawn first, so who lies beneath. A pixel is one number, red in its lowest byte.

const FINE = 4;  // places within a pixel, each way, where a disc may have its corner
const WHOLE = 256;  // how much of a pixel is covered, when all of it is
const MARGIN = 64;  // pixels beside the canvas; a disc has at most half as many across

// A disc for each of the FINE x FINE corners: the pixels it covers, as steps from the corner's in
// an image of this width, and how much of each.
function discs(radius, width) {
  const side = Math.ceil(2 * radius + 1) + 1, kinds = [];
  for (let kind = 0; kind < FINE * FINE; kind++) {
    const middleX = radius + 0.5 + (kind % FINE + 0.5) / FINE;
    const middleY = radius + 0.5 + (Math.floor(kind / FINE) + 0.5) / FINE;
    const steps = [], parts = [];
    for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
      const far = Math.hypot(x + 0.5 - middleX, y + 0.5 - middleY);
      const part = Math.round(WHOLE * Math.min(1, Math.max(0, radius - far + 0.5)));
      if (part) [steps[steps.length], parts[parts.length]] = [y * width + x, part];
    }
    kinds.push({ steps: Int32Array.from(steps), parts: Int32Array.from(parts) });
  }
  return kinds;
}

// Two of three colours at once; a part that is no whole number would leak from one to the other.
function blend(under, over, part) {
  const rest = WHOLE - part;
  return 0xff000000
    | ((under & 0xff00ff) * rest + (over & 0xff00ff) * part) / WHOLE & 0xff00ff
    | ((under & 0xff00) * rest + (over & 0xff00) * part) / WHOLE & 0xff00;
}

function packed(red, green, blue) { return 0xff000000 | blue << 16 | green << 8 | red; }

function makePoints(canvas) {
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  let at = new Float32Array(0), over = new Int32Array(0), whole = new Int32Array(0);
  let image = null, pixels = null, kinds = null, drawn = 0;

  function prepare(radius, ground) {  // an image with a margin, so that no disc must be cut
    const width = canvas.width + 2 * MARGIN, height = canvas.height + 2 * MARGIN;
    if (image?.width !== width || image.height !== height) {
      image = new ImageData(width, height);
      pixels = new Int32Array(image.data.buffer);
      drawn = 0;
    }
    if (drawn !== radius) kinds = discs(drawn = radius, width);
    pixels.fill(packed(...ground));
  }

  function stamp(x, y, colour, opaque) {
    const left = Math.floor(x), top = Math.floor(y), corner = top * image.width + left;
    const kind = Math.floor((y - top) * FINE) * FINE + Math.floor((x - left) * FINE);
    const { steps, parts } = kinds[kind];
    for (let k = 0; k < steps.length; k++) {
      const pixel = corner + steps[k], part = parts[k] * opaque >> 8;  // whole: see blend
      pixels[pixel] = part >= WHOLE ? colour : blend(pixels[pixel], colour, part);
    }
  }

  return {
    set(positions, colours, order) {
      at = new Float32Array(2 * order.length);
      over = new Int32Array(order.length);
      whole = new Int32Array(order.length);
      order.forEach((point, k) => {
        at[2 * k] = positions[2 * point];
        at[2 * k + 1] = positions[2 * point + 1];
        over[k] = packed(colours[4 * point], colours[4 * point + 1], colours[4 * point + 2]);
        whole[k] = Math.round(colours[4 * point + 3] / 255 * WHOLE);
      });
    },
    draw(view, radius, ratio, ground) {
      const size = Math.min(MARGIN / 2 - 2, radius * ratio), scale = view.scale * ratio;
      prepare(size, ground);
      const right = canvas.width + 1.5 * MARGIN, bottom = canvas.height + 1.5 * MARGIN;
      const middleX = image.width / 2 - size - 0.5, middleY = image.height / 2 - size - 0.5;
      for (let k = 0; k < over.length; k++) {
        const x = (at[2 * k] - view.x) * scale + middleX;
        const y = (view.y - at[2 * k + 1]) * scale + middleY;
        if (x > 0 && y > 0 && x < right && y < bottom) stamp(x, y, over[k], whole[k]);
      }
      context.putImageData(image, -MARGIN, -MARGIN, MARGIN, MARGIN, canvas.width, canvas.height);
    },
  };
}

// Which point is near a position: points in the cells of a square grid, a few to each.
function makeGrid(positions) {
  const count = positions.length / 2, side = Math.max(1, Math.ceil(Math.sqrt(count / 3)));
  const cell = (value) => Math.min(side - 1, Math.max(0, Math.floor(value * side)));
  const home = (point) => cell(positions[2 * point + 1]) * side + cell(positions[2 * point]);
  const starts = new Uint32Array(side * side + 1), inside = new Uint32Array(count);
  for (let point = 0; point < count; point++) starts[home(point) + 1]++;
  for (let k = 0; k < side * side; k++) starts[k + 1] += starts[k];
  const next = starts.slice();
  for (let point = 0; point < count; point++) inside[next[home(point)]++] = point;

  // Calls `visit(point)` for every point of the cells that a square touches.
  function within(x, y, reach, visit) {
    for (let row = cell(y - reach); row <= cell(y + reach); row++) {
      const first = row * side;
      const end = starts[first + cell(x + reach) + 1];
      for (let k = starts[first + cell(x - reach)]; k < end; k++) visit(inside[k]);
    }
  }

  // The nearest `count` points within `reach`, nearest first.
  function nearest(x, y, reach, wanted) {
    const found = [];
    within(x, y, reach, (point) => {
      const far = Math.hypot(positions[2 * point] - x, positions[2 * point + 1] - y);
      if (far <= reach) found.push([far, point]);
    });
    return found.sort((a, b) => a[0] - b[0]).slice(0, wanted).map((pair) => pair[1]);
  }

  return { within, nearest };
}
