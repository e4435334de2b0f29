// One backslash at a time: `\\+u` would try a long run of them from each of its places.
const ESCAPE = /\\u[0-9a-fA-F]{4}|[\\\t]/g;

/**
 * Takes JSON escapes out of a text, at whatever depth of nesting: `\\\u002b`, `\u002B` and `+` become the same, and so do
 * `\/` and `/`; `\t`, a tab and `t`. A backslash that escapes nothing goes too, so the result is for searching and for
 * nothing else; what is searched for has to be treated the same way.
 */
export function unescaped(text: string): string {
  return text.replaceAll(ESCAPE, characterOf);
}

/**
 * @returns says where in `text` the first `length` characters of `unescaped(text)` end, their own escapes included and the
 *   next one's not
 */
export function escapedLength(text: string): (length: number) => number {
  // By half steps, because a backslash that is gone stands between two characters.
  const places: number[] = [];
  const lost: number[] = [];
  let sum = 0;
  for (const { 0: escape, index } of text.matchAll(ESCAPE)) {
    const { length } = characterOf(escape);
    places.push(2 * (index - sum) + length);
    sum += escape.length - length;
    lost.push(sum);
  }
  return (length) => (length === 0 ? 0 : length + (lost[countAtMost(places, 2 * length - 1) - 1] ?? 0));
}

function characterOf(escape: string): string {
  if (escape === "\\") {
    return "";
  }
  const character = escape === "\t" ? escape : String.fromCharCode(Number.parseInt(escape.slice(2), 16));
  return character === "\t" ? "t" : character === "\\" ? "" : character;
}

/** How many numbers of an ascending list are at most `limit`. */
function countAtMost(sorted: readonly number[], limit: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= limit) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
