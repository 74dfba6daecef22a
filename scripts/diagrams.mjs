// Renders the Mermaid diagrams of the pages it is given, in the order in which they stand.
//
//     node diagrams.mjs NODE_MODULES PAGE...
//
// Prints a line a diagram; ends with 1 if one cannot be rendered, or if there is none.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, ...pages] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { JSDOM } = require("jsdom");

// A page without a layout engine: text is as wide as its letters.
const { window } = new JSDOM("<body></body>", { pretendToBeVisual: true });
for (const name of ["window", "document", "Element", "HTMLElement", "SVGElement", "Node", "DOMParser", "XMLSerializer", "getComputedStyle", "CSSStyleSheet", "MutationObserver"])
  globalThis[name] = window[name];
const width = (element) => 8 * element.textContent.length;
window.SVGElement.prototype.getBBox = function () {
  return { x: 0, y: 0, width: width(this), height: 20 };
};
window.SVGElement.prototype.getComputedTextLength = function () {
  return width(this);
};

const { default: mermaid } = await import(pathToFileURL(require.resolve("mermaid")));
mermaid.initialize({ startOnLoad: false, htmlLabels: false });

let rendered = 0;
for (const page of pages) {
  for (const [, text] of readFileSync(page, "utf8").matchAll(/^```mermaid\n(.*?)^```/gms)) {
    try {
      const { svg } = await mermaid.render(`diagram${(rendered += 1)}`, text);
      if (!svg.includes("</svg>")) throw new Error("no picture came of it");
      console.log(`${page}: ${text.split("\n")[0]} rendered`);
    } catch (error) {
      console.error(`statpipe: ${page}: this diagram does not render: ${error.message}\n${text}`);
      process.exitCode = 1;
    }
  }
}
if (!rendered) {
  console.error("statpipe: there is no diagram; is the fence still called mermaid?");
  process.exitCode = 1;
}
