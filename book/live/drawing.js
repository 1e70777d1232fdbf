/* A digit that is drawn, by mouse, finger, pen or keyboard, as MNIST has its digits: 20 x 20, centred by mass. */
"use strict";

(() => {
  const PEN = 22;
  const MOVE = 8;
  const BOX = 20;

  /* Make a canvas one to draw on; `changed` is called with what is drawn, as an image, or null where nothing is. */
  function drawing(canvas, changed) {
    const ink = canvas.ownerDocument.createElement("canvas"); // without the pen's own mark
    [ink.width, ink.height] = [canvas.width, canvas.height];
    const pens = [canvas, ink].map((one) => one.getContext("2d", { willReadFrequently: true }));
    const at = { x: canvas.width / 2, y: canvas.height / 2, down: false };

    function clear() {
      pens[1].clearRect(0, 0, ink.width, ink.height);
      at.down = false;
      show(false);
    }

    /* The ink on black; and where the pen is, for those who move it by keys. */
    function show(marked) {
      pens[0].fillStyle = "#000";
      pens[0].fillRect(0, 0, canvas.width, canvas.height);
      pens[0].drawImage(ink, 0, 0);
      if (!marked) return;
      pens[0].beginPath();
      pens[0].arc(at.x, at.y, PEN / 2, 0, 2 * Math.PI);
      pens[0].lineWidth = 2;
      pens[0].strokeStyle = at.down ? "#ffb454" : "#7fb7ff";
      pens[0].stroke();
    }

    function line(x, y) {
      Object.assign(pens[1], { lineWidth: PEN, lineCap: "round", strokeStyle: "#fff" });
      pens[1].beginPath();
      pens[1].moveTo(at.x, at.y);
      pens[1].lineTo(x, y);
      pens[1].stroke();
    }

    function place(event) {
      const box = canvas.getBoundingClientRect();
      const scale = canvas.width / box.width;
      return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    }

    function moved(x, y) {
      if (at.down) line(x, y);
      [at.x, at.y] = [x, y];
    }

    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      [at.x, at.y] = place(event);
      at.down = true;
      line(at.x, at.y);
      show(false);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!at.down || !canvas.hasPointerCapture(event.pointerId)) return;
      moved(...place(event));
      show(false);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => {
        at.down = false;
        changed(image(ink));
      });
    }

    const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    canvas.addEventListener("keydown", (event) => {
      const way = WAYS[event.key];
      if (!way && event.key !== " ") return;
      event.preventDefault(); // else the page scrolls
      if (way) {
        const within = (value) => Math.min(Math.max(value, PEN / 2), canvas.width - PEN / 2);
        moved(within(at.x + MOVE * way[0]), within(at.y + MOVE * way[1]));
      } else {
        at.down = !at.down;
        if (at.down) line(at.x, at.y);
      }
      show(true);
      if (at.down || !way) changed(image(ink));
    });
    canvas.addEventListener("blur", () => {
      at.down = false;
      show(false);
    });
    clear();
    return { clear };
  }

  /* What is drawn as 28 x 28 values in [0, 1]; null where nothing is. */
  function image(ink) {
    const { width, height } = ink;
    const levels = alpha(ink.getContext("2d"), width, height);
    const drawn = [...levels.keys()].filter((i) => levels[i]);
    if (!drawn.length) return null;
    const [xs, ys] = [drawn.map((i) => i % width), drawn.map((i) => Math.floor(i / width))];
    const least = (values) => values.reduce((one, other) => Math.min(one, other));
    const most = (values) => values.reduce((one, other) => Math.max(one, other));
    const [left, top] = [least(xs), least(ys)];
    const [wide, high] = [most(xs) - left + 1, most(ys) - top + 1];
    const scale = BOX / Math.max(wide, high);
    const box = shrunk(ink, left, top, wide, high, Math.max(1, Math.round(wide * scale)), Math.max(1, Math.round(high * scale)));
    return centred(box);
  }

  function alpha(context, width, height) {
    const data = context.getImageData(0, 0, width, height).data;
    return Float32Array.from({ length: width * height }, (_, i) => data[4 * i + 3] / 255);
  }

  /* A part of the ink, made smaller: each pixel is the mean of those that it covers. */
  function shrunk(ink, left, top, wide, high, width, height) {
    const levels = alpha(ink.getContext("2d"), ink.width, ink.height);
    const values = Float32Array.from({ length: width * height }, (_, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      const [x0, y0] = [left + Math.floor((x * wide) / width), top + Math.floor((y * high) / height)];
      const x1 = Math.max(x0 + 1, left + Math.floor(((x + 1) * wide) / width));
      const y1 = Math.max(y0 + 1, top + Math.floor(((y + 1) * high) / height));
      let sum = 0;
      for (let v = y0; v < y1; v++) for (let u = x0; u < x1; u++) sum += levels[v * ink.width + u];
      return sum / ((x1 - x0) * (y1 - y0));
    });
    return { values, width, height };
  }

  /* A small image in the middle of 28 x 28, by its centre of mass. */
  function centred({ values, width, height }) {
    const mass = values.reduce((one, other) => one + other);
    const mean = (of) => values.reduce((sum, value, i) => sum + value * of(i), 0) / mass;
    const clamp = (value, size) => Math.min(Math.max(Math.round(value), 0), Live.SIDE - size);
    const left = clamp((Live.SIDE - 1) / 2 - mean((i) => i % width), width);
    const top = clamp((Live.SIDE - 1) / 2 - mean((i) => Math.floor(i / width)), height);
    const found = new Float32Array(Live.SIDE ** 2);
    values.forEach((value, i) => {
      found[(top + Math.floor(i / width)) * Live.SIDE + left + (i % width)] = value;
    });
    return found;
  }

  Object.assign(window.Live, { drawing });
})();
