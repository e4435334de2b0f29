import { type Child, clean, el } from "./dom.ts";

const main = document.querySelector("main") as HTMLElement;
let views = 0;

/**
 * Replaces the page by a heading and what follows, and moves the focus to the heading.
 * @returns whether this is still what is shown: what was awaited meanwhile may come too late
 */
export function show(title: Child, ...children: readonly Child[]): () => boolean {
  views += 1;
  const mine = views;
  const heading = el("h1", { tabindex: "-1" }, title);
  main.replaceChildren(heading, ...children.filter((child) => child !== null));
  document.title = `${heading.textContent} - Keyward`;
  announce("");
  heading.focus();
  return () => mine === views;
}

export function paragraph(...children: readonly Child[]): HTMLElement {
  return el("p", {}, ...children);
}

/** What went wrong with the last try, above a form. */
export function problemBox(title: string, ...lines: readonly string[]): HTMLElement {
  const paragraphs = lines.map((line) => paragraph(clean(line, 500)));
  return el("div", { class: "problem", tabindex: "-1" }, el("h2", {}, title), ...paragraphs);
}

export function actionButton(text: string, act: () => void, kind = ""): HTMLElement {
  const button = el("button", { type: "button", class: kind }, text);
  button.addEventListener("click", act);
  return button;
}

/** Says something to screen readers without moving the focus. */
export function announce(text: string): void {
  const status = document.querySelector("#status");
  if (status) status.textContent = text;
}
