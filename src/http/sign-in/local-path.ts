// One slash, then visible ASCII without a backslash: `//host` and `/\host` name another host to a browser, and it
// leaves tabs and line ends out before it looks (WHATWG URL, section 4.4).
const LOCAL_PATH = /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,499}$/;

/** @returns the path when it leads to a page of this gateway wherever it is followed; else null */
export function localPath(text: string | undefined): string | null {
  return text !== undefined && LOCAL_PATH.test(text) ? text : null;
}
