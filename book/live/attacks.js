/* The attacks of lib.attack, step for step, in float32 as there: the same image gives the same attacked image. */
"use strict";

(() => {
  const f = Math.fround;
  const STEPS = 40;

  /* Noise in [0, 1) that the image and the seed decide: `lib.attack.noise.noise`. */
  function noise(x, seed = 0) {
    const bits = new Uint32Array(Float32Array.from(x).buffer);
    let key = 0n;
    bits.forEach((value, pixel) => {
      key += BigInt(value) * scramble(BigInt(pixel + 1));
    });
    const start = scramble(key + BigInt(seed) * 0x632be5abn);
    return Float32Array.from(bits, (_, pixel) => Number(scramble(start + BigInt(pixel)) >> 40n) / 2 ** 24);
  }

  /* SplitMix64's finaliser, in 64 bits that wrap around. */
  function scramble(value) {
    value = BigInt.asUintN(64, value * 0x9e3779b97f4a7c15n);
    value = BigInt.asUintN(64, (value ^ (value >> 30n)) * 0xbf58476d1ce4e5b9n);
    value = BigInt.asUintN(64, (value ^ (value >> 27n)) * 0x94d049bb133111ebn);
    return value ^ (value >> 31n);
  }

  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  /* An image moved back into the eps ball around x and into [0, 1]. */
  function within(moved, x, eps) {
    return moved.map((value, i) => clamp(clamp(value, f(x[i] - f(eps)), f(x[i] + f(eps))), 0, 1));
  }

  /* One step along the sign of the gradient: up the loss of class `label`, or down that of a class that is wanted. */
  function step(network, x, { label, target }, size) {
    const towards = target !== null;
    const slope = Live.gradient(network, x, towards ? target : label);
    const length = f(towards ? -size : size);
    return x.map((value, i) => f(value + f(length * Math.sign(slope[i]))));
  }

  /* Each attack yields the image after each of its steps; the last one is the attacked image. */
  const ATTACKS = {
    *fgsm(network, x, { eps, ...aim }) {
      yield step(network, x, aim, eps).map((value) => clamp(value, 0, 1));
    },
    *pgd(network, x, { eps, ...aim }) {
      let moved = within(noise(x).map((value, i) => f(x[i] + f(f(eps) * f(2 * value - 1)))), x, eps);
      for (let number = 0; number < STEPS; number++) {
        moved = within(step(network, moved, aim, (2.5 * eps) / STEPS), x, eps);
        yield moved;
      }
    },
    *signs(network, x, { eps }) {
      yield noise(x).map((value, i) => clamp(f(x[i] + f(f(eps) * Math.sign(f(value - 0.5)))), 0, 1));
    },
  };

  Object.assign(window.Live, { ATTACKS, noise });
})();
