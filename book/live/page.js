/* The page: what the reader chooses goes to an attack, and what comes of it is shown. */
"use strict";

(() => {
  const WAIT_MS = 120; // after the last change, before anything is computed
  const SLICE_MS = 20; // of computing at a time, after which the browser has its turn
  const AWAY = "any other class";
  const { CLASSES, networks, images, best, percent, paint, row, bar } = Live;

  const get = (name) => document.getElementById(`live-${name}`);
  const first = Live.middle();
  const state = {};
  let pending = 0;
  let turn = 0;

  // What there is to choose from

  function fill(select, names) {
    select.replaceChildren(...names.map((name, value) => new Option(name, value)));
  }

  function prepare() {
    fill(get("label"), CLASSES);
    fill(get("target"), [AWAY, ...CLASSES.map((one) => `a ${one}`)]);
    fill(get("source"), ["that network itself: fresh", ...networks.map((one) => one.name)]);
    fill(get("victim"), networks.map((one) => one.name));
    get("eps").value = LIVE.eps;
    const buttons = images.map((image, number) => {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-label", `test image of a ${LIVE.labels[number]}`);
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [Live.SIDE, Live.SIDE];
      paint(canvas, image);
      button.append(canvas);
      button.addEventListener("click", () => take(number));
      return button;
    });
    document.querySelector(".live-digits").replaceChildren(...buttons);
    const pad = Live.drawing(get("draw"), drawn);
    get("clear").addEventListener("click", () => {
      pad.clear();
      if (state.drawn) take(first);
    });
    for (const name of ["label", "kind", "target", "eps", "source", "victim"]) {
      get(name).addEventListener("input", changed);
    }
    take(first);
    document.getElementById("live-attack").hidden = false;
  }

  /* Take a test image. */
  function take(number) {
    Object.assign(state, { image: images[number], drawn: false });
    get("label").value = LIVE.labels[number];
    mark(number);
    changed();
  }

  /* Take what is drawn; nobody knows what it is meant to be, so the label is what the first network says. */
  function drawn(image) {
    if (!image) return;
    Object.assign(state, { image, drawn: true });
    get("label").value = best(Live.softmax(Live.logits(networks[0].layers, image)));
    mark(-1);
    changed();
  }

  function mark(number) {
    document.querySelectorAll(".live-digits button").forEach((button, i) => {
      button.setAttribute("aria-pressed", String(i === number));
    });
  }

  function changed() {
    const eps = Number(get("eps").value);
    get("eps-value").textContent = eps.toFixed(2);
    get("eps-units").textContent = `${(255 * eps).toFixed(1)} of 255 grey levels, ${(eps / LIVE.std).toFixed(2)} in normalised units`;
    get("target").disabled = get("kind").value === "signs";
    turn++; // whatever is being computed is of no use any more
    Live.busy = true;
    clearTimeout(pending);
    pending = setTimeout(compute, WAIT_MS);
  }

  // Computing, a slice at a time

  function asked() {
    const number = (name) => Number(get(name).value);
    const victim = networks[number("victim")];
    const source = number("source") ? networks[number("source") - 1] : victim;
    const aimed = get("kind").value !== "signs" && number("target") > 0;
    const target = aimed ? number("target") - 1 : null;
    return { victim, source, kind: get("kind").value, eps: number("eps"), label: number("label"), target, ...state };
  }

  function compute() {
    const mine = turn;
    const wanted = asked();
    const steps = Live.ATTACKS[wanted.kind](wanted.source.layers, wanted.image, wanted);
    let attacked = wanted.image;
    const slice = () => {
      if (mine !== turn) return;
      const until = performance.now() + SLICE_MS;
      while (performance.now() < until) {
        const next = steps.next();
        if (next.done) {
          show(wanted, attacked);
          return;
        }
        attacked = next.value;
      }
      setTimeout(slice);
    };
    slice();
  }

  // What is shown

  function show(wanted, attacked) {
    const before = Live.softmax(Live.logits(wanted.victim.layers, wanted.image));
    const after = Live.softmax(Live.logits(wanted.victim.layers, attacked));
    get("verdict").textContent = verdict(wanted, before, after);
    pictures(wanted, attacked, best(before), best(after));
    get("bars").replaceChildren(...CLASSES.map((one) => row(String(one), bar(before[one]), bar(after[one]))));
    get("others").replaceChildren(...networks.map((network) => other(network, wanted, attacked)));
    get("digest").textContent = wanted.victim.digest;
    Object.assign(Live, { busy: false, shown: { ...wanted, attacked, before, after } });
  }

  function verdict({ victim, source, label, target, kind }, before, after) {
    const [then, now] = [best(before), best(after)];
    const said = `The ${victim.name} network says ${then} (${percent(before[then])}) of the image, and ${now} `
      + `(${percent(after[now])}) of the attacked one. `;
    const how = kind === "signs" || source === victim ? "" : `It was made for another network (${source.name}), not this one. `;
    if (then !== label) return `${said}${how}It was wrong without an attack.`;
    if (now === label) return `${said}${how}It is not fooled.`;
    return `${said}${how}It is fooled${now === target ? ", into the class that was wanted" : ""}.`;
  }

  function pictures({ image, eps, label, drawn }, attacked, then, now) {
    const scale = eps ? 0.5 / eps : 0;
    const from = drawn ? "the drawn digit" : `a test image of a ${label}`;
    const shown = {
      before: [image, `${from}, which the network takes for a ${then}`],
      change: [attacked.map((value, i) => 0.5 + scale * (value - image[i])), "the change of each pixel: grey is none"],
      after: [attacked, `the attacked image, which the network takes for a ${now}`],
    };
    for (const [name, [values, words]] of Object.entries(shown)) {
      paint(get(name), values);
      get(name).setAttribute("aria-label", words);
    }
    get("change-caption").textContent = eps ? `the change, × ${(0.5 / eps).toFixed(1)}` : "no change";
  }

  function other(network, { source, label, kind, image }, attacked) {
    const likely = Live.softmax(Live.logits(network.layers, attacked));
    const wasRight = best(Live.logits(network.layers, image)) === label;
    const says = document.createElement("td");
    says.textContent = String(best(likely)) + (best(likely) === label ? "" : wasRight ? ", fooled" : ", wrong anyway");
    const made = kind !== "signs" && network === source ? ", which it is made for" : "";
    return row(network.name + made, says, bar(likely[best(likely)]));
  }

  prepare();
})();
