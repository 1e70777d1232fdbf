/* What both forms of the live attack share: the networks and images of the run, and how a result is drawn. */
"use strict";

(() => {
  const CLASSES = [...Array(10).keys()];

  const networks = LIVE.networks.map((one) => ({ ...one, layers: Live.build(one.layers) }));
  const images = LIVE.images.map((text) => Float32Array.from(Live.bytes(text), (level) => Math.fround(level / 255)));

  const best = (scores) => scores.indexOf(Math.max(...scores));
  const percent = (share) => `${(100 * share).toFixed(share > 0.999 || share < 0.001 ? 0 : 1)} %`;

  /* The number of the image to begin with: the first network is more sure of one half of them, and less of the other. */
  function middle() {
    const sure = images.map((image) => Math.max(...Live.softmax(Live.logits(networks[0].layers, image))));
    return [...sure.keys()].sort((one, other) => sure[one] - sure[other])[Math.floor(images.length / 2)];
  }

  function paint(canvas, values) {
    const pixels = new ImageData(Live.SIDE, Live.SIDE);
    values.forEach((value, i) => pixels.data.set([...Array(3).fill(Math.round(255 * value)), 255], 4 * i));
    canvas.getContext("2d").putImageData(pixels, 0, 0);
  }

  function row(name, ...cells) {
    const found = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    found.append(head, ...cells);
    return found;
  }

  /* A cell with a share as a number and as a bar. */
  function bar(share) {
    const cell = document.createElement("td");
    cell.style.setProperty("--share", share);
    cell.textContent = percent(share);
    return cell;
  }

  Object.assign(window.Live, { CLASSES, networks, images, best, percent, middle, paint, row, bar });
})();
