// The widget of a map: see htmap/notebook/widget.py for what it is told, and what it says.

// More components than that share marks.
const MOST_MARKS = 4000;

// What has been told, one of each model: every view of it shows the same.
class Told {
  constructor(model) {
    this.model = model;
    this.views = new Set();
    this.number = -1;
    this.codes = new Uint8Array();
    this.about = null;
    this.alive = false;
    this.said = "";
    this.component = null;
    this.asked = null;
    const looks = Object.entries(model.get("looks"));
    this.looks = looks.map(([status, [colour, mark, code]]) => ({ status, colour, mark, code, path: new Path2D(mark) }));
    this.urgency = model.get("urgency");
    this.hear = (content, buffers) => this.take(content, buffers);
    model.on("msg:custom", this.hear);
    // What is expanded takes turns: each builds upon the one before.
    this.last = this.picture(model.get("picture"), model.get("picture").packed);
  }

  take(content, buffers) {
    this.alive = true;
    if (content.kind === "picture") {
      this.last = this.last.then(() => this.picture(content, buffers[0]));
    } else if (content.kind === "component" && content.component === this.asked) {
      this.component = content;
      this.said = "";
    } else if (content.kind === "said") {
      this.said = content.text;
    }
    this.changed();
  }

  async picture(content, packed) {
    if (content.number <= this.number) return;
    if (content.after !== null && content.after !== this.number) {
      this.model.send({ kind: "whole" });
      return;
    }
    const changes = await expanded(packed);
    if (content.after !== null) for (let i = 0; i < changes.length; i++) changes[i] ^= this.codes[i];
    const before = this.asked === null ? -1 : this.codes[this.asked];
    this.codes = changes;
    this.number = content.number;
    this.about = content;
    if (this.asked !== null && before >= 0 && this.codes[this.asked] !== before && !content.removed) this.ask(this.asked);
    this.changed();
  }

  ask(component) {
    this.asked = component;
    this.model.send({ kind: "component", component });
    this.changed();
  }

  act(action) {
    this.model.send({ kind: "act", action });
  }

  changed() {
    for (const view of this.views) view.changed();
  }
}

async function expanded(packed) {
  const bytes = new Uint8Array(packed.buffer, packed.byteOffset, packed.byteLength);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const made = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in element && key !== "role") element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
};

const several = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;

