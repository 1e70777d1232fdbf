/* The live attack on the front page: one digit, FGSM, and two networks that are shown the same image.

   The weights are larger than the page, so they are loaded when a reader comes near. */
"use strict";

(() => {
  const WAIT_MS = 30; // after the last change, before anything is computed
  const NEAR = "300px";

  const get = (name) => document.getElementById(`live-${name}`);
  const root = get("attack");
  let pending = 0;

  /* Load scripts one after the other, and then begin. */
  function load() {
    const wanted = root.dataset.scripts.split(" ").map((source) => {
      const script = document.createElement("script");
      script.async = false; // each needs those before it
      script.src = source;
      script.addEventListener("error", () => {
        get("verdict").textContent = "The networks could not be loaded.";
      });
      return script;
    });
    wanted[wanted.length - 1].addEventListener("load", begin);
    document.head.append(...wanted);
  }

  function begin() {
    if (!window.LIVE || LIVE.networks.length < 2) return; // one of the scripts is missing, which is said
    const chosen = Live.middle();
    const [image, label] = [Live.images[chosen], LIVE.labels[chosen]];
    const heads = ["class", ...Live.networks.map((one) => one.name)].map((name) => {
      const head = document.createElement("th");
      head.scope = "col";
      head.textContent = name;
      return head;
    });
    get("head").replaceChildren(...heads);
    get("source").append(...Live.networks.map(({ name }, value) => choice(`the ${name} network`, value)));
    get("eps").value = LIVE.eps;
    const changed = () => {
      get("eps-value").textContent = Number(get("eps").value).toFixed(2);
      Live.busy = true;
      clearTimeout(pending);
      pending = setTimeout(() => show(image, label), WAIT_MS);
    };
    for (const name of ["eps", "source"]) get(name).addEventListener("input", changed);
    changed();
  }

  function choice(name, value) {
    const found = document.createElement("label");
    const button = document.createElement("input");
    Object.assign(button, { type: "radio", name: "live-source", value, checked: value === 0 });
    found.append(button, ` ${name}`);
    return found;
  }

  function show(image, label) {
    const eps = Number(get("eps").value);
    const source = Live.networks[Number(root.querySelector("[name=live-source]:checked").value)];
    const [attacked] = Live.ATTACKS.fgsm(source.layers, image, { eps, label, target: null });
    const likely = Live.networks.map((one) => Live.softmax(Live.logits(one.layers, attacked)));
    Live.paint(get("after"), attacked);
    get("after").setAttribute("aria-label", eps ? `an attacked image of a ${label}` : `a test image of a ${label}`);
    get("verdict").textContent = verdict(label, eps, source, likely);
    const shares = (one) => likely.map((each) => Live.bar(each[one]));
    get("bars").replaceChildren(...Live.CLASSES.map((one) => Live.row(String(one), ...shares(one))));
    Object.assign(Live, { busy: false, shown: { eps, label, source: source.name, image, attacked, likely } });
  }

  function verdict(label, eps, source, likely) {
    const said = Live.networks.map(({ name }, number) => {
      const class_ = Live.best(likely[number]);
      return `The ${name} network says ${class_}${class_ === label ? "" : ", and is wrong"}.`;
    });
    const made = eps ? `attacked through the ${source.name} network` : "not changed at all";
    return `A ${label}, ${made}. ${said.join(" ")}`;
  }

  root.hidden = false;
  const observer = new IntersectionObserver((seen) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    observer.disconnect();
    load();
  }, { rootMargin: NEAR });
  observer.observe(root);
})();
