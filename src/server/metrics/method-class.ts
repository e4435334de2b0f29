/** The values of the label `method`: what a request is about. What clients name themselves never gets into it. */
export const METHOD_CLASSES = [
  "greet",
  "list",
  "call",
  "prompt",
  "read",
  "complete",
  "listen",
  "end",
  "notice",
  "other",
] as const;

type MethodClass = (typeof METHOD_CLASSES)[number];

const BY_METHOD: ReadonlyMap<string, MethodClass> = new Map([
  ["initialize", "greet"],
  ["server/discover", "greet"],
  ["ping", "greet"],
  ["tools/list", "list"],
  ["prompts/list", "list"],
  ["resources/list", "list"],
  ["resources/templates/list", "list"],
  ["tools/call", "call"],
  ["prompts/get", "prompt"],
  ["resources/read", "read"],
  ["completion/complete", "complete"],
  ["subscriptions/listen", "listen"],
]);

/** @param method null where none was read, or one that Keyward does not know */
export function methodClass(httpMethod: string, method: string | null): MethodClass {
  switch (httpMethod) {
    case "GET":
      return "listen";
    case "DELETE":
      return "end";
    default:
      return BY_METHOD.get(method ?? "") ?? "other";
  }
}
