import type { Flow } from "./api.ts";
import { type Child, clean, el, name } from "./dom.ts";

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
  return el("div", { class: "problem", tabindex: "-1" }, el("h2", {}, title), ...lines.map((line) => paragraph(line)));
}

export function actionButton(text: string, act: () => void): HTMLElement {
  const button = el("button", { type: "button" }, text);
  button.addEventListener("click", act);
  return button;
}

/** Says something to screen readers without moving the focus. */
export function announce(text: string): void {
  const status = document.querySelector("#status");
  if (status) status.textContent = text;
}

export function identityOf({ identity: { auth_mode: mode, id, name: given } }: Flow): HTMLElement {
  return el("span", {}, `${clean(mode, 20).replace("_", " ")} `, name(given ?? id, 64));
}

/** Where the values go, in large type, and who wants them for whom: what a person checks before typing a secret. */
export function facts(flow: Flow): HTMLElement[] {
  const { server, requested_by: by, static_header_names: others } = flow;
  const client = [by.client_name, by.client_version].filter((part) => part !== null).join(" ");
  return [
    plate(server.url_origin),
    el(
      "dl",
      {},
      ...fact("Used for", identityOf(flow)),
      ...fact(
        "Asked by",
        "a client that ",
        client ? el("span", {}, "calls itself ", name(client)) : "gave no name",
        by.address ? el("span", {}, ", from ", name(by.address, 64)) : null,
        ` at ${time(flow.requested_at)}`,
      ),
      ...(others.length > 0 ? fact("Also sent", name(others.join(", "), 300), ", set by the administrator") : []),
    ),
  ];
}

export function plate(origin: string): HTMLElement {
  // Broken after a dot when it must be, so that the end of the host, which says whose it is, stays readable.
  const [scheme = "", ...parts] = clean(origin, 300).split(/(?<=\/\/|\.)/);
  const isPlain = scheme === "http://";
  return el(
    "div",
    { class: "plate" },
    paragraph("Your values are sent to this address and nowhere else"),
    el("strong", {}, el("bdi", {}, el("span", {}, scheme), ...parts.flatMap((part) => [el("wbr", {}), part]))),
    isPlain ? paragraph("The way there is not encrypted (http).") : null,
  );
}

function fact(term: string, ...description: readonly Child[]): HTMLElement[] {
  return [el("dt", {}, term), el("dd", {}, ...description)];
}

function time(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

export function date(at: number): string {
  return new Date(at).toLocaleDateString([], { dateStyle: "long" });
}
