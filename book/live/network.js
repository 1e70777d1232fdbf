/* A network in plain JavaScript: logits, and the gradient of its loss with respect to the image.

   The arithmetic is PyTorch's: numbers are float32, and only sums are kept in float64 until they are done. A layer is
   an object {kind, ...}: "conv" (weight, bias, shape [out, in, height, width], stride, padding), "relu",
   "dense" (weight, bias, shape [out, in]). An image is a Float32Array of 28 x 28 values in [0, 1]. */
"use strict";

window.Live = window.Live || {};

(() => {
  const SIDE = 28;

  /* Bytes of a base64 text. */
  function bytes(text) {
    const letters = atob(text);
    const found = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i++) found[i] = letters.charCodeAt(i);
    return found;
  }

  /* Little-endian float32 of a base64 text; every machine that runs a browser keeps them so. */
  const floats = (text) => new Float32Array(bytes(text).buffer);

  /* A network as it is staged, ready to compute: texts become numbers, and sizes follow from one layer to the next. */
  function build(staged) {
    let [maps, height, width] = [1, SIDE, SIDE];
    return staged.map((layer) => {
      if (layer.kind === "relu") return layer;
      const ready = { ...layer, weight: floats(layer.weight), bias: floats(layer.bias) };
      if (layer.kind === "conv") {
        const [out, , kernelHeight, kernelWidth] = layer.shape;
        const { stride, padding } = layer;
        ready.from = [maps, height, width];
        height = Math.floor((height + 2 * padding - kernelHeight) / stride) + 1;
        width = Math.floor((width + 2 * padding - kernelWidth) / stride) + 1;
        maps = out;
        ready.to = [maps, height, width];
      }
      return ready;
    });
  }

  /* Call `each` for every weight of a convolution, with where its use begins in the padded input and in the output. It
     goes on over rows and columns of the output; in the input, which is `wide`, by strides. */
  function everywhere(layer, each) {
    const [out, maps, kernelHeight, kernelWidth] = layer.shape;
    const [, height, width] = layer.from;
    const [, rows, columns] = layer.to;
    const { stride, padding } = layer;
    const [high, wide] = [height + 2 * padding, width + 2 * padding];
    let at = 0;
    for (let o = 0; o < out; o++) {
      for (let m = 0; m < maps; m++) {
        for (let ky = 0; ky < kernelHeight; ky++) {
          for (let kx = 0; kx < kernelWidth; kx++) {
            each(layer.weight[at++], (m * high + ky) * wide + kx, o * rows * columns, rows, columns, stride, wide);
          }
        }
      }
    }
  }

  function padded(x, layer) {
    const [maps, height, width] = layer.from;
    const [high, wide] = [height + 2 * layer.padding, width + 2 * layer.padding];
    const found = new Float32Array(maps * high * wide);
    for (let m = 0; m < maps; m++) {
      for (let y = 0; y < height; y++) {
        const row = x.subarray((m * height + y) * width, (m * height + y + 1) * width);
        found.set(row, (m * high + y + layer.padding) * wide + layer.padding);
      }
    }
    return found;
  }

  function conv(x, layer) {
    const wideX = padded(x, layer);
    const area = layer.to[1] * layer.to[2];
    const sums = Float64Array.from({ length: layer.to[0] * area }, (_, i) => layer.bias[Math.floor(i / area)]);
    everywhere(layer, (weight, from, to, rows, columns, stride, wide) => {
      for (let y = 0; y < rows; y++) {
        const start = from + y * stride * wide;
        for (let i = 0; i < columns; i++) sums[to + y * columns + i] += weight * wideX[start + i * stride];
      }
    });
    return Float32Array.from(sums);
  }

  function convBack(gradient, layer) {
    const [maps, height, width] = layer.from;
    const [high, wideAll] = [height + 2 * layer.padding, width + 2 * layer.padding];
    const sums = new Float64Array(maps * high * wideAll);
    everywhere(layer, (weight, from, to, rows, columns, stride, wide) => {
      for (let y = 0; y < rows; y++) {
        const start = from + y * stride * wide;
        for (let i = 0; i < columns; i++) sums[start + i * stride] += weight * gradient[to + y * columns + i];
      }
    });
    const found = new Float32Array(maps * height * width);
    for (let m = 0; m < maps; m++) {
      for (let y = 0; y < height; y++) {
        const start = (m * high + y + layer.padding) * wideAll + layer.padding;
        for (let i = 0; i < width; i++) found[(m * height + y) * width + i] = sums[start + i];
      }
    }
    return found;
  }

  function dense(x, layer) {
    const [out, inputs] = layer.shape;
    const found = new Float32Array(out);
    for (let o = 0; o < out; o++) {
      let sum = layer.bias[o];
      for (let i = 0; i < inputs; i++) sum += layer.weight[o * inputs + i] * x[i];
      found[o] = sum;
    }
    return found;
  }

  function denseBack(gradient, layer) {
    const [out, inputs] = layer.shape;
    const sums = new Float64Array(inputs);
    for (let o = 0; o < out; o++) {
      for (let i = 0; i < inputs; i++) sums[i] += layer.weight[o * inputs + i] * gradient[o];
    }
    return Float32Array.from(sums);
  }

  const FORWARD = { conv, dense, relu: (x) => x.map((value) => Math.max(value, 0)) };

  /* The input of every layer, and last the logits. */
  function through(network, x) {
    const values = [x];
    for (const layer of network) values.push(FORWARD[layer.kind](values[values.length - 1], layer));
    return values;
  }

  function logits(network, x) {
    const values = through(network, x);
    return values[values.length - 1];
  }

  /* The probabilities of the classes. */
  function softmax(scores) {
    const top = Math.max(...scores);
    const parts = Array.from(scores, (score) => Math.exp(score - top));
    const sum = parts.reduce((one, other) => one + other);
    return parts.map((part) => part / sum);
  }

  /* The gradient of the cross-entropy of class `label` with respect to the image. */
  function gradient(network, x, label) {
    const values = through(network, x);
    const likely = softmax(values[values.length - 1]);
    // In float32 a class that is certain leaves exactly nothing, and an attack stands still: so it does here.
    let found = Float32Array.from(likely, (p, k) => Math.fround(p) - (k === label ? 1 : 0));
    for (let at = network.length - 1; at >= 0; at--) {
      const layer = network[at];
      if (layer.kind === "relu") found = found.map((value, i) => (values[at + 1][i] > 0 ? value : 0));
      else found = layer.kind === "conv" ? convBack(found, layer) : denseBack(found, layer);
    }
    return found;
  }

  Object.assign(window.Live, { SIDE, bytes, build, logits, softmax, gradient });
})();
