addEventListener("load", () => {
  // Whatever scrolls sideways can also be scrolled with the keyboard.
  for (const box of document.querySelectorAll(".md-typeset__scrollwrap, pre > code")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  }
  // A screen reader lists the bars beside code blocks: each has its own name.
  document.querySelectorAll("nav.md-code__nav").forEach((bar, index) => {
    bar.ariaLabel = `Code block ${index + 1}`;
  });
});
