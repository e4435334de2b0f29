// Control characters, bidirectional overrides and zero-width characters make one text read as another, or a label read
// as part of the page around it (abuse case A18).
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** Foreign text for a person to read: unprintable characters dropped, outer whitespace trimmed, cut to `maxLength`. */
export function toPrintable(text: string, maxLength: number): string {
  return text.replace(UNPRINTABLE, "").trim().slice(0, maxLength);
}

export function isPrintable(text: string): boolean {
  return text.search(UNPRINTABLE) === -1;
}
