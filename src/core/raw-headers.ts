/**
 * The values of one header, each line of it by itself. Node's own way to see doubled headers first builds an object of
 * all headers, which is dear where each request is looked at.
 *
 * @param rawHeaders names and values in turn, as `node:http` read them
 * @param name in lower case
 */
export function headerLines(rawHeaders: readonly string[], name: string): readonly string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const candidate = rawHeaders[i] ?? "";
    if (candidate.length === name.length && (candidate === name || candidate.toLowerCase() === name)) {
      values.push(rawHeaders[i + 1] ?? "");
    }
  }
  return values;
}
