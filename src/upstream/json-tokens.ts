const NUMBER = /-?\d[\d.eE+-]*/g;
/** Characters; between two strings there is mostly a comma or a colon. */
const LONG_NUMBER = 8;

/**
 * Changes the strings and long numbers of a JSON text and leaves every other byte as it is: duplicate keys, digits beyond 2^53 and
 * spaces, all of which a parser would lose.
 *
 * @param change gets a token as it is written, quotes included, and returns what to write instead
 */
export function mapJsonTokens(text: string, change: (token: string) => string): string {
  let changed = "";
  let from = 0;
  while (from < text.length) {
    const start = text.indexOf('"', from);
    if (start === -1) break;
    const end = endOfString(text, start + 1);
    changed += mapNumbers(text.slice(from, start), change) + change(text.slice(start, end));
    from = end;
  }
  return changed + mapNumbers(text.slice(from), change);
}

function mapNumbers(between: string, change: (token: string) => string): string {
  return between.length < LONG_NUMBER ? between : between.replaceAll(NUMBER, change);
}

/** What a string token says, and a number as it is written. */
export function decoded(token: string): string {
  if (!token.startsWith('"')) {
    return token;
  }
  try {
    return String(JSON.parse(token));
  } catch {
    // No JSON, so whoever parses the message will refuse it.
    return token;
  }
}

function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start);
  while (quote !== -1 && isEscaped(text, quote)) {
    quote = text.indexOf('"', quote + 1);
  }
  return quote === -1 ? text.length : quote + 1;
}

function isEscaped(text: string, at: number): boolean {
  let before = at;
  while (text[before - 1] === "\\") before -= 1;
  return (at - before) % 2 === 1;
}
