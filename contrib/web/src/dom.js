// As much of a document as drawing an SVG takes, where there is no browser: elements, attributes, texts, and their markup.
const HTML = "http://www.w3.org/1999/xhtml";
const ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"};

export const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => ESCAPES[c]);

/** Styles that are set one by one become the attribute `style`. */
class Style {
  constructor() {
    this.rules = [];
  }
  setProperty(name, value) {
    this.rules = this.rules.filter((rule) => rule[0] !== name);
    if (value !== null && value !== undefined && value !== "") this.rules.push([name, String(value)]);
  }
  removeProperty(name) {
    this.setProperty(name, null);
  }
}
for (const name of ["background", "color", "fontFamily", "fontSize", "fontVariant", "overflow", "maxWidth"])
  Object.defineProperty(Style.prototype, name, {
    set(value) {
      this.setProperty(name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`), value);
    },
  });

class Text {
  constructor(text) {
    this.data = String(text);
  }
  get markup() {
    return escaped(this.data);
  }
}

class Element {
  constructor(document, namespace, name) {
    Object.assign(this, {ownerDocument: document, namespaceURI: namespace, tagName: name, nodeName: name, attributes: [], children: [],
      parentNode: null, style: new Style()});
  }
  get childNodes() {
    return this.children;
  }
  get firstChild() {
    return this.children.length > 0 ? this.children[0] : null;
  }
  get nextSibling() {
    const all = this.parentNode ? this.parentNode.children : [];
    return all[all.indexOf(this) + 1] ?? null;
  }
  setAttribute(name, value) {
    this.removeAttribute(name);
    this.attributes.push([name, String(value)]);
  }
  setAttributeNS(_, name, value) {
    this.setAttribute(name, value);
  }
  getAttribute(name) {
    const found = this.attributes.find((a) => a[0] === name);
    return found ? found[1] : null;
  }
  getAttributeNS(_, name) {
    return this.getAttribute(name);
  }
  hasAttribute(name) {
    return this.getAttribute(name) !== null;
  }
  removeAttribute(name) {
    this.attributes = this.attributes.filter((a) => a[0] !== name);
  }
  insertBefore(child, before) {
    if (child.parentNode) child.parentNode.removeChild(child);
    const at = before ? this.children.indexOf(before) : -1;
    this.children.splice(at < 0 ? this.children.length : at, 0, child);
    child.parentNode = this;
    return child;
  }
  appendChild(child) {
    return this.insertBefore(child, null);
  }
  removeChild(child) {
    this.children = this.children.filter((c) => c !== child);
    child.parentNode = null;
    return child;
  }
  append(...all) {
    for (const one of all) this.appendChild(typeof one === "object" ? one : new Text(one));
  }
  remove() {
    if (this.parentNode) this.parentNode.removeChild(this);
  }
  set textContent(text) {
    this.children = text === null || text === "" ? [] : [new Text(text)];
  }
  get textContent() {
    return this.children.map((c) => (c instanceof Text ? c.data : c.textContent)).join("");
  }
  addEventListener() {}
  removeEventListener() {}
  dispatchEvent() {
    return true;
  }
  querySelector() {
    return null;
  }
  querySelectorAll() {
    return [];
  }
  get markup() {
    const style = this.style.rules.map(([name, value]) => `${name}: ${value}`).join("; ");
    const all = style === "" ? this.attributes : [...this.attributes, ["style", style]];
    const attributes = all.map(([name, value]) => ` ${name}="${escaped(value)}"`).join("");
    // A style sheet is no text to be escaped.
    const inside = this.children.map((c) => (this.tagName === "style" && c instanceof Text ? c.data : c.markup)).join("");
    return inside === "" ? `<${this.tagName}${attributes}/>` : `<${this.tagName}${attributes}>${inside}</${this.tagName}>`;
  }
}

class Document {
  constructor() {
    this.documentElement = new Element(this, HTML, "html");
    this.body = this.documentElement;
    this.defaultView = null;
  }
  createElementNS(namespace, name) {
    return new Element(this, namespace, name);
  }
  createElement(name) {
    return new Element(this, HTML, name);
  }
  createTextNode(text) {
    return new Text(text);
  }
  querySelector() {
    return null;
  }
}

export const make_document = () => new Document();
