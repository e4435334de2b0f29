export type Child = Node | string | null;

/** An element with attributes (`true` writes an empty one, `false` none) and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | boolean>>,
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * Foreign text made safe to read (A18): without control, bidirectional and invisible characters or piled-up accents,
 * cut to `max` characters.
 */
export function clean(text: string, max: number): string {
  const characters = [
    ...text
      .slice(0, max * 8)
      .replace(/\s+/gu, " ")
      .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "")
      .replace(/(\p{M}{2})\p{M}+/gu, "$1"),
  ];
  return characters.length > max ? `${characters.slice(0, max).join("")}…` : characters.join("");
}

/** Foreign text in an element of its own direction, so that it cannot reorder what stands around it. */
export function name(text: string, max = 80): HTMLElement {
  return el("bdi", {}, clean(text, max));
}