class View {
  constructor(told, element) {
    this.told = told;
    this.id = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());
    this.element = element;
    this.frame = 0;
    this.cursor = 0;
    this.build();
    told.views.add(this);
    this.isVisible = null;
    this.isOnScreen = false;
    this.observer = new IntersectionObserver((entries) => {
      this.isOnScreen = entries.at(-1).isIntersecting;
      this.look();
    });
    // What is not shown yet has a place on the page nevertheless.
    this.observer.observe(element);
    this.resizes = new ResizeObserver(() => this.changed());
    this.resizes.observe(element);
    this.onVisibility = () => this.look();
    this.onLeave = () => this.look(false);
    document.addEventListener("visibilitychange", this.onVisibility);
    window.addEventListener("pagehide", this.onLeave);
    this.changed();
  }

  build() {
    this.tag = made("span", { className: "htmap-tag" });
    this.size = made("span");
    this.facts = made("span", { className: "htmap-facts" });
    this.note = made("div", { className: "htmap-note", role: "status" });
    this.bar = made("canvas", { className: "htmap-bar", role: "img" });
    this.marks = made("canvas", { className: "htmap-marks", role: "img", tabIndex: 0 });
    this.legend = made("div", { className: "htmap-legend" });
    this.typed = made("input", { type: "number", min: 0, step: 1, placeholder: "component", ariaLabel: "Number of a component" });
    this.buttons = Object.fromEntries(
      [["hold", "Hold"], ["release", "Release"], ["rerun", "Rerun failed"], ["remove", "Remove…"]].map(([action, words]) => [
        action,
        made("button", { type: "button", textContent: words, onclick: () => (action === "remove" ? this.question(true) : this.told.act(action)) }),
      ]),
    );
    const yes = made("button", { type: "button", textContent: "Remove for good", onclick: () => { this.question(false); this.told.act("remove"); } });
    const no = made("button", { type: "button", textContent: "Keep it", onclick: () => this.question(false) });
    this.sure = made("div", { className: "htmap-tools", role: "alertdialog", ariaLabel: "Remove the map?", hidden: true },
      made("span", { textContent: "Its jobs, inputs and results go, and cannot be had back." }), yes, no);
    this.no = no;
    this.tools = made("div", { className: "htmap-tools" }, this.typed, ...Object.values(this.buttons));
    this.said = made("div", { className: "htmap-note", role: "status" });
    this.component = made("div", { className: "htmap-component", ariaLive: "polite", hidden: true });
    this.root = made("div", { className: "htmap-map" },
      made("div", { className: "htmap-head" }, this.tag, this.size, this.facts),
      this.note, this.bar, made("div", { className: "htmap-scroll" }, this.marks), this.legend, this.tools, this.sure, this.said, this.component);
    this.root.hidden = true;
    // Keys are the widget's own, and no shortcuts of JupyterLab's.
    this.root.dataset.lmSuppressShortcuts = "true";
    this.element.append(this.root);
    this.typed.onkeydown = (event) => event.key === "Enter" && this.typed.value !== "" && this.told.ask(Number(this.typed.value));
    this.marks.onclick = (event) => this.choose(this.at(event));
    this.marks.onkeydown = (event) => this.key(event);
    this.sure.onkeydown = (event) => event.key === "Escape" && this.question(false);
  }

  question(isAsked) {
    this.sure.hidden = !isAsked;
    if (isAsked) this.no.focus();
    else this.buttons.remove.focus();
  }

  // Tell whether it is seen, where that is another than before.
  look(isVisible = this.isOnScreen && document.visibilityState === "visible") {
    const isNew = this.isVisible === null;
    if (isVisible === this.isVisible) return;
    this.isVisible = isVisible;
    try {
      this.told.model.send({ kind: "view", view: this.id, visible: isVisible, is_new: isNew });
    } catch (error) {
      console.debug("htmap: nobody hears", error);
    }
  }

  // ---- drawing --------------------------------------------------------------------------

  changed() {
    if (!this.frame) this.frame = requestAnimationFrame(() => { this.frame = 0; this.draw(); });
  }

  draw() {
    const { about, alive, looks, codes } = this.told;
    // Until the kernel has said a word, the page that the notebook keeps is what is shown.
    this.root.hidden = !alive || about === null;
    hidePage(this.told, !this.root.hidden);
    if (this.root.hidden) return;
    this.tag.textContent = about.tag;
    this.size.textContent = several(about.size, "component");
    this.facts.textContent = about.facts.join(" · ");
    this.note.textContent = about.note;
    this.note.hidden = !about.note;
    this.said.textContent = this.told.said;
    this.said.hidden = !this.told.said;
    this.typed.max = about.size - 1;
    for (const [action, button] of Object.entries(this.buttons)) button.disabled = !about.can.includes(action);
    this.tools.hidden = about.removed;
    this.sure.hidden ||= about.removed;
    this.drawLegend(about.counts);
    this.drawBar(about, looks);
    this.drawMarks(codes, looks);
    this.drawComponent(this.told.component);
  }

  drawLegend(counts) {
    const here = this.told.looks.filter(({ status }) => counts[status]);
    const shown = new Map([...this.legend.children].map((entry) => [entry.dataset.status, entry]));
    for (const [status, entry] of shown) if (!counts[status]) entry.remove();
    for (const look of here) {
      let entry = shown.get(look.status);
      if (!entry) {
        entry = made("button", { type: "button", title: `Show the next component that is ${look.status}`, onclick: () => this.next(look.code) });
        entry.dataset.status = look.status;
        entry.innerHTML = `<svg viewBox="0 0 10 10" aria-hidden="true"><path fill-rule="evenodd" d="${look.mark}" fill="${look.colour}" stroke="#777" stroke-width=".4"/></svg><span></span>`;
      }
      entry.querySelector("span").textContent = `${look.status} ${counts[look.status].toLocaleString("en")}`;
      this.legend.append(entry);
    }
  }

  drawBar(about, looks) {
    const [context, width, height] = sheet(this.bar, this.element, 14);
    let seen = 0;
    const words = [];
    for (const { status, colour } of looks) {
      const number = about.counts[status] || 0;
      if (!number) continue;
      context.fillStyle = colour;
      const left = (width * seen) / about.size;
      context.fillRect(left, 0, (width * (seen + number)) / about.size - left, height);
      seen += number;
      words.push(`${number} ${status}`);
    }
    this.bar.ariaLabel = words.join(", ");
  }

  // How many components share a mark, how wide it is with its space, and how many are in a row.
  layout() {
    const size = this.told.codes.length;
    const each = Math.ceil(size / MOST_MARKS);
    const marks = Math.ceil(size / each);
    const pitch = marks <= 60 ? 18 : marks <= 600 ? 13 : marks <= 2000 ? 10 : 8;
    const width = Math.max(this.element.clientWidth - 10, 60);
    const columns = Math.max(1, Math.floor(width / pitch));
    return { size, each, marks, pitch, columns, rows: Math.ceil(marks / columns) };
  }

  drawMarks(codes, looks) {
    const { size, each, marks, pitch, columns, rows } = this.layout();
    this.marks.ariaLabel = each === 1
      ? "A mark for each component, in their order. Arrows move, Enter shows."
      : `A mark for each ${each} components, in their order. Arrows move, Enter shows.`;
    const [context] = sheet(this.marks, this.element, rows * pitch);
    const byCode = [];
    for (const look of looks) byCode[look.code] = look;
    const inside = pitch - (pitch > 10 ? 3 : 2);
    const scale = inside / 10;
    const counts = new Uint32Array(byCode.length);
    const { ratio } = this.marks;
    for (let mark = 0; mark < marks; mark++) {
      const x = (mark % columns) * pitch + 1;
      const y = Math.floor(mark / columns) * pitch + 1;
      if (each === 1) {
        const look = byCode[codes[mark]];
        context.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * x, ratio * y);
        context.fillStyle = look.colour;
        context.fill(look.path, "evenodd");
        continue;
      }
      const end = Math.min(size, (mark + 1) * each);
      counts.fill(0);
      for (let i = mark * each; i < end; i++) counts[codes[i]]++;
      let top = y;
      for (const { code, colour } of looks) {
        if (!counts[code]) continue;
        const height = (inside * counts[code]) / (end - mark * each);
        context.fillStyle = colour;
        context.fillRect(x, top, inside, height);
        top += height;
      }
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const chosen = document.activeElement === this.marks || this.element.getRootNode().activeElement === this.marks
      ? this.cursor : this.told.asked === null ? -1 : Math.floor(this.told.asked / each);
    if (chosen >= 0 && chosen < marks) {
      context.strokeStyle = getComputedStyle(this.root).color;
      context.lineWidth = 1.5;
      context.strokeRect((chosen % columns) * pitch, Math.floor(chosen / columns) * pitch, inside + 2, inside + 2);
    }
  }

  drawComponent(component) {
    this.component.hidden = component === null;
    if (component === null || component === this.shown) return;
    this.shown = component;
    const list = made("dl");
    for (const [title, text] of component.parts)
      list.append(made("dt", { textContent: title }), made("dd", {}, made("pre", { tabIndex: 0, textContent: text })));
    this.component.replaceChildren(made("b", { textContent: `Component ${component.component}` }), ` ${component.status}`, list);
    // Not under the hands of who types.
    if (!this.typed.matches(":focus")) this.typed.value = component.component;
  }

  // ---- choosing ---------------------------------------------------------------------------

  at(event) {
    const { pitch, columns } = this.layout();
    const column = Math.floor(event.offsetX / pitch);
    return column < columns ? Math.floor(event.offsetY / pitch) * columns + column : -1;
  }

  // Show what most needs a look of the components that share a mark.
  choose(mark) {
    const { each, marks, size } = this.layout();
    if (mark < 0 || mark >= marks) return;
    this.cursor = mark;
    const { looks, urgency, codes } = this.told;
    const range = codes.subarray(mark * each, Math.min(size, (mark + 1) * each));
    const code = urgency.map((status) => looks.find((look) => look.status === status).code).find((code) => range.includes(code));
    this.told.ask(mark * each + (code === undefined ? 0 : range.indexOf(code)));
  }

  next(code) {
    const { codes, asked } = this.told;
    const found = codes.indexOf(code, asked === null ? 0 : asked + 1);
    const component = found < 0 ? codes.indexOf(code) : found;
    if (component >= 0) this.told.ask(component);
  }

  key(event) {
    const { columns, marks } = this.layout();
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    if (event.key in steps) this.cursor = Math.min(marks - 1, Math.max(0, this.cursor + steps[event.key]));
    else if (event.key === "Enter" || event.key === " ") this.choose(this.cursor);
    else return;
    // JupyterLab would move to another cell.
    event.preventDefault();
    event.stopPropagation();
    this.changed();
  }

  end() {
    this.look(false);
    this.told.views.delete(this);
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    this.resizes.disconnect();
    document.removeEventListener("visibilitychange", this.onVisibility);
    window.removeEventListener("pagehide", this.onLeave);
    if (!this.told.views.size) hidePage(this.told, false);
  }
}

// A canvas as wide as the element, as sharp as the screen.
function sheet(canvas, element, height) {
  const width = Math.max(element.clientWidth - 10, 60);
  const ratio = window.devicePixelRatio || 1;
  canvas.ratio = ratio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return [context, width, height];
}

// The page that the notebook keeps says the same; it is hidden wherever it is, and when it changes.
function hidePage(told, isHidden) {
  const id = `hide-${told.model.get("page_id")}`;
  const rule = document.getElementById(id);
  if (isHidden && !rule) document.head.append(made("style", { id, textContent: `.htmap-page:has(.${id.slice(5)}) { display: none; }` }));
  else if (!isHidden && rule) rule.remove();
}

export default () => {
  let told;
  return {
    initialize({ model }) {
      told = new Told(model);
      return () => model.off("msg:custom", told.hear);
    },
    render({ el }) {
      const view = new View(told, el);
      return () => view.end();
    },
  };
};
